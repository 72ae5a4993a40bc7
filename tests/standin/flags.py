"""Read command lines as juju does (juju/gnuflag): long and short options, `--x=v` or `--x v`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .complaint import UsageError

# How Go's strconv.ParseBool spells the two.
_TRUE = ('1', 't', 'T', 'true', 'TRUE', 'True')
_FALSE = ('0', 'f', 'F', 'false', 'FALSE', 'False')
_ALIASES = {'m': 'model', 'c': 'controller', 'o': 'output'}


@dataclass(frozen=True)
class Options:
    """What a sub-command takes.

    Attributes:
        texts: options that have a value.
        switches: options that are there or not, or have `=true` or `=false`.
        interspersed: options may follow arguments; else the first argument ends them.
    """

    texts: frozenset[str]
    switches: frozenset[str]
    interspersed: bool = True


@dataclass(frozen=True)
class Parsed:
    """A command line that was understood."""

    texts: dict[str, str] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


def parse(words: Sequence[str], options: Options) -> Parsed:
    """Return what the words after the sub-command mean.

    Raises:
        UsageError: an option that is not known, lacks its value, or has a wrong one.
    """
    texts: dict[str, str] = {}
    switches: dict[str, bool] = {}
    arguments: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == '--':
            arguments += rest
            break
        if not word.startswith('-') or word == '-':
            arguments.append(word)
            if not options.interspersed:
                # Whatever follows is not juju's, a literal `--` included.
                arguments += rest
                break
            continue
        name, given = _split(word)
        if name in options.switches:
            switches[name] = _truth(word, given)
        elif name in options.texts:
            if given is None and not rest:
                raise UsageError(f'option needs an argument: {word}')
            texts[name] = rest.pop(0) if given is None else given
        else:
            raise UsageError(f'option provided but not defined: {word.split("=")[0]}')
    return Parsed(texts, switches, tuple(arguments))


def _split(word: str) -> tuple[str, str | None]:
    """Return an option's full name and the value that sticks to it, if one does."""
    if word.startswith('--'):
        name, equals, value = word[2:].partition('=')
        return name, value if equals else None
    return _ALIASES.get(word[1], word[1]), word[2:] or None


def _truth(word: str, given: str | None) -> bool:
    if given is None or given in _TRUE:
        return True
    if given in _FALSE:
        return False
    name = word.split('=')[0]
    raise UsageError(
        f'invalid value "{given}" for option {name}: '
        f'strconv.ParseBool: parsing "{given}": invalid syntax'
    )

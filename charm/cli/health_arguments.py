"""What the command line of `hooks/health` asks for, read at once where it is plain.

What reads any command line, and says what is wrong with it, takes as long to load as the checks
themselves.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.hints import Any, Dict, Optional, Sequence, Tuple
from ..kernel.paths import HERE
from ..kernel.pattern import pattern

# The options of one value, the field that holds it, and what makes it of the word.
_VALUES = {
    '--unit': ('unit', str),
    '--definitions': ('definitions', Path),
    '--callbacks': ('callbacks', Path),
}
_NUMBER = pattern('[1-9][0-9]{0,8}')
_FLAGS = {'--list': 'list', '--pretty': 'pretty'}


@dataclass(frozen=True)
class Arguments:
    """What is asked for.

    Attributes:
        unit: for whom to report; empty for the one we are in.
        checks: the names of those to run; empty for all.
        list: whether to print the names of the checks instead.
        validate: whether to print what cannot be used instead.
        pretty: whether it is for people.
        deadline_seconds: by when to end.
        definitions, callbacks: the directories of both.
    """

    unit: str = ''
    checks: Tuple[str, ...] = ()
    list: bool = False
    validate: bool = False
    pretty: bool = False
    deadline_seconds: float = 25.0
    definitions: Path = HERE.checks
    callbacks: Path = HERE.callbacks


def plain(words: Sequence[str]) -> Optional[Arguments]:
    """Return what the words ask for; `None` if they are not plain, which is not to say wrong."""
    given: Dict[str, Any] = {}
    checks: Tuple[str, ...] = ()
    rest = iter(words)
    for word in rest:
        if word in _FLAGS:
            given[_FLAGS[word]] = True
            continue
        value = next(rest, '')
        # What begins with a dash may be an option, and what is empty may be meant so.
        if not value or value.startswith('-'):
            return None
        if word in _VALUES:
            name, made = _VALUES[word]
            given[name] = made(value)
        elif word == '--check':
            checks += (value,)
        elif word == '--deadline' and _NUMBER.fullmatch(value):
            given['deadline_seconds'] = float(value)
        else:
            return None
    return Arguments(checks=checks, **given)

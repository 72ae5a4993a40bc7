"""A regular expression as the places between which its matcher goes, one character a step."""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

_NEW = sys.version_info >= (3, 11)
_parser: Any = importlib.import_module('re._parser' if _NEW else 'sre_parse')
_compiler: Any = importlib.import_module('re._compiler' if _NEW else 'sre_compile')

# Characters that stand for the rest of Unicode: letters and digits beyond ASCII, line ends, marks.
_OTHERS = 'éßſı²٣\x85\u2028\ufffe\U0001f600'
_BEFORE_AND_AFTER = (-1, 0, 1)
_SURROGATES = range(0xD800, 0xE000)


class Characters:
    """An alphabet in which every character class of a pattern shows, and its sets as bits."""

    def __init__(self, pattern: re.Pattern[str] | re.Pattern[bytes]):
        self._bytes = isinstance(pattern.pattern, bytes)
        last = 0xFF if self._bytes else sys.maxunicode
        near = {code + by for code in _codes(_parsed(pattern)) for by in _BEFORE_AND_AFTER}
        codes = {*range(0x80), *near, *(() if self._bytes else map(ord, _OTHERS))}
        self.all = sorted(code for code in codes if 0 <= code <= last and code not in _SURROGATES)
        # Readable ones first, for `one_of`.
        self.all.sort(key=lambda code: not (0x20 < code < 0x7F))
        self._masks: dict[tuple[str, int], int] = {}

    def mask(self, item: Any, tree: Any, flags: int) -> int:
        """Return which characters an item of the parsed pattern matches, as Python sees it."""
        key = (repr(item), flags)
        if key not in self._masks:
            state = _parser.State()
            state.flags = flags & ~re.DEBUG
            state.str = tree.state.str
            one = _compiler.compile(_parser.SubPattern(state, [item]), flags)
            self._masks[key] = sum(
                1 << bit for bit, code in enumerate(self.all) if one.fullmatch(self._text(code))
            )
        return self._masks[key]

    def _text(self, code: int) -> str | bytes:
        return bytes([code]) if self._bytes else chr(code)

    def one_of(self, mask: int) -> str:
        """Return the most readable character of a set; for bytes as Latin-1."""
        return chr(self.all[(mask & -mask).bit_length() - 1])

    @property
    def everything(self) -> int:
        return (1 << len(self.all)) - 1


def _codes(tree: Any) -> Iterator[int]:
    """Yield every number in a parsed pattern; the characters are among them."""
    if isinstance(tree, int):
        yield int(tree)
    elif isinstance(tree, (list, tuple, _parser.SubPattern)):
        for item in tree:
            yield from _codes(item)


def _parsed(pattern: re.Pattern[str] | re.Pattern[bytes]) -> Any:
    return _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)


@dataclass
class Automaton:
    """Places, each with the characters that lead into it; `follow` counts the ways from each.

    `sure` are those after which the match can no longer fail. `first` are where a match begins. If
    it may begin anywhere in the text, place `ANYWHERE` is the text before it.
    """

    ANYWHERE = 0

    characters: Characters
    anywhere: bool
    accepts: list[int] = field(default_factory=list)
    follow: list[Counter[int]] = field(default_factory=list)
    first: Counter[int] = field(default_factory=Counter)
    sure: frozenset[int] = frozenset()


@dataclass
class _Knot:
    """Between places: a character to take (`mask`), or any of `ways` without one.

    `kind` is '' or a condition on going on: 'begin' holds at the begin of the text only.
    """

    ways: list[_Knot] = field(default_factory=list)
    mask: int | None = None
    kind: str = ''


class _Builder:
    """Ties knots from a parsed pattern, from its end to its begin."""

    def __init__(self, characters: Characters, tree: Any):
        self._characters = characters
        self._tree = tree

    def sequence(self, items: Iterable[Any], then: _Knot, flags: int) -> _Knot:
        for item in reversed(list(items)):
            operation, argument = item
            tie = getattr(self, f'_{operation.name.lower()}', None)
            if tie is None:
                mask = self._characters.mask(item, self._tree, flags)
                then = _Knot([then], mask)
            else:
                then = tie(argument, then, flags)
        return then

    def _max_repeat(self, argument: Any, then: _Knot, flags: int) -> _Knot:
        least, most, items = argument
        # Two or three stand for more: a bounded repeat costs its bound at most.
        least = min(least, 2)
        after = then
        if most is _parser.MAXREPEAT:
            after = _Knot()
            after.ways += [self.sequence(items, after, flags), then]
        else:
            for _ in range(min(most - least, 1 if least else 2)):
                after = _Knot([self.sequence(items, after, flags), then])
        for _ in range(least):
            after = self.sequence(items, after, flags)
        return after

    _min_repeat = _max_repeat

    def _subpattern(self, argument: Any, then: _Knot, flags: int) -> _Knot:
        _, added, removed, items = argument
        return self.sequence(items, then, (flags | added) & ~removed)

    def _branch(self, argument: Any, then: _Knot, flags: int) -> _Knot:
        return _Knot([self.sequence(items, then, flags) for items in argument[1]])

    def _at(self, argument: Any, then: _Knot, flags: int) -> _Knot:
        begins = argument.name in {'AT_BEGINNING', 'AT_BEGINNING_STRING'}
        return _Knot([then], kind='begin' if begins and not flags & re.MULTILINE else 'maybe')

    def _assert(self, argument: Any, then: _Knot, flags: int) -> _Knot:
        """Tie what is looked at before going on; a look back is as short as it is written."""
        ahead = [self.sequence(argument[1], _Knot(), flags)] if argument[0] > 0 else []
        return _Knot([*ahead, then], kind='maybe')

    _assert_not = _assert

    def _groupref(self, argument: Any, then: _Knot, flags: int) -> _Knot:
        raise NotImplementedError('a reference to a group is more than an automaton can tell')

    _groupref_exists = _groupref_ignore = _atomic_group = _possessive_repeat = _groupref


def built(
    pattern: re.Pattern[str] | re.Pattern[bytes], anywhere: bool = False, whole: bool = False
) -> Automaton:
    """Return the automaton of a pattern, which may begin `anywhere` or at the begin of a text.

    If it has to match the `whole` text, it is sure of nothing before the end.
    """
    characters = Characters(pattern)
    tree = _parsed(pattern)
    end = _Knot()
    start = _Builder(characters, tree).sequence(tree, end, pattern.flags)
    if anywhere:
        text = _Knot(mask=characters.everything)
        start = _Knot([text, start])
        text.ways.append(start)
    automaton = Automaton(characters, anywhere)
    places: dict[int, int] = {}
    knots: list[_Knot] = []

    def place(knot: _Knot) -> int:
        if id(knot) not in places:
            places[id(knot)] = len(knots)
            knots.append(knot)
        return places[id(knot)]

    automaton.first = Counter(
        place(knot) for knot, _ in _onward(start, [], True, True) if knot.mask is not None
    )
    sure = set()
    for number, knot in enumerate(knots):  # It grows while it is walked.
        automaton.accepts.append(knot.mask or 0)
        reached = [way for to in knot.ways for way in _onward(to, [], False, True)]
        automaton.follow.append(Counter(place(to) for to, _ in reached if to.mask is not None))
        if any(to is end and surely for to, surely in reached):
            sure.add(number)
    automaton.sure = frozenset() if whole else frozenset(sure)
    return automaton


def _onward(
    knot: _Knot, passed: list[_Knot], at_begin: bool, surely: bool
) -> Iterator[tuple[_Knot, bool]]:
    """Yield each way to a next character or an end, and whether it depends on nothing else.

    A knot may be passed twice: an inner repeat that ends and an outer that begins it again.
    """
    if knot.mask is not None or not knot.ways:
        yield knot, surely
    elif sum(known is knot for known in passed) < 2 and (at_begin or knot.kind != 'begin'):
        for to in knot.ways:
            yield from _onward(to, [*passed, knot], at_begin, surely and not knot.kind)

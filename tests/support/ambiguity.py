"""Tell whether a regular expression can take more than linear time, from its shape alone.

Python tries one way after another and forgets what it tried, so its time is the number of ways
through the expression. That number grows with the input in two cases (Weideman and others,
"Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers by Using Ambiguity of
NFA", CIAA 2016): some text leads from a place back to it in two ways (exponential), or
some text leads from one place to itself, to another place, and there to itself (polynomial).
A search that may begin anywhere is such a first place too.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

from tests.support.automaton import Automaton, Characters, built

# How a pattern is used: at one place, until the first match, or for all matches one by one.
ONCE = frozenset({'match', 'fullmatch'})
FIRST = frozenset({'search'})
EVERY = frozenset({'finditer', 'findall', 'sub', 'subn', 'split'})
_Node = TypeVar('_Node')


@dataclass(frozen=True)
class Attack:
    """Text that takes long: `prefix`, `pump` again and again, and then what does not match."""

    prefix: str
    pump: str
    exponential: bool

    def __str__(self) -> str:
        growth = 'exponential' if self.exponential else 'polynomial'
        return f'{growth} in {self.prefix!r} + {self.pump!r} * n'


def attacks(pattern: re.Pattern[str] | re.Pattern[bytes], used: Iterable[str]) -> Iterator[Attack]:
    """Yield what a pattern that is used by these methods of it may take long for."""
    used = frozenset(used)
    ways = _Ways(built(pattern, whole='fullmatch' in used))
    yield from ways.exponential()
    yield from ways.polynomial(ways.cyclic)
    if used & (FIRST | EVERY):
        searching = _Ways(built(pattern, anywhere=True), first_only=not used & EVERY)
        yield from searching.polynomial([Automaton.ANYWHERE])


class _Ways:
    """The ways through an automaton.

    Whoever fails goes back to the last place where the match is sure to succeed, never before it;
    so repeats that pass such places do not add up. `first_only` leaves them out: they end the
    search. With every match wanted, one may pass such a place, try to match more, fail and begin
    again behind it.
    """

    def __init__(self, automaton: Automaton, first_only: bool = False):
        self._automaton = automaton
        self._left_out = automaton.sure if first_only else frozenset()
        self._characters: Characters = automaton.characters

    @cached_property
    def cyclic(self) -> list[int]:
        """The places that some text leads back to."""
        return [
            place
            for place in range(len(self._automaton.accepts))
            if place not in self._left_out and place in self._reached[place]
        ]

    @cached_property
    def _reached(self) -> list[set[int]]:
        return [
            set(_words([place], lambda at: ((to, 0) for to in self._next(at))))
            for place in range(len(self._automaton.accepts))
        ]

    def _next(self, place: int) -> Iterable[int]:
        return (to for to in self._automaton.follow[place] if to not in self._left_out)

    def exponential(self) -> Iterator[Attack]:
        """Yield where one text leads from a place back to it in two ways."""
        for place in self.cyclic:
            loop = self._loop(place) - self._automaton.sure
            words = _words([(place, place, False)], partial(self._both, loop))
            if (place, place, True) in words:
                yield self._attack(place, words[place, place, True], True)

    def _both(
        self, loop: set[int], at: tuple[int, int, bool]
    ) -> Iterator[tuple[tuple[int, int, bool], int]]:
        left, right, parted = at
        for one, times in self._automaton.follow[left].items():
            for other in self._automaton.follow[right]:
                common = self._automaton.accepts[one] & self._automaton.accepts[other]
                if common and one in loop and other in loop:
                    twice = times > 1 and left == right and one == other
                    yield (one, other, parted or one != other or twice), common

    def polynomial(self, places: Iterable[int]) -> Iterator[Attack]:
        """Yield where one text leads from one of these places to it, to another, and there on."""
        for here in places:
            for there in self.cyclic:
                if here != there and there in self._reached[here]:
                    yield from self._chained(here, there)

    def _chained(self, here: int, there: int) -> Iterator[Attack]:
        first, last = self._loop(here), self._loop(there) - self._automaton.sure
        between = {at for at in self._reached[here] if at in last or there in self._reached[at]}

        def step(at: tuple[int, int, int]) -> Iterator[tuple[tuple[int, int, int], int]]:
            for one in first.intersection(self._automaton.follow[at[0]]):
                for other in between.intersection(self._next(at[1])):
                    common = self._automaton.accepts[one] & self._automaton.accepts[other]
                    if common:
                        for third in last.intersection(self._automaton.follow[at[2]]):
                            every = common & self._automaton.accepts[third]
                            if every:
                                yield (one, other, third), every

        words = _words([(here, here, there)], step)
        if (here, there, there) in words:
            yield self._attack(here, words[here, there, there], False)

    def _loop(self, place: int) -> set[int]:
        """Return the places on the ways from this one back to it."""
        return {at for at in self._reached[place] if place in self._reached[at]}

    def _attack(self, place: int, pump: tuple[int, ...], exponential: bool) -> Attack:
        return Attack(self.prefix(place), self._text(pump), exponential)

    def prefix(self, place: int) -> str:
        """Return the shortest text that leads to a place; nothing if a search may begin there."""
        if self._automaton.anywhere and place == Automaton.ANYWHERE:
            return ''
        start = ((at, self._automaton.accepts[at]) for at in self._automaton.first)
        words = _words([-1], lambda at: start if at < 0 else self._accepted(at))
        return self._text(words.get(place, ()))

    def pump(self, place: int) -> str:
        """Return the shortest text that leads from a place back to it."""
        return self._text(_words([place], self._accepted)[place])

    def _accepted(self, place: int) -> Iterable[tuple[int, int]]:
        return ((to, self._automaton.accepts[to]) for to in self._next(place))

    def _text(self, word: Iterable[int]) -> str:
        return ''.join(self._characters.one_of(mask) for mask in word)


def pumps(pattern: re.Pattern[str] | re.Pattern[bytes]) -> Iterator[tuple[str, str]]:
    """Yield, for each unbounded repeat, text that leads into it and text that it repeats.

    What two repeats both accept is a pump of each, in case it passes from one to the other.
    """
    automaton = built(pattern)
    ways = _Ways(automaton)
    common = {
        automaton.accepts[one] & automaton.accepts[other]
        for one in ways.cyclic
        for other in ways.cyclic
    }
    for place in ways.cyclic:
        prefix, pump = ways.prefix(place), ways.pump(place)
        yield prefix, pump
        yield '', prefix + pump
        for mask in common:
            if mask & automaton.accepts[place]:
                yield prefix, automaton.characters.one_of(mask & automaton.accepts[place])


def _words(
    starts: Iterable[_Node], step: Callable[[_Node], Iterable[tuple[_Node, int]]]
) -> dict[_Node, tuple[int, ...]]:
    """Return the shortest non-empty word to each node that is reached from the starts."""
    words: dict[_Node, tuple[int, ...]] = {}
    waiting: deque[tuple[_Node, tuple[int, ...]]] = deque((start, ()) for start in starts)
    while waiting:
        node, word = waiting.popleft()
        for to, mask in step(node):
            if to not in words:
                words[to] = (*word, mask)
                waiting.append((to, words[to]))
    return words

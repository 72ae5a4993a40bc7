"""Many at once: who hangs keeps nobody waiting, everybody is asked, and never too many at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.kernel.deadline import Deadline
from reconciler.reach.lanes import (
    FIRST_PATIENCE_SECONDS,
    LEAST_PATIENCE_SECONDS,
    Call,
    GivenUp,
    Lanes,
    Pace,
    Turn,
    take_turns,
)
from tests.support.patience import PATIENCE

TWO = Lanes(2, PATIENCE)


@dataclass
class Place:
    """Machines that are asked, and how often and how many at once each was."""

    gate: threading.Event = field(default_factory=threading.Event)
    asked: Counter[str] = field(default_factory=Counter)
    most: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, name: str, behave: Callable[[Turn], str]) -> Call[str]:
        def run(turn: Turn) -> str:
            with self._lock:
                self.asked[name] += 1
                self._now += 1
                self.most = max(self.most, self._now)
            try:
                return behave(turn)
            finally:
                with self._lock:
                    self._now -= 1

        return run

    def hang(self, turn: Turn) -> str:
        """Behave: answer nothing until the gate opens, or it is given up."""
        until = turn.deadline(Deadline.after(PATIENCE))
        while not until.passed:
            if self.gate.wait(0.01):
                return 'late'
        raise GivenUp if turn.given_up else TimeoutError


def answer(turn: Turn) -> str:
    turn.answered = True
    return 'well'


@pytest.fixture
def place() -> Iterator[Place]:
    """Give machines; those that hang are let go when the test ends."""
    made = Place()
    yield made
    made.gate.set()


def brisk() -> Pace:
    """Return the pace of a sweep in which everybody answers at once."""
    pace = Pace()
    pace.took(0.0)
    return pace


@pytest.mark.slow
@pytest.mark.parametrize('hung', [1, 3, 9, 30])
def test_who_hangs_keeps_nobody_waiting(place: Place, hung: int) -> None:
    calls = {f'hung{n}': place.call(f'hung{n}', place.hang) for n in range(hung)}
    calls |= {f'well{n}': place.call(f'well{n}', answer) for n in range(20)}
    turns = take_turns(calls, Deadline.after(PATIENCE), TWO, brisk())
    found = [next(turns).key for _ in range(20)]
    # The gate is closed still: nobody who hangs has ended.
    assert sorted(found) == sorted(name for name in calls if name.startswith('well'))
    assert set(place.asked) == set(calls)
    assert place.most <= TWO.most
    turns.close()


@pytest.mark.slow
def test_who_was_given_up_is_asked_again_after_all_others(place: Place) -> None:
    asked: list[str] = []

    def slow_once(name: str) -> Callable[[Turn], str]:
        def behave(turn: Turn) -> str:
            asked.append(name)
            return place.hang(turn) if turn.number == 1 else answer(turn)

        return behave

    calls = {f'slow{n}': place.call(f'slow{n}', slow_once(f'slow{n}')) for n in range(12)}

    def well(turn: Turn) -> str:
        asked.append('well')
        return answer(turn)

    calls['well'] = place.call('well', well)
    found = {}
    # Who is the last to hang may keep a worker that nobody else needs.
    hang = range(TWO.aside, TWO.aside + TWO.workers)
    for ended in take_turns(calls, Deadline.after(PATIENCE), TWO, brisk()):
        found[ended.key] = ended.value
        if len(found) > len(calls) - hang.stop:
            place.gate.set()
    ends = Counter(found.values())
    assert ends['late'] in hang
    assert ends == {'late': ends['late'], 'well': len(calls) - ends['late']}
    again = [name for name, times in Counter(asked).items() if times == 2]
    assert min(asked.index(name, asked.index(name) + 1) for name in again) > asked.index('well')


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(['well', 'fails', 'down']), max_size=30), st.integers(1, 4))
def test_each_call_ends_once(kinds: list[str], workers: int) -> None:
    def behave(kind: str) -> Call[str]:
        def run(_turn: Turn) -> str:
            if kind == 'fails':
                raise ValueError(kind)
            return kind

        return run

    calls = {number: behave(kind) for number, kind in enumerate(kinds)}
    ended = list(take_turns(calls, Deadline.after(PATIENCE), Lanes(workers, 1.0), Pace()))
    assert sorted(one.key for one in ended) == list(calls)
    assert [type(one.error) for one in sorted(ended, key=lambda one: one.key) if one.error] == [
        ValueError
    ] * kinds.count('fails')


def test_nobody_is_given_up_while_nobody_waits(place: Place) -> None:
    calls = {f'hung{n}': place.call(f'hung{n}', place.hang) for n in range(TWO.most)}
    turns = take_turns(calls, Deadline.after(PATIENCE), TWO, brisk())
    opener = threading.Timer(4 * LEAST_PATIENCE_SECONDS, place.gate.set)
    opener.start()
    assert {one.value for one in turns} == {'late'}
    assert set(place.asked.values()) == {1}


def test_at_the_deadline_who_is_under_way_is_given_up(place: Place) -> None:
    ended = threading.Event()

    def behave(turn: Turn) -> str:
        try:
            return place.hang(turn)
        finally:
            ended.set()

    found = list(take_turns({'hung': behave}, Deadline.after(0.1), TWO, Pace()))
    assert found == []
    assert ended.wait(PATIENCE)


def test_the_calls_begin_in_their_order() -> None:
    asked: list[int] = []

    def call(number: int) -> Call[None]:
        return lambda _turn: asked.append(number)

    list(
        take_turns(
            {n: call(n) for n in range(50)}, Deadline.after(PATIENCE), Lanes(1, 1.0), Pace()
        )
    )
    assert asked == list(range(50))


@given(st.lists(st.floats(0, 3600), max_size=300))
def test_patience_is_longer_than_what_nearly_all_take(took: list[float]) -> None:
    pace = Pace()
    for seconds in took:
        pace.took(seconds)
    recent = took[-200:]
    longer = [seconds for seconds in recent if seconds > pace.patience_seconds]
    assert len(longer) <= len(recent) * 0.05
    assert pace.patience_seconds >= LEAST_PATIENCE_SECONDS
    assert took or pace.patience_seconds == FIRST_PATIENCE_SECONDS


def test_what_one_is_given_passes_once_it_is_given_up() -> None:
    turn = Turn(time.monotonic(), 1)
    until = turn.deadline(Deadline.after(PATIENCE))
    attempt = until.within(PATIENCE / 2)
    assert not attempt.passed
    turn.given_up = True
    assert until.passed
    assert (attempt.passed, attempt.remaining_seconds) == (True, 0.0)
    assert attempt.within(1.0).passed

"""Ask many at once, so that those who hang keep nobody waiting.

Who takes much longer than the others steps aside, and goes on there without a worker; where no
room is left aside, it is given up for now, and asked again after the others with more patience. So
a worker is always free for who has not been asked yet, there are never more than `Lanes.most`
under way, and everybody is asked.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from charm.kernel.deadline import Deadline
from charm.kernel.gather import CallResult
from charm.kernel.wakeup import Mailbox

Key = TypeVar('Key', bound=Hashable)
Value = TypeVar('Value')

# Room aside for each worker. A `juju ssh` there uses no CPU, and has some 57 MB; what is no
# process has little of either.
ASIDE_EACH = 3
ASIDE_EACH_WITHOUT_PROCESS = 15
# The patience with who is asked where nobody has answered yet, and beside what others take.
FIRST_PATIENCE_SECONDS = 3.0
LEAST_PATIENCE_SECONDS = 0.25
_TIMES_OTHERS = 2.0
_TIMES_BEFORE = 4.0
# How many answers tell how long one takes, and how many of them are shorter than that.
_REMEMBERED = 200
_USUAL = 0.95
# How often it is asked whether those who wait have become urgent.
_LOOK_SECONDS = 1.0


class GivenUp(Exception):
    """A call that was given up for now has ended without a result: it is to be made again."""


@dataclass
class Pace:
    """What those who were asked before took; it lasts from one sweep to the next.

    Attributes:
        silent: who did not answer the last time: they are asked last.
    """

    silent: set[str] = field(default_factory=set)
    _took_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def took(self, seconds: float) -> None:
        """Take note of how long an answer took."""
        self._took_seconds.append(seconds)

    @property
    def patience_seconds(self) -> float:
        """Return after how long one takes much longer than the others."""
        if not self._took_seconds:
            return FIRST_PATIENCE_SECONDS
        usual = sorted(self._took_seconds)[math.ceil(len(self._took_seconds) * _USUAL) - 1]
        return max(LEAST_PATIENCE_SECONDS, _TIMES_OTHERS * usual)


@dataclass(frozen=True)
class Lanes:
    """How many are asked at once.

    Attributes:
        workers: those who are waited for as long as the others take.
        longest_seconds: how long one may take at the most.
        aside_each: how many have room aside, for each worker.
    """

    workers: int
    longest_seconds: float
    aside_each: int = ASIDE_EACH

    @property
    def aside(self) -> int:
        """Return how many have room aside."""
        return self.workers * self.aside_each

    @property
    def most(self) -> int:
        """Return how many are under way at once, at the most."""
        return self.workers + self.aside


@dataclass
class Turn:
    """One call that is under way.

    Attributes:
        began: by the monotonic clock.
        number: how often this was called, this time included.
        given_up: it is to end for now, without a result: raise `GivenUp`.
        answered: to be set where it brought what was asked for: what it took tells of others.
    """

    began: float
    number: int
    given_up: bool = False
    answered: bool = False

    def deadline(self, whole: Deadline) -> Deadline:
        """Return that deadline for this call: it has passed once the call is given up."""
        return Deadline(whole.at, lambda: math.inf if self.given_up else whole.clock())


Call = Callable[[Turn], Value]


def take_turns(
    calls: Mapping[Key, Call[Value]], deadline: Deadline, lanes: Lanes, pace: Pace
) -> Generator[CallResult[Key, Value], None, None]:
    """Make the calls, each in a thread, and yield each as it ends.

    As `gather` does it stops at the deadline, or when it is closed: what is under way is given up.
    The calls begin in their order. Where the machine has no thread left to give, those that it
    gave do the work.

    Raises:
        RuntimeError: it gives none at all.
    """
    floor = _Floor(calls, deadline, lanes, pace)
    try:
        while floor.has_any:
            floor.begin()
            ended = floor.next_end()
            if ended is not None:
                yield ended
            elif deadline.passed:
                return
    finally:
        floor.close()


class _Floor(Generic[Key, Value]):
    """Who waits, who is asked, who has stepped aside; seen to by the one thread that iterates."""

    def __init__(
        self, calls: Mapping[Key, Call[Value]], deadline: Deadline, lanes: Lanes, pace: Pace
    ) -> None:
        self._calls, self._deadline, self._lanes, self._pace = calls, deadline, lanes, pace
        self._waiting: deque[tuple[Key, int]] = deque((key, 1) for key in calls)
        self._busy: dict[Key, Turn] = {}
        self._aside: dict[Key, Turn] = {}
        self._leaving: dict[Key, Turn] = {}
        self._most = lanes.most
        self._done: Mailbox[CallResult[Key, Value]] = Mailbox()

    @property
    def has_any(self) -> bool:
        """Return whether anybody waits or is under way."""
        return bool(self._waiting or self._under_way)

    @property
    def _under_way(self) -> int:
        return len(self._busy) + len(self._aside) + len(self._leaving)

    def begin(self) -> None:
        """Call those who wait while there is room."""
        while (
            self._waiting
            and len(self._busy) < self._lanes.workers
            and self._under_way < self._most
        ):
            key, number = self._waiting.popleft()
            turn = self._busy[key] = Turn(time.monotonic(), number)
            work = threading.Thread(target=self._work, args=(key, turn), daemon=True)
            try:
                work.start()
            except RuntimeError:
                del self._busy[key]
                self._waiting.appendleft((key, number))
                if not self._under_way:
                    raise
                self._most = self._under_way

    def _work(self, key: Key, turn: Turn) -> None:
        try:
            self._done.put(CallResult(key, value=self._calls[key](turn)))
        except Exception as error:  # noqa: BLE001 - the boundary: one call costs only itself
            self._done.put(CallResult(key, error=error))

    def next_end(self) -> CallResult[Key, Value] | None:
        """Return what has ended; `None` if nothing did before it was time to look again."""
        try:
            ended = self._done.get(min(self._deadline.remaining_seconds, self._lose_patience()))
        except queue.Empty:
            return None
        turns = (one.pop(ended.key, None) for one in (self._busy, self._aside, self._leaving))
        (turn,) = filter(None, turns)
        if isinstance(ended.error, GivenUp):
            self._waiting.append((ended.key, turn.number + 1))
            return None
        if turn.answered:
            self._pace.took(time.monotonic() - turn.began)
        return ended

    def _lose_patience(self) -> float:
        """Make room where others wait, and return the seconds until there may be more to make."""
        soonest = math.inf
        if not self._waiting:
            return soonest
        base, now = self._pace.patience_seconds, time.monotonic()
        for key, turn in list(self._busy.items()):
            left = turn.began + base * _TIMES_BEFORE ** (turn.number - 1) - now
            if left > 0:
                soonest = min(soonest, left)
            elif len(self._aside) < self._lanes.aside:
                self._aside[key] = self._busy.pop(key)
                soonest = 0.0
            elif self._is_urgent:
                turn.given_up = True
                self._leaving[key] = self._busy.pop(key)
                soonest = 0.0
            else:
                soonest = min(soonest, _LOOK_SECONDS)
        return soonest

    @property
    def _is_urgent(self) -> bool:
        """Return whether who waits has not been asked yet, or would not be by the deadline."""
        needed = len(self._waiting) * self._lanes.longest_seconds
        return self._waiting[0][1] == 1 or needed > self._deadline.remaining_seconds * self._most

    def close(self) -> None:
        """Give up whoever is under way."""
        for turn in (*self._busy.values(), *self._aside.values()):
            turn.given_up = True

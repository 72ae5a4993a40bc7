"""A point in monotonic time by which something ends; made where a run begins, and handed down."""

from __future__ import annotations

import time

from .facts import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    MonotonicClock = Callable[[], float]


@dataclass(frozen=True)
class Deadline:
    """A moment to stop at, on a clock that wall-clock jumps do not move.

    Attributes:
        at: the clock's reading, in seconds, at which time is up.
        clock: the clock itself; tests pass their own.
    """

    at: float
    clock: MonotonicClock = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: MonotonicClock = time.monotonic) -> Deadline:
        """Return the deadline `seconds` from now."""
        return cls(clock() + seconds, clock)

    @property
    def remaining_seconds(self) -> float:
        """Return the seconds left, 0.0 once time is up."""
        return max(0.0, self.at - self.clock())

    @property
    def passed(self) -> bool:
        """Return whether time is up."""
        return self.clock() >= self.at

    def within(self, seconds: float) -> Deadline:
        """Return a deadline at most `seconds` from now, and never later than this one."""
        return Deadline(min(self.at, self.clock() + seconds), self.clock)

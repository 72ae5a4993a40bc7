"""The use case of a gate: sweep again and again until the health is good enough, or time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from charm.kernel.wakeup import Wakeup

from ..values.errors import ReconcilerError
from ..values.time_budget import TimeBudget
from ..values.words import duration_text

Found = TypeVar('Found')


@dataclass(frozen=True)
class JudgedSweep:
    """How good a sweep is.

    Attributes:
        health: what counts; at best `UNKNOWN` if it is incomplete.
        complete: each machine was waited for.
        summary: how many services are not well, in words.
    """

    health: Health
    complete: bool
    summary: str


@dataclass(frozen=True)
class Gate:
    """A wait for the health that opens it; what is outside of it is a field.

    Attributes:
        goal: the worst health that opens it.
        every_seconds: from one attempt's start to the next one's.
        say: told one line about each attempt.
        pause: waits for so many seconds.
        interrupted: whether the operator ended an attempt.
    """

    goal: Health
    every_seconds: float
    say: Callable[[str], None]
    pause: Callable[[float], object] = lambda seconds: Wakeup().wait(seconds)
    interrupted: Callable[[], bool] = lambda: False

    def wait(
        self,
        attempt: Callable[[Deadline], Found],
        until: Deadline,
        judged: Callable[[Found], JudgedSweep],
    ) -> Found:
        """Return what is good enough first, else the last that is whole.

        Args:
            attempt: sweeps once, by a deadline.
            until: when to give up.
            judged: says how good what it found is.

        A sweep that the end of the wait cut short does not replace one that was complete.

        Raises:
            ReconcilerError: the last attempt's, if no attempt brought a snapshot; at once if
                trying again cannot help.
        """
        best: Found | None = None
        failed: ReconcilerError | None = None
        number = 0
        while True:
            number += 1
            left = until.remaining_seconds
            try:
                found = attempt(until)
            except ReconcilerError as error:
                if not error.retryable:
                    raise
                failed, told = error, str(error)
            else:
                seen = judged(found)
                told = f'{seen.health.value}: {seen.summary}'
                if best is None or seen.complete or not judged(best).complete:
                    best = found
                if seen.health.rank <= self.goal.rank:
                    self.say(f'attempt {number}: {told}')
                    return found
            rest = self._rest(left - until.remaining_seconds, until)
            if self.interrupted() or rest < 0.0:
                why = 'interrupted' if self.interrupted() else 'time is up'
                self.say(f'attempt {number}: {told}; {why}')
                break
            self.say(f'attempt {number}: {told}; again in {duration_text(rest)}')
            try:
                self.pause(rest)
            except KeyboardInterrupt:
                self.say('interrupted')
                break
        if best is None and failed is not None:
            raise failed
        assert best is not None  # noqa: S101 - each attempt brings a snapshot or an error
        return best

    def _rest(self, took_seconds: float, until: Deadline) -> float:
        """Return how long to wait; below 0 if another attempt would not end in time.

        The last attempt is made as late as it still fits.
        """
        latest = until.remaining_seconds - 1.5 * took_seconds - TimeBudget.gate_margin_seconds
        return min(max(0.0, self.every_seconds - took_seconds), latest)

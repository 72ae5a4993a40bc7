"""When to try again: faults of the way only, with jitter, within a budget that a sweep shares.

What was dropped by who has too many at once is no matter of one machine: that is tried again after
all others, in rounds, each with half as many at once and a longer pause before it.

Without a budget retries multiply the load exactly when the network is already in trouble: a sweep
over a thousand machines that are gone would ask three thousand times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from charm.kernel.deadline import Deadline

from ..values.by_name import load
from ..values.errors import ReconcilerError
from ..values.time_budget import TimeBudget

Value = TypeVar('Value')


class RetryBudget:
    """The retries that one sweep may still make, over all its machines."""

    def __init__(self, retries: int) -> None:
        self._left = threading.Semaphore(retries)

    def take(self) -> bool:
        """Take one retry if there is one left, and return whether there was."""
        return self._left.acquire(blocking=False)


@dataclass(frozen=True)
class Round:
    """One round of asking.

    Attributes:
        workers: machines asked at once.
        number: from 1.
        alone: how many rounds before it had one worker already.
    """

    workers: int
    number: int = 1
    alone: int = 0

    def after(self, attempts: int) -> Round | None:
        """Return the round for what was dropped in it; `None` where fewer at once are no help.

        So of a machine that drops whoever comes there are as many tries alone as of any other.
        """
        alone = self.alone + (self.workers == 1)
        return (
            None if alone >= attempts else Round(max(1, self.workers // 2), self.number + 1, alone)
        )

    def pause_seconds(self, left_seconds: float) -> float:
        """Return how long to wait before it, of what is left until the deadline."""
        longest = min(TimeBudget.longest_pause_seconds, left_seconds / 4)
        wanted: float = TimeBudget.first_pause_seconds * 2 ** (self.number - 2)
        return min(longest, wanted)


def retrying(
    call: Callable[[int], Value],
    deadline: Deadline,
    budget: RetryBudget,
    attempts: int = 3,
    first_pause_seconds: float = TimeBudget.first_pause_seconds,
) -> Value:
    """Return what `call` returns; it is given the number of the attempt, from 1.

    Tries again after a `ReconcilerError` that says it is retryable, while attempts, the budget and
    the deadline allow it. Waits `first_pause_seconds` at most, then twice that, at random.

    Raises:
        ReconcilerError: the last attempt's.
    """
    try:
        return call(1)
    except ReconcilerError as error:
        if not error.retryable:
            raise
        failed = error
    # Few sweeps come here, so the others do not wait for tenacity to load.
    policy = load('reconciler.collect.retry_policy:policy')
    for attempt in policy(deadline, budget.take, attempts, first_pause_seconds):
        with attempt:
            number = attempt.retry_state.attempt_number
            if number == 1:
                raise failed
            return call(number)
    raise AssertionError('tenacity ended without an answer or an error')

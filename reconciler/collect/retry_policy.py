"""The policy of tenacity by which what failed is tried again."""

from __future__ import annotations

from collections.abc import Callable

import tenacity

from charm.kernel.deadline import Deadline

from ..values.errors import ReconcilerError
from ..values.time_budget import TimeBudget


def policy(
    deadline: Deadline, may_retry: Callable[[], bool], attempts: int, first_pause_seconds: float
) -> tenacity.Retrying:
    """Return the attempts; `may_retry` is asked before each retry that all else allows."""

    def stop(state: tenacity.RetryCallState) -> bool:
        # It comes last, as it charges the budget.
        return (
            state.attempt_number >= attempts
            or state.upcoming_sleep >= deadline.remaining_seconds
            or not may_retry()
        )

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(
            lambda error: isinstance(error, ReconcilerError) and error.retryable
        ),
        stop=stop,
        wait=tenacity.wait_random_exponential(
            multiplier=first_pause_seconds, max=TimeBudget.longest_pause_seconds
        ),
        reraise=True,
    )

"""When another try is made, and when not."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.deadline import Deadline
from reconciler.collect.retry import RetryBudget, retrying
from reconciler.values.errors import ControllerUnreachable, ReconcilerError, UsageError
from tests.support.patience import PATIENCE


class Calls:
    """A call that fails so many times, and takes note of each attempt's number."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.numbers: list[int] = []
        self._failures = failures
        self._error = error or ControllerUnreachable('cannot reach it')

    def __call__(self, number: int) -> str:
        self.numbers.append(number)
        if len(self.numbers) <= self._failures:
            raise self._error
        return 'answer'


def tried(calls: Calls, attempts: int = 3, retries: int = 100, seconds: float = PATIENCE) -> str:
    return retrying(calls, Deadline.after(seconds), RetryBudget(retries), attempts, 0.0)


@given(st.integers(0, 6), st.integers(1, 6), st.integers(0, 6))
def test_it_is_tried_until_it_answers_or_attempts_or_the_budget_are_used_up(
    failures: int, attempts: int, retries: int
) -> None:
    calls = Calls(failures)
    allowed = min(attempts, retries + 1)
    if failures < allowed:
        assert tried(calls, attempts, retries) == 'answer'
    else:
        with pytest.raises(ControllerUnreachable):
            tried(calls, attempts, retries)
    assert calls.numbers == list(range(1, min(failures + 1, allowed) + 1))


@pytest.mark.parametrize('error', [UsageError('cannot do that'), ValueError('a fault of ours')])
def test_what_another_try_cannot_mend_is_not_tried_again(error: Exception) -> None:
    calls = Calls(9, error)
    with pytest.raises(type(error)):
        tried(calls)
    assert calls.numbers == [1]


def test_after_the_deadline_nothing_is_tried_again() -> None:
    calls = Calls(9)
    with pytest.raises(ReconcilerError):
        tried(calls, seconds=0.0)
    assert calls.numbers == [1]


def test_a_wait_that_would_outlast_the_deadline_is_not_begun() -> None:
    calls = Calls(9)
    with pytest.raises(ReconcilerError):
        # Waits are random up to this; all but one in a million would be too long.
        retrying(calls, Deadline.after(0.001), RetryBudget(9), 9, first_pause_seconds=1000.0)
    assert len(calls.numbers) < 9


def test_a_retry_that_was_not_made_is_not_charged() -> None:
    budget = RetryBudget(1)
    for error in (UsageError('cannot'), ControllerUnreachable('cannot')):
        with pytest.raises(ReconcilerError):
            retrying(Calls(9, error), Deadline.after(PATIENCE), budget, 1, 0.0)
    assert budget.take()
    assert not budget.take()


def test_a_budget_is_shared_by_all_threads() -> None:
    budget = RetryBudget(50)
    taken: list[bool] = []
    start = threading.Barrier(8)

    def take() -> None:
        start.wait(PATIENCE)
        taken.extend(budget.take() for _ in range(20))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert taken.count(True) == 50

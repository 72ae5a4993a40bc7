"""A deadline is a point in monotonic time, and only ever comes nearer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.deadline import Deadline

SECONDS = st.floats(0, 1e6)


@given(SECONDS, SECONDS, SECONDS)
def test_a_part_never_outlives_the_whole(now: float, whole: float, part: float) -> None:
    deadline = Deadline.after(whole, clock=lambda: now)
    assert deadline.within(part).at <= deadline.at


def test_time_that_is_up_leaves_nothing() -> None:
    now = 100.0
    deadline = Deadline.after(5, clock=lambda: now)
    assert deadline.remaining_seconds == 5
    now = 106.0
    assert deadline.passed
    assert deadline.remaining_seconds == 0

"""When something is full: by a line, where one holds, and by nothing elsewhere."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.history.keep_figures import is_worth_a_point
from reconciler.history.line import Line, Point, line_of

DAY = 86_400_000
HOUR = DAY // 24


def kept(value: Callable[[float], float], days: float, every: int = HOUR // 4) -> list[Point]:
    """Return the points that are kept of a figure, a function of days, that is looked at."""
    points: list[Point] = []
    for at in range(0, round(days * DAY) + 1, every):
        now = round(min(max(value(at / DAY), 0.0), 1.0), 4)
        if not points or is_worth_a_point('/ used', now, at, *points[-1]):
            points.append(Point(at, now))
    return points


def line(value: Callable[[float], float], days: float) -> Line | None:
    return line_of(kept(value, days), round(days * DAY))


@pytest.mark.parametrize(
    ('begin', 'per_day', 'days'),
    [(0.5, 0.02, 14), (0.9, 0.001, 60), (0.2, 0.3, 2), (0.1, 0.008, 80)],
)
def test_what_grows_evenly_is_full_when_it_is(begin: float, per_day: float, days: float) -> None:
    found = line(lambda day: begin + per_day * day, days)
    assert found is not None
    full = (1 - begin) / per_day
    assert found.earliest <= found.full <= found.latest
    assert found.full / DAY == pytest.approx(full, rel=0.02)
    assert found.per_day == pytest.approx(per_day, rel=0.05)
    assert (found.since, found.until) == (0, days * DAY)


def test_the_true_time_is_mostly_within_the_range() -> None:
    rng, within = random.Random(7), 0  # noqa: S311 - no secret
    for _ in range(60):
        # What each hour brings is by chance, as with logs and uploads.
        steps = [rng.uniform(0, 0.002) for _ in range(24 * 80)]
        sums = [0.3 + sum(steps[:hour]) for hour in range(0, len(steps), 24)]
        full = next(day for day, value in enumerate(sums) if value >= 1)
        found = line(lambda day, sums=sums: sums[math.floor(day)], 14)  # type: ignore[misc]
        assert found is not None
        within += found.earliest - DAY <= full * DAY <= found.latest + DAY
    assert within > 48


@pytest.mark.parametrize(
    ('why', 'value', 'days'),
    [
        ('it is as it was', lambda day: 0.7, 30),
        ('it falls', lambda day: 0.9 - 0.01 * day, 30),
        ('it is by the hour of the day', lambda day: 0.5 + 0.1 * math.sin(day * math.tau), 30),
        ('it has stopped', lambda day: 0.3 + 0.02 * min(day, 20), 30),
        ('it was one jump', lambda day: 0.3 if day < 15 else 0.6, 30),
        ('it is too short a time', lambda day: 0.3 + 0.2 * day, 0.9),
        ('it is too far', lambda day: 0.3 + 0.002 * day, 20),
        ('it is rotated', lambda day: 0.4 + 0.3 * (day / 7 % 1), 33),
    ],
)
def test_where_no_line_holds_nothing_is_said(
    why: str, value: Callable[[float], float], days: float
) -> None:
    assert line(value, days) is None, why


@pytest.mark.parametrize(('days', 'told'), [(36, False), (40, True)])
def test_what_is_rotated_is_told_of_where_it_is_fuller_than_it_was(days: int, told: bool) -> None:
    def value(day: float) -> float:
        return 0.4 + (0.3 * (day / 7 % 1) if day < 28 else 0.03 * (day - 28))

    assert (line(value, days) is not None) is told


def test_a_line_begins_anew_at_the_last_step_down() -> None:
    found = line(lambda day: 0.5 + 0.04 * day if day < 10 else 0.2 + 0.01 * (day - 10), 40)
    assert found is not None
    assert found.since >= 10 * DAY
    assert found.per_day == pytest.approx(0.01, rel=0.05)


def test_what_falls_for_an_hour_begins_at_its_end() -> None:
    def value(day: float) -> float:
        if day < 10:
            return 0.5 + 0.04 * day
        return max(0.9 - 16 * (day - 10), 0.2) if day < 10.05 else 0.2 + 0.01 * (day - 10)

    found = line(value, 40)
    assert found is not None
    assert found.per_day == pytest.approx(0.01, rel=0.05)


def test_what_grows_faster_since_lately_is_told_by_that() -> None:
    found = line(lambda day: 0.3 + 0.002 * day + (0.05 * (day - 26) if day > 26 else 0), 30)
    assert found is not None
    assert found.per_day == pytest.approx(0.052, rel=0.2)
    assert found.since > 20 * DAY


@given(
    st.lists(st.tuples(st.integers(1, 5 * DAY), st.floats(0, 1, allow_nan=False)), max_size=60),
    st.integers(0, 90 * DAY),
)
def test_whatever_a_figure_did_a_line_is_in_order(
    steps: Sequence[tuple[int, float]], after: int
) -> None:
    at, points = 0, []
    for pause, value in steps:
        at += pause
        points.append(Point(at, value))
    until = at + after
    found = line_of(points, until)
    if found is not None:
        assert found.since < found.until == until <= found.earliest <= found.full <= found.latest
        assert found.per_day > 0
        assert until - found.since >= DAY
        assert found.full - until <= 4 * (until - found.since) + 1

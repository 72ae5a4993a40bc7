"""The steps that a clock has: cron and systemd agree on them, and so do we."""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.schedule.steps import (
    STEPS,
    calendar,
    cron_fields,
    most_delay_seconds,
    next_by_cron,
    step_of,
)
from reconciler.values.errors import UsageError
from tests.support.patience import PATIENCE

MIDNIGHT = datetime(2026, 11, 30, tzinfo=timezone.utc)
SEEDS = st.integers(0, 2**32 - 1)


def minutes_of(fields: str) -> set[int]:
    """Return the minutes of a day that a crontab's fields name; crontab(5)."""
    minute, hour, *rest = fields.split()
    assert rest == ['*', '*', '*']
    return {60 * h + m for h in _named(hour, 24) for m in _named(minute, 60)}


def _named(field: str, below: int) -> range:
    where, _slash, step = field.partition('/')
    if where == '*':
        return range(0, below, int(step or 1))
    first, dash, last = where.partition('-')
    return range(int(first), int(last) + 1 if dash else int(first) + 1, int(step or 1))


@given(minutes=st.sampled_from(STEPS), seed=SEEDS)
def test_a_day_of_cron_has_equal_steps(minutes: int, seed: int) -> None:
    found = sorted(minutes_of(cron_fields(minutes, seed)))
    assert len(found) == 24 * 60 // minutes
    assert {b - a for a, b in zip(found, found[1:], strict=False)} <= {minutes}
    assert found[0] < min(minutes, 10)


@given(minutes=st.sampled_from(STEPS), seed=SEEDS, now=st.integers(0, 86399))
def test_the_next_one_is_the_next_that_the_fields_name(minutes: int, seed: int, now: int) -> None:
    at = MIDNIGHT + timedelta(seconds=now)
    found = next_by_cron(minutes, seed, at)
    named = minutes_of(cron_fields(minutes, seed))
    wait = (found - at).total_seconds()
    assert (found - MIDNIGHT).seconds // 60 in named
    assert 0 < wait <= 60 * minutes
    between = range(now // 60 + 1, int((found - MIDNIGHT).total_seconds()) // 60)
    assert not named & {minute % 1440 for minute in between}


@pytest.mark.parametrize('minutes', STEPS)
def test_systemd_reads_the_same_steps(minutes: int) -> None:
    done = subprocess.run(
        ['systemd-analyze', 'calendar', '--iterations=3', calendar(minutes)],
        env={'PATH': '/usr/bin:/bin', 'TZ': 'UTC', 'LC_ALL': 'C'},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if ' UTC' in line]
    at = [datetime.fromisoformat(' '.join(line.split()[-3:-1])) for line in lines]
    assert [b - a for a, b in zip(at, at[1:], strict=False)] == [timedelta(minutes=minutes)] * 2


@pytest.mark.parametrize(
    ('seconds', 'near'),
    [(420, '6m and 10m'), (90, '1m and 2m'), (5400, '1h and 2h'), (50000, '12h and 1d')],
)
def test_a_step_that_no_clock_has_is_refused_with_its_neighbours(seconds: int, near: str) -> None:
    with pytest.raises(UsageError, match=f'; {near} do$'):
        step_of(seconds)


def test_each_step_is_taken_and_a_delay_stays_well_below_it() -> None:
    assert [step_of(60 * minutes) for minutes in STEPS] == list(STEPS)
    assert all(most_delay_seconds(minutes) <= 6 * minutes for minutes in STEPS)
    assert max(map(most_delay_seconds, STEPS)) == 600

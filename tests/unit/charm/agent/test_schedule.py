"""Due times: spread, stable over restarts, and blind to how long we slept."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from charm.agent.schedule import Schedule, next_on_grid, splay

NOWS = st.floats(0, 1e8)
INTERVALS = st.floats(1, 86400)
FRACTIONS = st.floats(0, 0.999999)


@settings(deadline=None)
@given(INTERVALS, FRACTIONS, NOWS)
def test_the_next_run_is_a_half_to_one_and_a_half_intervals_away(
    interval: float, fraction: float, now: float
) -> None:
    wait = next_on_grid(interval, fraction, now) - now
    slack = 1e-6 * max(now, 1.0)
    assert interval / 2 - slack <= wait <= interval * 1.5 + slack


@settings(deadline=None)
@given(st.text(max_size=20))
def test_a_splay_is_a_fraction_and_always_the_same(key: str) -> None:
    assert 0.0 <= splay(key) < 1.0
    assert splay(key) == splay(key)


def test_a_splay_is_the_same_in_every_process_of_every_version() -> None:
    assert splay('web/0 disk') == 0.6568439343913326


def test_many_checks_are_spread_over_the_interval() -> None:
    tenths = [int(splay(f'web/0 check-{number}') * 10) for number in range(1000)]
    assert all(60 <= tenths.count(tenth) <= 140 for tenth in range(10))


def test_a_restart_keeps_the_grid() -> None:
    first, second = Schedule(), Schedule()
    first.replace({'disk': 60.0}, 1000.0)
    first.due(1020.0)
    second.replace({'disk': 60.0}, 5000.0)
    second.due(5020.0)
    assert first.next_at is not None
    assert second.next_at is not None
    assert abs((second.next_at - first.next_at) % 60.0) < 1e-6


def test_the_first_run_is_soon_however_long_the_interval() -> None:
    schedule = Schedule()
    schedule.replace({f'check-{number}': 86400.0 for number in range(100)}, 500.0)
    assert len(schedule.due(510.0)) == 100


def test_points_that_were_slept_through_are_due_once() -> None:
    schedule = Schedule()
    schedule.replace({'disk': 10.0}, 0.0)
    assert schedule.due(86400.0) == ('disk',)
    assert schedule.due(86400.0) == ()


def test_a_reload_moves_only_what_changed_its_interval() -> None:
    schedule = Schedule()
    schedule.replace({'kept': 60.0, 'changed': 60.0, 'gone': 60.0}, 0.0)
    schedule.due(10.0)
    kept_at = {key: schedule._entries[key].next_at for key in ('kept', 'changed')}
    schedule.replace({'kept': 60.0, 'changed': 5.0, 'new': 60.0}, 20.0)
    assert schedule._entries['kept'].next_at == kept_at['kept']
    assert schedule._entries['changed'].next_at <= 25.0
    assert 'gone' not in schedule._entries


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), INTERVALS, max_size=8), NOWS)
def test_whatever_is_due_is_due_again_within_one_and_a_half_intervals(
    intervals: dict[str, float], now: float
) -> None:
    schedule = Schedule()
    schedule.replace(intervals, now)
    later = now + 20.0
    assert set(schedule.due(later)) == set(intervals)
    for key, interval in intervals.items():
        assert schedule._entries[key].next_at <= later + interval * 1.5 + 1e-6 * later


def test_nothing_scheduled_is_never_due() -> None:
    assert Schedule().next_at is None
    assert Schedule().due(1e9) == ()

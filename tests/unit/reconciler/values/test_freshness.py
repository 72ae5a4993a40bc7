"""Laws of freshness: the order of arrival, duplicates and far clocks change nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from charm.kernel.merge_checks import make_report
from reconciler.values.freshness import (
    SLACK_SECONDS,
    DatedReport,
    age_seconds,
    held_seconds,
    is_fresh,
    newest,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
DAY = timedelta(days=1)


def dated(
    sequence: int | None = 1,
    boot: str = 'boot-1',
    ago: float = 0.0,
    held: float | None = 0.0,
    via: str = '',
) -> DatedReport:
    report = make_report('web', 'web/0', (), boot_id=boot, sequence=sequence, reported_at=NOW)
    return DatedReport(report, NOW - timedelta(seconds=ago), held, via)


any_dated = st.builds(
    dated,
    st.none() | st.integers(0, 5),
    st.sampled_from(['', 'boot-1', 'boot-2', 'boot-3']),
    st.integers(-200000, 200000),
    st.none() | st.integers(0, 200000),
    st.sampled_from(['push', 'juju ssh, agent']),
)


def known(reports: list[DatedReport]) -> DatedReport:
    found = newest(reports, NOW)
    assert found is not None
    return found


@given(st.lists(any_dated, min_size=1, max_size=8), st.randoms())
def test_the_order_of_arrival_and_duplicates_do_not_matter(
    reports: list[DatedReport], random: st.DataObject
) -> None:
    shuffled = [*reports, *reports[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert newest(shuffled, NOW) == newest(reports, NOW)


@given(st.lists(any_dated, min_size=1, max_size=8))
def test_no_report_of_the_same_boot_has_a_higher_sequence(reports: list[DatedReport]) -> None:
    found = known(reports)
    peers = [one for one in reports if one.report.boot_id == found.report.boot_id]
    assert all((one.report.sequence or 0) <= (found.report.sequence or 0) for one in peers)


@given(st.lists(any_dated, min_size=1, max_size=8), st.integers(-86400, 86400))
def test_a_units_clock_that_is_a_day_off_changes_nothing(
    reports: list[DatedReport], skew: int
) -> None:
    def skewed(one: DatedReport) -> DatedReport:
        moved = replace(one.report, reported_at=NOW + timedelta(seconds=skew))
        return replace(one, report=moved)

    before, after = known(reports), known([skewed(one) for one in reports])
    assert skewed(before) == after
    assert age_seconds(before, NOW) == age_seconds(after, NOW)


@given(any_dated, st.integers(-86400, 86400), st.floats(0, 86400))
def test_how_long_it_was_held_is_measured_by_one_clock(
    one: DatedReport, skew: int, held: float
) -> None:
    made = NOW + timedelta(seconds=skew)
    seconds = held_seconds(made + timedelta(seconds=held), made)
    assert seconds == pytest.approx(held, abs=1e-5)


@given(st.lists(any_dated, max_size=8), any_dated)
def test_another_report_never_makes_the_newest_one_of_its_boot_older(
    reports: list[DatedReport], more: DatedReport
) -> None:
    before, after = newest(reports, NOW), known([*reports, more])
    if before is not None and before.report.boot_id == after.report.boot_id:
        assert (after.report.sequence or 0) >= (before.report.sequence or 0)


@given(any_dated, st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_report_only_grows_older(one: DatedReport, first: float, later: float) -> None:
    assume(first <= later)
    at_first = age_seconds(one, NOW + timedelta(seconds=first))
    at_last = age_seconds(one, NOW + timedelta(seconds=later))
    if at_first is not None:
        assert at_last is not None
        assert at_last >= at_first


@given(any_dated, st.floats(0, 1e6))
def test_no_age_is_negative_and_fresh_means_an_age_within_the_limit(
    one: DatedReport, limit: float
) -> None:
    age = age_seconds(one, NOW)
    assert age is None or age >= 0.0
    assert is_fresh(one, NOW, limit) == (age is not None and age <= limit)


def test_the_last_boot_wins_although_its_sequence_begins_anew() -> None:
    before, after = dated(900000, 'boot-1', ago=60), dated(10, 'boot-2', ago=5)
    assert newest([after, before], NOW) is after


def test_a_report_of_an_earlier_boot_that_comes_late_is_not_the_newest() -> None:
    # Made before the reboot, it lay in the spool for ten minutes.
    late = dated(900000, 'boot-1', ago=1, held=600)
    assert newest([late, dated(10, 'boot-2', ago=5)], NOW) == dated(10, 'boot-2', ago=5)


def test_a_unit_that_was_created_anew_is_not_outdone_by_its_namesake() -> None:
    gone, new = dated(10**9, 'old-machine', ago=3600), dated(3, 'new-machine', ago=1)
    assert newest([gone, new], NOW) is new


def test_the_same_report_read_again_does_not_become_younger() -> None:
    first, again = dated(5, ago=300), dated(5, ago=0)
    assert age_seconds(known([again, first]), NOW) == 300


def test_what_came_from_the_future_is_of_unknown_age_and_never_fresh() -> None:
    ahead = dated(5, 'boot-1', ago=-86400)
    assert age_seconds(ahead, NOW) is None
    assert not is_fresh(ahead, NOW, 1e9)
    assert newest([ahead, dated(1, 'boot-2', ago=3600)], NOW) == dated(1, 'boot-2', ago=3600)


def test_what_was_sent_before_it_was_made_is_of_unknown_age() -> None:
    assert held_seconds(NOW, NOW + DAY) is None
    assert held_seconds(NOW, NOW + timedelta(seconds=SLACK_SECONDS / 2)) == 0.0
    assert held_seconds(None, NOW) is None
    assert held_seconds(NOW, None) is None
    assert not is_fresh(dated(held=None), NOW, 1e9)


def test_without_sequences_the_one_made_last_is_the_newest() -> None:
    old, new = dated(None, '', ago=50), dated(None, '', ago=2)
    assert newest([new, old], NOW) is new


def test_of_no_reports_none_is_the_newest() -> None:
    assert newest([], NOW) is None

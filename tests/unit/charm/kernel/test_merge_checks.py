"""Whatever a callback returns becomes a result; the report is the worst of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.merge_checks import make_report, merge, read_subset
from charm.kernel.report import CheckResult, Health, worst
from charm.kernel.report_json import MAX_CHECKS, check_to_json, encode
from tests.support.strategies import CHECKS, JSON_VALUES


@given(CHECKS)
def test_reading_undoes_writing_a_subset(check: CheckResult) -> None:
    assert read_subset(check_to_json(check), 'other') == (check,)


@pytest.mark.slow
@given(st.lists(CHECKS, max_size=8))
def test_merging_is_idempotent(checks: list[CheckResult]) -> None:
    assert merge(merge(checks)) == merge(checks)


@pytest.mark.slow
@given(st.lists(CHECKS, max_size=8))
def test_merging_keeps_every_result_under_a_name_of_its_own(checks: list[CheckResult]) -> None:
    merged = merge(checks)
    assert len({check.name for check in merged}) == len(checks)
    assert [check.health for check in merged] == [check.health for check in checks]


@pytest.mark.slow
@given(st.lists(CHECKS, max_size=8))
def test_the_report_is_the_worst_of_its_checks(checks: list[CheckResult]) -> None:
    report = make_report('web', 'web/0', checks)
    assert report.health is worst(check.health for check in checks)
    given_qos = [check.qos for check in checks if check.qos is not None]
    assert report.qos == (min(given_qos) if given_qos else None)


def anything() -> st.SearchStrategy[Any]:
    odd = st.sampled_from([object(), {1, 2}, b'bytes', float('nan'), 10**400, '\ud800', ...])
    value = JSON_VALUES | odd
    return value | st.dictionaries(
        st.sampled_from(['name', 'health', 'qos', 'message', 'data', 'at']) | st.text(), value
    )


@given(anything())
def test_whatever_a_callback_returns_can_be_reported(returned: Any) -> None:
    encode(make_report('web', 'web/0', read_subset(returned, 'callback')))


@pytest.mark.parametrize(
    ('returned', 'said'),
    [
        (None, 'returned nothing'),
        ('fine', 'str, not a mapping'),
        ([], 'an empty list'),
        ({}, 'health: missing or empty'),
        ({'health': 'grean'}, "'grean' is not a health"),
        ({'health': 'passed', 'qos': 2}, 'qos: 2 is not between'),
        ({'health': 'passed', 'data': {'x': float('nan')}}, 'unreadable result'),
    ],
)
def test_nonsense_is_an_unknown_check_with_the_reason(returned: Any, said: str) -> None:
    (result,) = read_subset(returned, 'callback')
    assert result.health is Health.UNKNOWN
    assert result.name == 'callback'
    assert said in result.message


def test_a_list_gives_each_nameless_item_a_name() -> None:
    results = read_subset([{'health': 'pass'}, {'health': 'warn'}], 'db')
    assert [(result.name, result.health) for result in results] == [
        ('db', Health.PASSED),
        ('db-2', Health.WARN),
    ]


def test_one_bad_item_costs_no_other_its_place() -> None:
    good, bad = read_subset([{'name': 'a', 'health': 'passed'}, 7], 'db')
    assert good.health is Health.PASSED
    assert bad.health is Health.UNKNOWN


def test_data_too_large_for_a_report_is_dropped_and_said() -> None:
    (result,) = read_subset({'health': 'passed', 'data': {'x': ['y' * 8000] * 20}}, 'big')
    assert result.health is Health.PASSED
    assert result.data['dropped_bytes'] > 160_000


def test_more_checks_than_a_report_holds_are_counted() -> None:
    checks = [CheckResult(f'c{n}', Health.PASSED) for n in range(MAX_CHECKS + 5)]
    merged = merge(checks)
    assert len(merged) == MAX_CHECKS
    assert merged[-1].health is Health.UNKNOWN
    assert merged[-1].message == '6 more results were left out'


@pytest.mark.parametrize('kind', [list, tuple])
def test_more_results_of_one_callback_than_a_report_holds_are_never_good_news(kind: Any) -> None:
    # One of those left out may have failed.
    many = [{'health': 'passed'}] * MAX_CHECKS + [{'health': 'fail'}]
    results = read_subset(kind(many), 'x')
    assert len(results) == MAX_CHECKS
    assert results[-1].message == '2 more results were left out'
    assert make_report('web', 'web/0', results).health is Health.UNKNOWN

"""However much checks have to say, there is a report, and its reader takes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.kernel.merge_checks import fitted, make_report, merge, read_subset
from charm.kernel.report import CheckResult, Health, Report, worst
from charm.kernel.report_json import MAX_CHECKS, decode, encode
from charm.kernel.strict_json import MAX_BYTES
from tests.support.strategies import CHECKS

HEALTHS = st.sampled_from(list(Health))


def loud(name: str, health: Health, data_bytes: int) -> CheckResult:
    """Return a check with so much data, as its reader leaves it."""
    text = ['y' * 1000] * (data_bytes // 1003)
    (result,) = read_subset({'name': name, 'health': health.value, 'data': {'x': text}}, name)
    return result


def report(results: list[CheckResult]) -> Report:
    made = make_report('web', 'web/0', results)
    line = encode(made).encode()
    assert len(line) <= MAX_BYTES
    assert decode(line) == made
    return made


@pytest.mark.slow
@given(st.lists(CHECKS, max_size=8))
def test_what_fits_is_left_alone(checks: list[CheckResult]) -> None:
    merged = merge(checks)
    assert fitted(merged) == merged


def test_of_too_much_the_largest_lose_their_data_and_nobody_the_verdict() -> None:
    small = loud('small', Health.FAIL, 2000)
    many = [loud(f'c{number}', Health.PASSED, 60_000) for number in range(40)]
    made = report([small, *many])
    assert [check.name for check in made.checks] == ['small', *(one.name for one in many)]
    assert made.health is Health.FAIL
    assert made.checks[0] == small
    dropped = [check for check in made.checks if 'dropped_bytes' in check.data]
    kept = [check for check in made.checks if 'x' in check.data]
    assert dropped
    assert len(kept) > 10, 'no more than need be'


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(HEALTHS, st.integers(0, 64_000)), min_size=20, max_size=60))
def test_no_verdict_changes_for_want_of_room(given_checks: list[tuple[Health, int]]) -> None:
    results = [loud(f'c{n}', health, size) for n, (health, size) in enumerate(given_checks)]
    made = report(results)
    assert [check.health for check in made.checks] == [health for health, _ in given_checks]


def test_where_even_names_are_too_long_the_worst_stay_and_the_rest_is_counted() -> None:
    results = [
        CheckResult(f'{number}-' + 'ü' * 4000, Health.FAIL if number % 10 == 0 else Health.WARN)
        for number in range(MAX_CHECKS)
    ]
    made = report(results)
    *kept, last = made.checks
    assert (last.name, last.health) == ('too-many-checks', Health.UNKNOWN)
    assert last.message == f'{MAX_CHECKS - len(kept)} more results were too large for a report'
    assert {check.health for check in kept} == {Health.FAIL}
    assert made.health is worst(result.health for result in results)


def test_too_many_and_too_large_are_both_said() -> None:
    results = [CheckResult(f'{n}-' + 'x' * 3000, Health.PASSED) for n in range(MAX_CHECKS + 5)]
    names = [check.name for check in report(results).checks if check.health is Health.UNKNOWN]
    assert names == ['too-many-checks', 'too-many-checks-2']

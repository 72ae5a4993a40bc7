"""The summary: few lines, however much is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from charm.kernel.report import Health
from reconciler.judge.collate import collate
from reconciler.render.cases import overall_health
from reconciler.render.people import summary
from reconciler.values.readings import Snapshot
from tests.support.render_cases import (
    CASES,
    OPTIONS,
    application,
    assert_golden,
    check,
    reported,
    snapshot_of,
    snapshots,
    well,
)


@pytest.mark.parametrize('case', CASES)
def test_the_output_is_the_golden_one(case: str) -> None:
    assert_golden(case, 'summary', summary.render(CASES[case](), OPTIONS))


def test_what_is_well_is_one_line() -> None:
    assert summary.render(well(), OPTIONS) == 'k1:prod: passed: the service passed\n'


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_the_first_line_tells_the_verdict_and_no_message_adds_a_line(snapshot: Snapshot) -> None:
    lines = summary.render(snapshot, OPTIONS).split('\n')
    unwell = sum(service.health is not Health.PASSED for service in snapshot.services)

    assert f': {overall_health(snapshot).value}: ' in lines[0]
    causes = sum(bool(cause.victims) for cause in snapshot.causes)
    views = len(snapshot.views)
    assert len(lines) == 2 + unwell + len(snapshot.faults) + causes + views


def test_a_hundred_services_that_fail_are_five_lines_and_a_number() -> None:
    services = []
    for number in range(100):
        told = application(f'web-{number}', 1)
        services.append(collate(told, [reported(told.units[0], [check('http', Health.FAIL)])]))
    lines = summary.render(snapshot_of(services), OPTIONS).splitlines()

    assert len(lines) == 7
    assert lines[-1] == 'and 95 services more'

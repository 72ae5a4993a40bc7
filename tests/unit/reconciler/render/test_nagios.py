"""The plugin line: what Nagios and Icinga read from it is what was meant, whatever a unit says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks import perfdata
from charm.kernel.exit_codes import EXIT_CODES
from charm.kernel.report import Health
from reconciler.judge.collate import collate
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.render.cases import overall_health
from reconciler.render.programs import nagios
from reconciler.values.readings import Snapshot
from tests.support.render_cases import (
    CASES,
    DETAIL,
    OPTIONS,
    TEXTS,
    application,
    assert_golden,
    check,
    empty,
    reported,
    rich,
    snapshot_of,
    snapshots,
    well,
)


@pytest.mark.parametrize('case', CASES)
def test_the_output_is_the_golden_one(case: str) -> None:
    assert_golden(case, 'nagios', nagios.render(CASES[case](), OPTIONS))


def test_the_first_line_names_what_is_not_well_the_worst_first() -> None:
    first = nagios.render(rich(), OPTIONS).splitlines()[0]

    assert first.startswith(
        'JUJU-HEALTH CRITICAL: k1:prod: 2 fail, 3 unknown, 1 warn of 7 services: mysql fail, '
    )
    assert 'wordpress warn: the sweep is incomplete |' in first


def test_a_model_without_services_is_unknown() -> None:
    assert nagios.render(empty(), OPTIONS).startswith(
        'JUJU-HEALTH UNKNOWN: k1:prod: no services |'
    )


def test_what_passed_is_told_only_in_detail() -> None:
    assert len(nagios.render(well(), OPTIONS).splitlines()) == 1
    assert '- passed haproxy/0-1 http: 200' in nagios.render(well(), DETAIL)


@pytest.mark.slow
@given(snapshots())
def test_whatever_is_said_only_the_first_line_has_performance_data(snapshot: Snapshot) -> None:
    first, *rest = nagios.render(snapshot, DETAIL).rstrip('\n').split('\n')
    text, bar, items = first.partition(' | ')

    assert bar
    assert '|' not in text
    assert '|' not in items
    assert '|' not in ''.join(rest)
    assert ';' not in text + ''.join(rest)
    assert '\\' not in text + ''.join(rest)
    assert not re.search(r'[\x00-\x1f\x7f]', first + ''.join(rest))


@pytest.mark.slow
@given(snapshots())
def test_the_performance_data_is_read_whole(snapshot: Snapshot) -> None:
    items = nagios.render(snapshot, OPTIONS).splitlines()[0].partition(' | ')[2]
    metrics, rejected = perfdata.parse(items)

    assert not rejected
    found = {metric.label: metric.value for metric in metrics}
    for health in Health:
        number = sum(service.health is health for service in snapshot.services)
        assert found[f'services_{health.value}'] == number


@pytest.mark.slow
@given(snapshots())
def test_the_word_agrees_with_the_exit_code(snapshot: Snapshot) -> None:
    word = nagios.render(snapshot, OPTIONS).split()[1].rstrip(':')
    code = {'OK': 0, 'WARNING': 1, 'CRITICAL': 2, 'UNKNOWN': 3}[word]

    assert code == exit_code(snapshot) == EXIT_CODES[overall_health(snapshot)]


@given(TEXTS)
def test_sanitising_twice_is_sanitising_once(text: str) -> None:
    once = nagios.sanitise(text)

    assert nagios.sanitise(once) == once


@given(st.integers(0, 400), TEXTS)
def test_the_output_stays_within_what_nagios_keeps(number: int, message: str) -> None:
    told = application('web', 1)
    checks = [check(f'check-{n}', Health.FAIL, message) for n in range(number)]
    snapshot = snapshot_of([collate(told, [reported(told.units[0], checks)])])
    text = nagios.render(snapshot, OPTIONS)

    assert len(text.encode()) <= nagios.MAX_BYTES
    # So it is as a passive result, in which the end of a line takes two characters.
    assert len(text.replace('\n', '\\n').encode()) < 8192 - 200
    shown = sum(line.startswith('- fail') for line in text.splitlines())
    left_out = re.search(r'^\((\d+) lines? left out\)$', text, re.MULTILINE)
    assert shown + (int(left_out[1]) if left_out else 0) >= number

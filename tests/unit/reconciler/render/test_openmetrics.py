"""The metrics: read back by prometheus_client's own parsers, they say what the sweep found."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from prometheus_client import Metric
from prometheus_client import parser as classic
from prometheus_client.openmetrics import parser as modern

from charm.kernel.report import Health
from reconciler.judge.collate import collate
from reconciler.render.programs import metrics, openmetrics
from reconciler.values.readings import Snapshot
from tests.support.render_cases import (
    CASES,
    OPTIONS,
    application,
    assert_golden,
    check,
    reported,
    rich,
    snapshot_of,
    snapshots,
)


def _read_modern(text: str) -> list[Metric]:
    return list(modern.text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def _read(snapshot: Snapshot) -> dict[str, Metric]:
    return {found.name: found for found in _read_modern(openmetrics.render(snapshot, OPTIONS))}


@pytest.mark.parametrize('case', CASES)
def test_the_output_is_the_golden_one(case: str) -> None:
    assert_golden(case, 'openmetrics', openmetrics.render(CASES[case](), OPTIONS))
    assert_golden(case, 'prom', openmetrics.render_textfile(CASES[case](), OPTIONS))


def test_a_state_set_has_one_series_for_each_value_and_one_that_holds() -> None:
    family = _read(rich())['juju_health_service_health']
    samples = [s for s in family.samples if s.labels['service'] == 'wordpress']

    assert family.type == 'stateset'
    assert {s.labels['juju_health_service_health']: s.value for s in samples} == {
        'passed': 0,
        'warn': 1,
        'unknown': 0,
        'fail': 0,
    }


@pytest.mark.slow
@given(snapshots())
def test_both_dialects_are_read_whole_and_say_the_same(snapshot: Snapshot) -> None:
    def values(families: list[Metric]) -> set[tuple[str, tuple[tuple[str, str], ...], float]]:
        return {
            (sample.name, tuple(sorted(sample.labels.items())), sample.value)
            for family in families
            for sample in family.samples
        }

    text = openmetrics.render(snapshot, OPTIONS)
    plain = openmetrics.render_textfile(snapshot, OPTIONS)

    assert text.endswith('# EOF\n')
    assert '# EOF' not in plain.splitlines()
    assert values(_read_modern(text)) == values(
        list(classic.text_string_to_metric_families(plain))
    )
    lines = [line.rpartition(' ')[0] for line in plain.splitlines() if line[0] != '#']
    assert len(lines) == len(set(lines)), 'no series comes twice'


@pytest.mark.slow
@given(snapshots())
def test_no_message_becomes_a_label(snapshot: Snapshot) -> None:
    allowed = {'model', 'controller', 'service', 'unit', 'check', 'coverage', 'health', 'of'}
    allowed |= {'cause', 'kind', 'certainty', 'view'}
    for family in _read(snapshot).values():
        for sample in family.samples:
            assert set(sample.labels) <= {*allowed, family.name}


def test_check_names_that_change_all_the_time_do_not_make_series_without_end() -> None:
    told = application('web', 1)
    checks = [check(f'check-{n}', Health.PASSED) for n in range(500)]
    found = _read(snapshot_of([collate(told, [reported(told.units[0], checks)])]))

    series = found['juju_health_check_health'].samples
    assert len(series) == metrics.MAX_CHECKS * len(Health)
    assert {s.labels['of']: s.value for s in found['juju_health_left_out_series'].samples} == {
        'services': 0,
        'units': 0,
        'checks': 500 - metrics.MAX_CHECKS,
        'causes': 0,
        'views': 0,
    }


def test_of_two_services_whose_names_look_the_same_the_worse_counts() -> None:
    services = []
    for name, health in (('web', Health.PASSED), ('web\x00', Health.FAIL)):
        told = application(name, 1)
        services.append(collate(told, [reported(told.units[0], [check('http', health)])]))
    for label in ('service', 'check'):
        samples = _read(snapshot_of(services))[f'juju_health_{label}_health'].samples
        held = [s.labels[f'juju_health_{label}_health'] for s in samples if s.value == 1]
        assert held == ['fail']


@pytest.mark.slow
def test_units_beyond_the_bound_are_counted_instead() -> None:
    told = application('web', metrics.MAX_UNITS + 7)
    readings = [reported(unit, [check('http', Health.PASSED)]) for unit in told.units]
    found = _read(snapshot_of([collate(told, readings)]))

    assert len(found['juju_health_unit_health'].samples) == metrics.MAX_UNITS * len(Health)
    left_out = {s.labels['of']: s.value for s in found['juju_health_left_out_series'].samples}
    assert left_out['units'] == 7


def test_no_other_format_waits_for_the_library_of_metrics() -> None:
    code = 'import reconciler.cli.commands.sweep, sys; print("prometheus_client" in sys.modules)'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, check=True, text=True)
    assert done.stdout == 'False\n'

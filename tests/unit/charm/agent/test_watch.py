"""The last report, what changed in it, and counts that no reload loses."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from charm.agent.serve.metrics import UnitView, health_json, openmetrics
from charm.agent.ship.push import PushCounts
from charm.agent.ship.spool import Depth
from charm.agent.watch import Watch
from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult, Health, Report, StateName
from charm.kernel.report_json import encode
from charm.reporting.plan import Plan
from charm.reporting.runner import Job
from charm.reporting.states import States
from tests.support.health_json_schema import SCHEMA


def nothing(_deadline: Deadline) -> tuple[CheckResult, ...]:
    return ()


def plan(*names: str) -> Plan:
    return Plan('web/0', 'health/0', tuple(Job(name, 1.0, nothing) for name in names))


def result(name: str, health: Health = Health.PASSED) -> tuple[CheckResult, ...]:
    return (CheckResult(name, health, message='so'),)


def compose(watch: Watch) -> tuple[Report, bool]:
    """Make a report and show it, as the loop does; return it, and whether it is a change."""
    made, changed = watch.prepare()
    watch.show(made)
    return made, changed


def test_what_has_not_run_yet_is_unknown_and_never_good_news() -> None:
    watch = Watch(plan('disk', 'load'), lambda: 5.0)
    watch.take('disk', result('disk'))
    report, changed = compose(watch)
    assert changed
    assert [check.health for check in report.checks] == [Health.PASSED, Health.UNKNOWN]
    assert report.checks[1].message == 'it has not run yet'
    assert not watch.complete


def test_a_report_is_a_change_only_if_a_health_differs() -> None:
    watch = Watch(plan('disk'), lambda: 5.0)
    found = []
    for health in (Health.PASSED, Health.PASSED, Health.FAIL, Health.FAIL, Health.PASSED):
        watch.take('disk', result('disk', health))
        found.append(compose(watch)[1])
    assert found == [True, False, True, False, True]
    assert watch.counts['disk'].flips == 2
    assert watch.counts['disk'].runs == 5


def test_sequences_grow_even_within_one_millisecond() -> None:
    watch = Watch(plan('disk'), lambda: 5.0)
    found = [compose(watch)[0].sequence or 0 for _ in range(200)]
    assert found == sorted(set(found))


def test_a_restart_is_no_change() -> None:
    first = Watch(plan('disk'), lambda: 5.0)
    first.take('disk', result('disk', Health.FAIL))
    report, _changed = compose(first)
    second = Watch(plan('disk'), lambda: 9.0, (report, 5.0))
    assert second.age_seconds == 4.0
    assert not second.take('disk', result('disk', Health.FAIL))
    assert not compose(second)[1]
    assert second.take('disk', result('disk', Health.PASSED))


def test_what_an_agent_found_just_before_stands_until_the_check_has_run_again() -> None:
    first = Watch(plan('disk', 'load'), lambda: 5.0)
    for name in ('disk', 'load'):
        first.take(name, result(name))
    report, _changed = compose(first)
    soon = Watch(plan('disk', 'load', 'new'), lambda: 9.0, (report, 5.0))
    soon.take('load', result('load', Health.FAIL))
    assert list(soon.unheard) == ['new']
    soon.take('new', ())
    assert not soon.unheard
    healths = [check.health for check in compose(soon)[0].checks]
    assert healths == [Health.PASSED, Health.FAIL]
    late = Watch(plan('disk', 'load'), lambda: 5000.0, (report, 5.0))
    assert late.unheard == ('disk', 'load')
    assert {check.health for check in compose(late)[0].checks} == {Health.UNKNOWN}


def test_a_change_of_state_or_of_its_blockers_is_a_change(tmp_path: Path) -> None:
    watch = Watch(dataclasses.replace(plan('disk'), states=tmp_path), lambda: 5.0)
    watch.take('disk', result('disk'))
    states = States('web/0', tmp_path)
    found = []
    for name, message, blockers in (
        (StateName.BLOCKED, '', ['db']),
        (StateName.BLOCKED, '', ['db', 'cache']),
        (StateName.BLOCKED, 'soon', ['db', 'cache']),
        (StateName.UP, '', []),
    ):
        states.set('web', name, message, blockers)
        found.append(compose(watch)[1])
    assert found == [True, True, False, True]


def test_a_reload_keeps_counts_and_answers_and_forgets_what_is_gone() -> None:
    watch = Watch(plan('disk', 'load'), lambda: 5.0)
    for name in ('disk', 'load'):
        watch.take(name, result(name))
        watch.skip(name)
    watch.replan(plan('disk', 'new'))
    assert watch.counts['disk'].runs == 1
    assert watch.counts['disk'].skips == 1
    assert 'load' not in watch.counts
    assert [check.name for check in compose(watch)[0].checks] == ['disk', 'new']


def test_a_second_change_of_a_check_is_not_taken_before_the_first_is_reported() -> None:
    watch = Watch(plan('disk'), lambda: 5.0)
    watch.take('disk', result('disk'))
    compose(watch)
    assert watch.take('disk', result('disk', Health.FAIL))
    assert watch.covers('disk')
    compose(watch)
    assert not watch.covers('disk')


def test_jobs_of_one_name_are_told_apart() -> None:
    watch = Watch(plan('check', 'check'), lambda: 5.0)
    assert [job.name for job in watch.plan.jobs] == ['check', 'check-2']
    watch.take('check', result('check'))
    watch.take('check-2', result('check', Health.FAIL))
    assert [check.name for check in compose(watch)[0].checks] == ['check', 'check-2']


def test_only_some_checks_make_a_report_of_their_own_and_leave_the_last() -> None:
    watch = Watch(plan('disk', 'load'), lambda: 5.0)
    watch.take('disk', result('disk'))
    compose(watch)
    before = watch.report
    assert [check.name for check in watch.compose_only(['disk']).checks] == ['disk']
    assert watch.report is before


def view(*healths: Health) -> UnitView:
    watch = Watch(plan(*(f'c"{number}\n' for number, _ in enumerate(healths))), lambda: 5.0)
    for number, health in enumerate(healths):
        watch.take(f'c"{number}\n', (CheckResult(f'c"{number}\n', health, 0.5, duration=0.1),))
    compose(watch)
    depth = Depth(1, 2, 3, 4, 5)
    return UnitView('web/0', watch.report, 1.5, watch.counts, depth, PushCounts(1, 2, 3))


def test_health_is_503_for_fail_and_for_no_evidence() -> None:
    for health, status, word in (
        (Health.PASSED, 200, 'pass'),
        (Health.WARN, 200, 'warn'),
        (Health.UNKNOWN, 503, 'fail'),
        (Health.FAIL, 503, 'fail'),
    ):
        found, document = health_json([view(Health.PASSED, health)])
        assert (found, document['status']) == (status, word)
    assert health_json([UnitView('web/0', None, 0.0, {})])[0] == 503
    assert health_json([])[0] == 503


def test_metrics_are_open_metrics_as_their_own_parser_reads_them() -> None:
    text = openmetrics([view(Health.PASSED, Health.FAIL)], {'requests_refused': 3.0})
    parse: Any = text_string_to_metric_families
    families = {family.name: family for family in parse(text)}
    states = families['juju_health_check'].samples
    chosen = {
        sample.labels['check']: sample.labels['juju_health_check']
        for sample in states
        if sample.value
    }
    assert chosen == {'c"0\n': 'passed', 'c"1\n': 'fail'}
    assert families['juju_health_check_runs'].type == 'counter'
    assert families['juju_health_spool_reports'].samples[0].value == 1.0
    assert families['juju_health_agent_requests_refused'].samples[0].value == 3.0


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.sampled_from(Health), st.floats(0, 1) | st.none())))
def test_whatever_checks_are_called_their_metrics_are_read_whole(
    told: list[tuple[str, Health, float | None]],
) -> None:
    checks = {name: CheckResult(name, health, qos) for name, health, qos in told}
    report = Report('web', 'web/0', Health.PASSED, checks=tuple(checks.values()))
    text = openmetrics([UnitView('web/0', report, 1.5, {})], {})
    parse: Any = text_string_to_metric_families
    families = {family.name: family for family in parse(text)}
    samples = families['juju_health_check'].samples if checks else []
    held = [one.labels['juju_health_check'] for one in samples if one.value]
    assert held == [check.health.value for check in checks.values()]
    measured = [check.qos for check in checks.values() if check.qos is not None]
    qos = families['juju_health_check_qos'].samples if measured else []
    assert [one.value for one in qos] == pytest.approx(measured)


def test_the_health_document_is_what_the_draft_describes() -> None:
    views = [view(*Health), UnitView('db/0', None, 0.0, {})]
    document = json.loads(json.dumps(health_json(views)[1]))
    jsonschema.validate(document, SCHEMA)
    assert document['checks']['web/0:c"1\n'][0]['health'] == 'warn'
    assert document['output'] == 'fail'
    assert 'output' not in health_json([view(Health.PASSED)])[1]


def test_every_report_can_be_written() -> None:
    watch = Watch(plan(), lambda: 5.0)
    assert encode(compose(watch)[0])
    assert watch.complete

"""A unit's plan: callbacks, built-ins, what sources find, and what the operator made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from charm.checks.check import CheckSpec, Verdict
from charm.checks.kinds import BUILT_IN
from charm.kernel.deadline import Deadline
from charm.kernel.errors import DefinitionError, FileError
from charm.kernel.report import CheckResult, Health
from charm.reporting.plan import Plan, make_plan
from charm.reporting.sweep import sweep
from charm.sources import discovery
from charm.sources.found import NESTED, FoundChecks
from tests.support.patience import PATIENCE


@dataclass(frozen=True)
class Says:
    health: Health

    def run(self, deadline: Deadline) -> Verdict:
        return Verdict(self.health, 'said')


FOUND = FoundChecks(
    (
        CheckSpec('nrpe-check_web', Says(Health.WARN), 60.0, '/etc/nagios/nrpe.d/web.cfg'),
        CheckSpec('pebble', Says(Health.FAIL), source='/run/pebble'),
    ),
    (DefinitionError('/etc/nagios/nrpe.d/x.cfg', 'line 1', 'no command'),),
)


def check_db(service_name: str) -> Any:
    return {'health': 'passed', 'message': service_name}


def plan(tmp_path: Path, text: str = '', found: FoundChecks = FOUND, **more: Any) -> Plan:
    directory = tmp_path / 'checks.d'
    directory.mkdir(exist_ok=True)
    states = more.pop('states', None)
    (directory / '50-charm-config.yaml').write_text(text or '# nothing\n')
    made = make_plan(
        'web/0',
        'health/3',
        {'web': [check_db]},
        directory,
        plug_ins=tmp_path / 'none',
        find=lambda _unit, _reporter: found,
        **more,
    )
    return made if states is None else replace(made, states=states)


def test_all_of_them_are_in_it_in_order_with_where_they_come_from(tmp_path: Path) -> None:
    made = plan(tmp_path)
    assert made.names == ('check_db', *BUILT_IN, 'nrpe-check_web', 'pebble')
    told = {job.name: job.source for job in made.jobs}
    assert told['check_db'] == 'callback'
    assert told['disk'] == 'built-in'
    assert told['nrpe-check_web'] == '/etc/nagios/nrpe.d/web.cfg'
    assert made.faults == FOUND.faults


def test_the_operator_changes_any_of_them(tmp_path: Path) -> None:
    made = plan(
        tmp_path,
        'checks:\n'
        '  check_db: {rename: database, timeout: 2}\n'
        '  nrpe-check_web: {interval: 300, fail_after: 2}\n'
        '  pebble: {enabled: false}\n'
        '  load: {enabled: false}\n'
        '  web: {kind: tcp, port: 80}\n',
    )
    assert made.faults == FOUND.faults
    assert set(made.names) == {*BUILT_IN, 'database', 'nrpe-check_web', 'web'} - {'load'}
    jobs = {job.name: job for job in made.jobs}
    assert jobs['database'].timeout_seconds == 2.0
    assert jobs['nrpe-check_web'].interval_seconds == 300.0
    assert made.settling['nrpe-check_web'].fail_after == 2


def test_the_report_has_their_answers_and_the_faults(tmp_path: Path) -> None:
    off = ''.join(f'  {name}: {{enabled: false}}\n' for name in BUILT_IN)
    report = sweep(plan(tmp_path, f'checks:\n{off}'), Deadline.after(PATIENCE))
    assert {check.name: check.health for check in report.checks} == {
        'check_db': Health.PASSED,
        'nrpe-check_web': Health.WARN,
        'pebble': Health.FAIL,
        'definition:x.cfg': Health.UNKNOWN,
    }


@dataclass(frozen=True)
class Many:
    """A check with more answers than one, as the principal is."""

    def run_all(self, name: str, deadline: Deadline) -> tuple[CheckResult, ...]:
        words = ('', '-db', '-cache', '-web')
        return tuple(CheckResult(f'{name}{word}', Health.FAIL) for word in words)


def test_the_operator_changes_one_answer_of_many(tmp_path: Path) -> None:
    found = FoundChecks((CheckSpec('principal', Many()),))
    made = plan(
        tmp_path,
        'checks:\n'
        '  principal: {fail_after: 2}\n'
        '  principal-db: {enabled: false}\n'
        '  principal-cache: {rename: cache}\n'
        '  principal-web: {rename: web, fail_after: 3}\n',
        found,
        states=tmp_path / 'states',
    )
    checks = {one.name: one for one in sweep(made, Deadline.after(PATIENCE)).checks}
    assert {'principal', 'cache', 'web'} <= set(checks)
    assert not {name for name in checks if name.startswith('principal-')}
    rules = {name: made.settling[name].fail_after for name in ('principal', 'cache', 'web')}
    assert rules == {'principal': 2, 'cache': 2, 'web': 3}
    assert all('settling' in checks[name].data for name in rules)


def test_a_definition_for_a_source_s_name_takes_its_place(tmp_path: Path) -> None:
    made = plan(tmp_path, 'checks:\n  pebble: {kind: tcp, port: 1}\n')
    assert made.names.count('pebble') == 1
    assert next(job for job in made.jobs if job.name == 'pebble').source.endswith('config.yaml')


def test_asked_by_a_subordinate_a_charm_runs_its_own_checks_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NESTED, '1')
    text = 'checks:\n  check_db: {timeout: 3}\n  web: {kind: load}\n  dsik: {timeout: 3}\n'
    made = plan(tmp_path, text)
    assert [(job.name, job.timeout_seconds) for job in made.jobs] == [('check_db', 3.0)]
    assert made.faults == ()


def test_a_source_that_breaks_is_one_fault_and_costs_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_given: object) -> FoundChecks:
        raise FileError('cannot read it: gone')

    def denied(*_given: object) -> FoundChecks:
        raise PermissionError('denied')

    table = {'a': broken, 'b': lambda *_given: FOUND, 'c': denied, 'd': lambda *_given: 1 / 0}
    monkeypatch.setattr(discovery, 'SOURCES', table)
    found = discovery.find('web/0', 'health/3')
    assert found.specs == FOUND.specs
    assert [fault.source for fault in found.faults] == [
        *('a', '/etc/nagios/nrpe.d/x.cfg', 'c', 'd')
    ]
    assert found.faults[-1].reason == 'ZeroDivisionError: division by zero'


def test_a_source_knows_what_those_before_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, ...]] = []

    def second(_unit: str, _reporter: str, before: FoundChecks) -> FoundChecks:
        seen.append(before.names)
        return FoundChecks()

    monkeypatch.setattr(discovery, 'SOURCES', {'a': lambda *_given: FOUND, 'b': second})
    discovery.find('web/0', 'health/3')
    assert seen == [('nrpe-check_web', 'pebble')]

"""The principal's own health hook is a guest: it answers for its unit, in time, or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from charm.checks.check import CheckSpec
from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult, Health
from charm.reporting.plan import Plan
from charm.reporting.runner import check_job, run_jobs
from charm.reporting.sweep import sweep
from charm.sources.found import NESTED
from charm.sources.overrides import AnswerChange
from charm.sources.principal import find
from charm.sources.principal_hook import Principal
from tests.support.patience import PATIENCE

REPORT = {
    'schema': 1,
    'service': 'web',
    'unit': 'web/0',
    'health': 'warn',
    'qos': 0.5,
    'state': {'name': 'blocked', 'duration': 3.0, 'blockers': ['db']},
    'checks': [
        {'name': 'db-cxn', 'health': 'warn', 'message': 'slow', 'data': {'ms': 7}},
        {'name': 'cache', 'health': 'passed'},
    ],
}


@pytest.fixture
def agents(tmp_path: Path) -> Path:
    (tmp_path / 'agents' / 'unit-web-0' / 'charm' / 'hooks').mkdir(parents=True)
    return tmp_path / 'agents'


def hook(agents: Path, body: str) -> CheckSpec:
    path = agents / 'unit-web-0' / 'charm' / 'hooks' / 'health'
    path.write_text(f'#!/bin/sh\n{body}\n')
    path.chmod(0o755)
    (spec,) = find('web/0', 'health/3', agents).specs
    return spec


def printing(agents: Path, document: Any, more: str = '') -> CheckSpec:
    text = document if isinstance(document, str) else json.dumps(document)
    (agents / 'said').write_text(text)
    return hook(agents, f'cat {agents}/said; {more}')


def results(spec: CheckSpec, seconds: float = PATIENCE) -> tuple[CheckResult, ...]:
    return run_jobs([check_job(spec)], Deadline.after(seconds))


def test_each_of_its_checks_becomes_one_of_the_unit_s(agents: Path) -> None:
    whole, db, cache = results(printing(agents, REPORT))
    assert (whole.name, whole.health, whole.qos) == ('principal', Health.WARN, 0.5)
    assert whole.message == 'not passed: db-cxn; blocked by db'
    assert whole.data == {'state': 'blocked', 'state_duration': 3.0, 'blockers': ['db']}
    assert (db.name, db.health, db.data) == ('principal-db-cxn', Health.WARN, {'ms': 7})
    assert (cache.name, cache.health) == ('principal-cache', Health.PASSED)


def test_what_it_asks_for_and_depends_on_goes_into_the_unit_s_report(agents: Path) -> None:
    rollup = {'rule': 'at-least', 'count': 2}
    spec = printing(agents, {**REPORT, 'rollup': rollup, 'requires': ['db'], 'provides': ['web']})
    plan = Plan('web/0', 'health/3', (check_job(spec),), states=agents)
    made = sweep(plan, Deadline.after(PATIENCE))
    assert (made.rollup, made.requires, made.provides) == (rollup, ('db',), ('web',))
    own = replace(plan, rollup={'rule': 'best'})
    assert sweep(own, Deadline.after(PATIENCE)).rollup == {'rule': 'best'}
    renamed = replace(plan, answers={'principal': AnswerChange(rename='charm')})
    assert sweep(renamed, Deadline.after(PATIENCE)).requires == ('db',)


def test_a_subset_report_or_a_list_of_them_will_do(agents: Path) -> None:
    whole, one = results(printing(agents, {'name': 'db', 'health': 'passed'}))
    assert (whole.health, one.name) == (Health.PASSED, 'principal-db')
    assert whole.message == '1 checks passed'
    many = results(printing(agents, [{'health': 'fail'}, {'name': 'x', 'health': 'passed'}]))
    assert [one.name for one in many] == ['principal', 'principal-check', 'principal-x']
    assert many[0].health is Health.FAIL


def test_of_what_it_says_as_a_whole_and_of_its_checks_the_worse_counts(agents: Path) -> None:
    milder = {**REPORT, 'health': 'passed'}
    assert results(printing(agents, milder))[0].health is Health.WARN
    harsher = {**REPORT, 'health': 'fail', 'checks': []}
    assert results(printing(agents, harsher))[0].health is Health.FAIL
    empty = {**REPORT, 'health': 'passed', 'checks': []}
    assert results(printing(agents, empty))[0].health is Health.UNKNOWN


@pytest.mark.parametrize(
    ('document', 'said'),
    [
        ({**REPORT, 'unit': 'db/0'}, "it is for 'db/0', not for 'web/0'"),
        ({**REPORT, 'unit': 'web/1'}, "it is for 'web/1'"),
        ({**REPORT, 'schema': 2}, 'upgrade the reader'),
        ({**REPORT, 'qos': 7}, 'qos'),
        ('', 'not JSON'),
        ('hello', 'not JSON'),
        ('[' * 100 + ']' * 100, 'nested deeper'),
        ('x' * 1_200_000, 'printed 1200000 bytes'),
    ],
)
def test_what_cannot_be_believed_is_one_unknown_check(
    agents: Path, document: Any, said: str
) -> None:
    (one,) = results(printing(agents, document))
    assert (one.name, one.health) == ('principal', Health.UNKNOWN)
    assert said in one.message


def test_a_hook_that_fails_or_overruns_is_unknown_with_its_last_words(agents: Path) -> None:
    (one,) = results(hook(agents, 'echo "no module named x" >&2; exit 1'))
    assert 'exited with 1: no module named x' in one.message
    (one,) = results(hook(agents, 'exec sleep 60'), seconds=1.5)
    assert (one.name, one.health) == ('principal', Health.UNKNOWN)
    assert 'did not answer in time' in one.message


def test_it_is_given_its_own_unit_and_charm_and_nothing_of_ours(
    agents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('JUJU_CONTEXT_ID', 'ours')
    spec = hook(
        agents,
        'echo "{\\"health\\": \\"passed\\", \\"message\\": \\"$JUJU_UNIT_NAME $CHARM_DIR'
        f' $PWD ${NESTED} $JUJU_CONTEXT_ID\\"}}"',
    )
    charm = agents / 'unit-web-0' / 'charm'
    _whole, one = results(spec)
    assert one.message == f'web/0 {charm} {charm} 1 '


def test_who_is_asked_by_a_principal_does_not_ask_it_back(agents: Path) -> None:
    spec = printing(agents, REPORT)
    assert isinstance(spec.check, Principal)
    nested = replace(spec, check=replace(spec.check, environment={NESTED: '1'}))
    (one,) = results(nested)
    assert 'its health hook asks us' in one.message


def test_a_unit_that_reports_for_itself_has_no_principal(agents: Path) -> None:
    printing(agents, REPORT)
    assert find('web/0', 'web/0', agents).specs == ()
    assert find('web/1', 'health/3', agents).specs == ()


@pytest.mark.parametrize(
    ('mode', 'said'),
    [(0o777, 'others may write it'), (0o775, 'others may write it'), (0o644, 'not an executable')],
)
def test_a_hook_that_others_may_write_is_not_run(agents: Path, mode: int, said: str) -> None:
    spec = printing(agents, REPORT)
    Path(spec.source).chmod(mode)
    (one,) = results(spec)
    assert one.health is Health.UNKNOWN
    assert said in one.message


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')
def test_a_hook_that_somebody_else_owns_is_not_run(agents: Path) -> None:
    spec = printing(agents, REPORT)
    os.chown(spec.source, 12345, 12345)
    (one,) = results(spec)
    assert 'user 12345 owns it' in one.message


def test_a_hook_that_leads_nowhere_is_said(agents: Path) -> None:
    path = agents / 'unit-web-0' / 'charm' / 'hooks' / 'health'
    path.symlink_to(agents / 'none')
    (spec,) = find('web/0', 'health/3', agents).specs
    (one,) = results(spec)
    assert one.health is Health.UNKNOWN
    assert 'No such file' in one.message

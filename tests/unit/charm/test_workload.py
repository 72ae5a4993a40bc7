"""A report as Juju's workload status: one word, one line."""

from __future__ import annotations

import pytest
from hypothesis import given

from charm.report import CheckResult, Health, Report, State, StateName
from charm.workload import describe, with_troubles
from tests.charmed.tool import WORDS
from tests.strategies import reports


def report(*checks: CheckResult, state: State | None = None) -> Report:
    worst = max((one.health for one in checks), key=lambda one: one.rank, default=Health.UNKNOWN)
    return Report('web', 'web/0', worst, checks=checks, state=state)


DISK = CheckResult('disk', Health.FAIL, message='/srv is full')
LOAD = CheckResult('load', Health.WARN, message='3 per CPU')
FINE = CheckResult('memory', Health.PASSED)
LOST = CheckResult('db', Health.UNKNOWN, message='no answer')


@pytest.mark.parametrize(
    ('made', 'word', 'message'),
    [
        (report(FINE), 'active', 'passed: 1 checks'),
        (report(FINE, LOAD), 'active', 'warn: load: 3 per CPU'),
        (report(FINE, LOST), 'waiting', 'unknown: db: no answer'),
        (
            report(LOAD, DISK, LOST, CheckResult('page', Health.FAIL, message='500')),
            'blocked',
            'fail: disk: /srv is full; page: 500; db: no answer (and 1 more)',
        ),
        (report(), 'waiting', 'unknown: there are no checks'),
        (
            report(FINE, state=State(StateName.BLOCKED, blockers=('db', 'ldap'))),
            'blocked',
            'waits for db, ldap',
        ),
        (report(FINE, state=State(StateName.INSTALLING)), 'waiting', 'installing'),
        (report(FINE, state=State(StateName.ERROR, message='x')), 'blocked', 'error: x'),
        (report(FINE, state=State(StateName.CHURNING)), 'active', 'passed: 1 checks'),
    ],
)
def test_the_word_and_the_line(made: Report, word: str, message: str) -> None:
    assert describe(made) == (word, message)


def test_what_the_operator_has_to_put_right_comes_first() -> None:
    status = describe(report(FINE))
    assert with_troubles(status, []) == status
    assert with_troubles(status, ['a', 'b']) == ('blocked', 'a (and 1 more)')
    word, message = with_troubles(status, ['x' * 999, 'y'])
    assert (word, len(message)) == ('blocked', 160)


@given(reports())
def test_any_report_becomes_one_line_that_status_set_takes(made: Report) -> None:
    word, message = describe(made)
    assert word in WORDS
    assert message.isprintable()
    assert 0 < len(message) <= 160

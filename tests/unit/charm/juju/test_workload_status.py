"""A report as Juju's workload status: one word, one line."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given

from charm.juju.workload_status import describe, is_of, newest_change, with_troubles
from charm.kernel.report import CheckResult, Health, Report, State, StateName
from charm.kernel.safe_text import clean
from tests.charmed.tool import WORDS
from tests.support.strategies import reports


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
    assert message == clean(message)
    assert 0 < len(message) <= 160


NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)


def ran(*seconds_ago: float) -> Report:
    checks = [replace(FINE, at=NOW - timedelta(seconds=ago)) for ago in seconds_ago]
    return replace(report(*checks), reported_at=NOW)


@pytest.mark.parametrize(
    ('made', 'changed_ago', 'counts'),
    [
        (ran(5, 20), 60, True),
        # One check was last run before the change, as its turn has not come again.
        (ran(5, 61), 60, False),
        # It was run after the change, and maybe before the agent was told of it.
        (ran(5, 55), 60, False),
        (ran(), 60, True),
        (ran(), 3, False),
        (replace(ran(5), reported_at=None), 60, True),
        (replace(ran(), reported_at=None), 60, False),
        (replace(report(FINE), reported_at=None), 60, False),
    ],
)
def test_a_report_of_the_agent_is_of_what_it_reads_now_or_does_not_count(
    made: Report, changed_ago: float, counts: bool
) -> None:
    assert is_of(made, NOW.timestamp() - changed_ago) is counts


def test_a_change_of_any_file_or_of_what_a_link_names_is_seen(tmp_path: Path) -> None:
    etc, link = tmp_path / 'etc', tmp_path / 'current'
    (etc / 'checks.d').mkdir(parents=True)
    link.symlink_to('one')
    assert newest_change((tmp_path / 'nothing',)) == 0.0
    before = newest_change((etc, link))
    assert before > 0.0
    file = etc / 'checks.d' / 'a.json'
    file.write_text('{}')
    # As an editor or a package would that keeps times: the kernel's own tells all the same.
    os.utime(file, (1.0, 1.0))
    after = newest_change((etc, link))
    assert after >= file.lstat().st_ctime >= before
    file.unlink()
    assert newest_change((etc, link)) >= after

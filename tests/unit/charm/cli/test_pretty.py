"""A report for people: the worst first, and nothing in it that moves a terminal."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given

from charm.cli.pretty import pretty
from charm.kernel.report import CheckResult, Health, Report, State, StateName
from tests.support.strategies import reports

REPORT = Report(
    'web',
    'web/0',
    Health.FAIL,
    qos=0.5,
    state=State(StateName.BLOCKED, 150.0, message='no database', blockers=('cache', 'db')),
    checks=(
        CheckResult('disk', Health.PASSED, message='plenty'),
        CheckResult('load', Health.UNKNOWN, message='cannot read it'),
        CheckResult('db-cxn', Health.FAIL, message='refused'),
        CheckResult('age', Health.PASSED),
        CheckResult('clock', Health.WARN, message='not synchronised'),
    ),
)


def test_a_report_in_words() -> None:
    assert pretty(REPORT).splitlines() == [
        'fail     web/0  qos 0.5',
        '         state blocked by cache, db for 2 min: no database',
        'fail     db-cxn  refused',
        'unknown  load    cannot read it',
        'warn     clock   not synchronised',
        'passed   age',
        'passed   disk    plenty',
    ]


def test_only_the_verdicts_have_colour() -> None:
    coloured = pretty(REPORT, colour=True)
    assert coloured.startswith('\033[31mfail   \033[0m  web/0')
    assert coloured.count('\033[0m') == 1 + len(REPORT.checks)


@pytest.mark.slow
@given(reports())
def test_no_report_moves_the_terminal_or_breaks_a_line(report: Report) -> None:
    lines = pretty(report).split('\n')
    assert len(lines) == 1 + (report.state is not None) + len(report.checks)
    controls = [letter for line in lines for letter in line if category(letter) == 'Cc']
    assert controls == []

"""Programs that print subset reports, lists of them, and nonsense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from charm.checks.conversion import Command
from charm.checks.kinds.script import Script
from charm.kernel.errors import CheckError, CommandError
from charm.kernel.report import Health
from tests.support.checking import program, run


def script(tmp_path: Path, printed: Any, more: str = '') -> Script:
    text = printed if isinstance(printed, str) else json.dumps(printed)
    (tmp_path / 'printed').write_text(text)
    return Script(Command((program(tmp_path, f'cat {tmp_path}/printed; {more}'),)))


def test_what_it_reports_is_the_verdict(tmp_path: Path) -> None:
    verdict = run(
        script(
            tmp_path,
            {'health': 'warn', 'message': '3 of 4', 'qos': 0.75, 'data': {'replicas': 3}},
        )
    )
    assert (verdict.health, verdict.message, verdict.qos) == (Health.WARN, '3 of 4', 0.75)
    assert verdict.data == {'replicas': 3}


def test_pass_reads_as_passed_and_a_list_of_one_as_that_one(tmp_path: Path) -> None:
    verdict = run(script(tmp_path, [{'health': 'pass', 'message': 'well'}]))
    assert (verdict.health, verdict.message) == (Health.PASSED, 'well')


def test_of_a_list_the_worst_counts_and_all_are_in_the_data(tmp_path: Path) -> None:
    parts = [
        {'name': 'a', 'health': 'passed', 'qos': 0.9},
        {'name': 'b', 'health': 'fail', 'message': 'gone', 'qos': 0.2},
        {'name': 'b', 'health': 'fail', 'message': 'gone too'},
        {'health': 'warn'},
    ]
    verdict = run(script(tmp_path, parts))
    assert (verdict.health, verdict.qos) == (Health.FAIL, 0.2)
    assert verdict.message == 'b: gone, b-2: gone too'
    names = [one['name'] for one in verdict.data['checks']]
    assert names == ['a', 'b', 'b-2', 'part-4']
    well = run(script(tmp_path, [{'health': 'passed'}] * 3))
    assert well.message == 'all 3 parts passed'


@pytest.mark.parametrize(
    ('printed', 'said'),
    [
        ({'health': 'grean'}, "'grean' is not a health"),
        ({}, 'health'),
        ({'health': 'passed', 'qos': 1.5}, 'qos'),
        ({'health': 'passed', 'message': ['x']}, 'message'),
        ([], 'empty list'),
        ([7], 'int, not a mapping'),
    ],
)
def test_a_report_that_is_none_is_unknown_with_its_path(
    tmp_path: Path, printed: Any, said: str
) -> None:
    verdict = run(script(tmp_path, printed))
    assert verdict.health is Health.UNKNOWN
    assert said in verdict.message


@pytest.mark.parametrize(
    ('printed', 'said'),
    [
        ('', 'not JSON'),
        ('hello', 'not JSON'),
        ('{"health": "passed"', 'not JSON'),
        ('{"health": "passed", "qos": NaN}', 'NaN'),
        ('{"health": "passed", "health": "fail"}', 'duplicate'),
        ('7', 'not a JSON object or array'),
        ('[' * 100 + ']' * 100, 'nested deeper'),
    ],
)
def test_what_is_not_json_is_refused(tmp_path: Path, printed: str, said: str) -> None:
    with pytest.raises(CheckError, match=said):
        run(script(tmp_path, printed))


def test_an_exit_code_is_never_ignored(tmp_path: Path) -> None:
    good = {'health': 'passed'}
    with pytest.raises(CheckError, match='exited with 3: no module named x'):
        run(script(tmp_path, good, 'echo "no module named x" >&2; exit 3'))
    with pytest.raises(CheckError, match='was killed by SIGTERM'):
        run(script(tmp_path, good, 'kill $$'))
    with pytest.raises(CheckError, match='did not end in time'):
        run(script(tmp_path, good, 'exec sleep 60'), seconds=0.3)
    with pytest.raises(CheckError, match='printed 2000000 bytes'):
        run(Script(Command(('head', '-c', '2000000', '/dev/zero'))))
    with pytest.raises((CheckError, CommandError), match='cannot run /nonexistent'):
        run(Script(Command(('/nonexistent',))))

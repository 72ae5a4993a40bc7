"""What checks have been up to is kept from run to run, and both answers are in the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest

from charm.checks.settling_rule import SettlingRule
from charm.kernel import report_json
from charm.kernel.errors import FileError
from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health
from charm.reporting import settling_store
from charm.reporting.settling_store import Settler
from tests.support.checking import healths
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

START = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


def result(health: Health, minute: int, name: str = 'db') -> CheckResult:
    return CheckResult(name, health, message='said', at=START + timedelta(minutes=minute))


@pytest.fixture
def settler(tmp_path: Path) -> Settler:
    return Settler(tmp_path / 'states' / 'web-0.settling.json', {'db': SettlingRule(fail_after=3)})


def test_the_report_has_both_healths(settler: Settler) -> None:
    settler.settle([result(Health.PASSED, 0)])
    (one,) = settler.settle([result(Health.FAIL, 1)])
    assert one.health is Health.PASSED
    assert one.message == 'fail once, still passed: said'
    assert one.data['settling'] == {
        'raw': 'fail',
        'flapping': False,
        'change_percent': 6.25,
        'held_runs': 1,
    }
    document = json.loads(report_json.encode(make_report('web', 'web/0', [one])))
    schema = json.loads((ROOT / 'charm' / 'report.schema.json').read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document['health'] == 'passed'


def test_what_has_no_rule_is_left_as_it_is_and_nothing_is_written(settler: Settler) -> None:
    given_results = (result(Health.FAIL, 0, 'other'),)
    assert settler.settle(given_results) == given_results
    assert not settler.path.parent.exists()


def test_counts_go_on_in_the_next_process(settler: Settler) -> None:
    settled_healths = []
    for minute, health in enumerate(healths('pfff')):
        again = Settler(settler.path, settler.rules)
        settled_healths += [one.health for one in again.settle([result(health, minute)])]
    assert settled_healths == list(healths('pppf'))


def test_an_answer_that_is_reported_twice_counts_once(settler: Settler) -> None:
    settler.settle([result(Health.PASSED, 0)])
    for _ in range(5):
        (one,) = settler.settle([result(Health.FAIL, 1)])
    assert one.health is Health.PASSED


def test_checks_that_are_not_run_this_time_keep_their_course(tmp_path: Path) -> None:
    rules = {name: SettlingRule(fail_after=2) for name in ('db', 'cache')}
    settler = Settler(tmp_path / 'courses.json', rules)
    settler.settle([result(Health.PASSED, 0), result(Health.PASSED, 0, 'cache')])
    settler.settle([result(Health.FAIL, 1)])
    settler.settle([result(Health.FAIL, 1, 'cache')])
    (one,) = settler.settle([result(Health.FAIL, 2)])
    assert one.health is Health.FAIL


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'{', 'not JSON'),
        (b'{"schema":1,"checks":{"db":{"history":["grean"]}}}', "'grean' is not a valid Health"),
        (b'{"schema":1,"checks":{"db":{"history":[]}}}', 'checks.db.history: it is empty'),
        (b'{"schema":9}', 'schema: 9 where 1 belongs'),
    ],
)
def test_a_corrupt_file_is_set_aside_and_said(
    settler: Settler, content: bytes, reason: str
) -> None:
    settler.path.parent.mkdir()
    settler.path.write_bytes(content)
    (one,) = settler.settle([result(Health.FAIL, 0)])
    assert one.health is Health.FAIL
    assert reason in one.data['settling']['not_kept']
    (aside,) = settler.path.parent.glob('*.corrupt-*')
    assert aside.read_bytes() == content
    (one,) = settler.settle([result(Health.FAIL, 1)])
    assert 'not_kept' not in one.data['settling']


def test_where_nothing_can_be_written_the_report_is_made_all_the_same(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    settler = Settler(tmp_path / 'file' / 'courses.json', {'db': SettlingRule(fail_after=3)})
    (one,) = settler.settle([result(Health.FAIL, 0)])
    assert one.health is Health.FAIL
    assert 'cannot lock' in one.data['settling']['not_kept']


@pytest.mark.parametrize(('minutes', 'health'), [(14, Health.PASSED), (16, Health.FAIL)])
def test_what_nobody_keeps_any_more_holds_no_answer_back(
    settler: Settler, monkeypatch: pytest.MonkeyPatch, minutes: int, health: Health
) -> None:
    settler.settle([result(Health.PASSED, 0)])

    def denied(*_given: object) -> None:
        raise FileError('cannot lock it: Permission denied')

    monkeypatch.setattr(settling_store, 'locked', denied)
    for _ in range(2):
        (one,) = settler.settle([result(Health.FAIL, minutes)])
        assert one.health is health
        assert one.data['settling']['not_kept'] == 'cannot lock it: Permission denied'


def test_a_callback_settles_from_hook_to_hook(tmp_path: Path) -> None:
    plug_ins = tmp_path / 'callbacks.d'
    plug_ins.mkdir()
    (plug_ins / 'db.py').write_text(
        'from charm.checks.settling_rule import settle\n'
        f'ANSWER = open({str(tmp_path / "answer")!r})\n'
        '@settle(fail_after=2)\n'
        'def check_db(service_name):\n'
        '    return {"name": "db-cxn", "health": ANSWER.read()}\n'
        'CALLBACKS = [check_db]\n'
    )
    found = []
    for answer in ('passed', 'fail', 'fail'):
        (tmp_path / 'answer').write_text(answer)
        done = subprocess.run(
            [
                *(sys.executable, '-I', str(ROOT / 'hooks' / 'health')),
                *('--callbacks', str(plug_ins), '--check', 'check_db'),
            ],
            env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(tmp_path / 'states')},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.stderr == ''
        (check,) = json.loads(done.stdout)['checks']
        found.append((check['name'], check['health'], check['data']['settling']['raw']))
    assert found == [
        ('db-cxn', 'passed', 'passed'),
        ('db-cxn', 'passed', 'fail'),
        ('db-cxn', 'fail', 'fail'),
    ]


@pytest.mark.slow
def test_a_defined_check_settles_from_run_to_run(tmp_path: Path) -> None:
    answer = tmp_path / 'answer'
    directory = tmp_path / 'checks.d'
    directory.mkdir()
    (directory / 'a.yaml').write_text(
        'checks:\n'
        f'  db: {{kind: script, command: [cat, {answer}], rename: base}}\n'
        '  web: {kind: script, command: [cat, /nonexistent]}\n'
    )
    # As the charm writes it from its configuration: it changes what another file defines.
    (directory / '50-charm-config.yaml').write_text('checks:\n  db: {fail_after: 3}\n')
    found = []
    for word in ('passed', 'fail', 'fail', 'fail', 'passed'):
        answer.write_text(f'{{"health": "{word}"}}')
        done = subprocess.run(
            [
                *(sys.executable, '-I', str(ROOT / 'hooks' / 'health'), '--check', 'base'),
                *('--definitions', str(directory)),
            ],
            env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(tmp_path / 'states')},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.stderr == ''
        report = json.loads(done.stdout)
        (check,) = report['checks']
        assert report['health'] == check['health']
        found.append((check['health'], check['data']['settling']['raw']))
    assert found == [
        ('passed', 'passed'),
        ('passed', 'fail'),
        ('passed', 'fail'),
        ('fail', 'fail'),
        ('passed', 'passed'),
    ]

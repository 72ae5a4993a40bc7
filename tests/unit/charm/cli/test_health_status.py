"""`hooks/health-status` as hooks run it: a process of its own, in what Juju gives a hook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from charm.kernel import report_json
from charm.kernel.report import StateName
from tests.support.authors import PYTHONS, python_of
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT


class Commands:
    """The two commands, on one Python, with one place for states."""

    def __init__(self, place: Path, python: Path = Path(sys.executable)) -> None:
        self.place = place
        self._python = python

    def __call__(
        self, program: str, *arguments: str | bytes, unit: str = 'shop/0'
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._python), '-I', str(ROOT / 'hooks' / program), *arguments],
            env={
                'PATH': os.environ['PATH'],
                'JUJU_UNIT_NAME': unit,
                'JUJU_HEALTH_STATE': str(self.place),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def status(self, *arguments: str | bytes, unit: str = 'shop/0') -> str:
        done = self('health-status', *arguments, unit=unit)
        assert (done.returncode, done.stderr) == (0, '')
        return done.stdout


@pytest.fixture
def run(tmp_path: Path) -> Commands:
    return Commands(tmp_path / 'states')


@pytest.mark.parametrize('version', PYTHONS)
def test_what_a_hook_sets_the_report_says_on_every_python(version: str, tmp_path: Path) -> None:
    run = Commands(tmp_path, python_of(version))
    assert run.status('set', 'blocked', '--message', 'no db', '--blocker', 'db', 'a', 'db') == ''
    report = report_json.decode(run('health', '--check', 'load').stdout.encode())
    assert report.unit == 'shop/0'
    assert report.state is not None
    assert report.state.name is StateName.BLOCKED
    assert report.state.message == 'no db'
    assert report.state.blockers == ('a', 'db')
    assert report.state.duration is not None
    assert 0.0 <= report.state.duration < 60.0


def test_no_state_was_set_so_none_is_reported(run: Commands) -> None:
    assert json.loads(run.status('get')) == {'unit': 'shop/0', 'state': None, 'services': {}}
    assert json.loads(run('health', '--check', 'load').stdout)['state'] is None
    assert run.status('get', '--pretty') == 'shop/0 has no recorded state\n'


def test_each_service_has_its_own_and_the_unit_the_furthest_from_up(run: Commands) -> None:
    run.status('set', 'up')
    run.status('set', 'blocked', '--service', 'worker', '--blocker', 'queue', '--blocker', 'db')
    found = json.loads(run.status('get'))
    assert found['state']['name'] == 'blocked'
    assert {name: one['name'] for name, one in found['services'].items()} == {
        'shop': 'up',
        'worker': 'blocked',
    }
    pretty = run.status('get', '--pretty').splitlines()
    assert pretty[0].startswith('shop up for ')
    assert pretty[1].startswith('worker blocked by db, queue for ')
    assert list(json.loads(run.status('get', '--service', 'shop'))['services']) == ['shop']


def test_clearing_forgets(run: Commands) -> None:
    run.status('set', 'up')
    run.status('clear')
    assert json.loads(run.status('get'))['services'] == {}


@pytest.mark.slow
def test_units_on_one_machine_do_not_mix(run: Commands) -> None:
    run.status('set', 'up')
    run.status('set', 'error', unit='cache/12')
    run.status('set', 'churning', '--unit', 'db/3')
    names = [json.loads(run.status('get', '--unit', u))['state']['name'] for u in UNITS]
    assert names == ['up', 'error', 'churning']


UNITS = ('shop/0', 'cache/12', 'db/3')


@pytest.mark.slow
def test_a_passing_state_leaves_since_when(run: Commands) -> None:
    run.status('set', 'up')
    since = json.loads(run.status('get'))['state']['since']
    run.status('set', 'churning', '--passing')
    run.status('set', 'up')
    assert json.loads(run.status('get'))['state']['since'] == since


def test_any_bytes_make_a_message_that_can_be_reported(run: Commands) -> None:
    run.status('set', 'error', '--message', b'\xff\x1b[31m two\nlines ' + b'x' * 5000)
    message = json.loads(run('health', '--check', 'load').stdout)['state']['message']
    assert message.startswith('[31m two lines xxx')
    assert len(message) == 500


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['set', 'chruning'], "'chruning': it is not a state; did you mean 'churning'?"),
        (['set', 'unknown'], "'unknown': it is not a state"),
        (['set', 'up', '--blocker', 'db'], 'only `blocked` has them'),
        (['set', 'up', '--unit', 'shop'], "'shop': not a unit name such as wordpress/0"),
        (['set', 'up', '--unit', '../x/0'], 'not a unit name'),
        (['set', 'up', '--service', 'a\nb'], 'not the name of a service'),
        (['set'], 'the following arguments are required: STATE'),
        ([], 'the following arguments are required: COMMAND'),
        (['sett', 'up'], 'invalid choice'),
        (['clear', '--service', 'shop'], "cannot clear 'shop': it has no state; known: none"),
        (['set', 'up', '--directory', '/dev/null/x'], 'cannot lock'),
    ],
)
def test_a_wrong_command_line_exits_with_3_and_says_why(
    run: Commands, arguments: list[str], said: str
) -> None:
    done = run('health-status', *arguments)
    assert (done.returncode, done.stdout) == (3, '')
    assert said in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.slow
def test_a_corrupt_file_is_in_the_report_and_then_set_aside_aloud(run: Commands) -> None:
    run.place.mkdir()
    (run.place / 'shop-0.json').write_text('{"half')
    report = report_json.decode(run('health', '--check', 'load').stdout.encode())
    (check,) = [check for check in report.checks if check.name == 'states']
    assert check.health.value == 'unknown'
    assert 'shop-0.json: not JSON' in check.message
    assert run('health-status', 'get').returncode == 3
    done = run('health-status', 'set', 'up')
    assert done.returncode == 0
    assert 'it is kept as' in done.stderr
    assert json.loads(run.status('get'))['state']['name'] == 'up'


def test_its_help_names_every_state(run: Commands) -> None:
    text = run.status('--help')
    for name in StateName:
        assert name is StateName.UNKNOWN or name.value in text

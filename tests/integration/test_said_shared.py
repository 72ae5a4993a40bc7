"""Operators who share a health.yaml that names the history share what they say as well."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.config.suppressions_file import SuppressionsFile
from tests.standin.builder import World
from tests.support.command_line import Done, run

_HOLDS = ('--for', '2h', '--reason', 'r', '-m', 'lab:prod')


@dataclass(frozen=True)
class Operator:
    """One user, who has a state directory of one's own."""

    state: Path
    config: Path

    def run(self, *words: str) -> Done:
        told = {'XDG_STATE_HOME': str(self.state), 'JUJU_HEALTH_CONFIG': str(self.config)}
        return run(*words, environment=told)

    def ids(self) -> list[str]:
        return [one['id'] for one in self.listed()]

    def listed(self) -> list[dict[str, str]]:
        done = self.run('suppressions', 'list', '--format', 'json')
        found: list[dict[str, str]] = json.loads(done.stdout)
        return found

    @property
    def file(self) -> SuppressionsFile:
        return SuppressionsFile(self.state / 'juju-health' / 'maintenance.json')


def configured(directory: Path, database: str) -> Path:
    """Write a health.yaml that names a database; none if that is empty."""
    config = directory / 'health.yaml'
    config.write_text(f'history:\n  database: {database}\n' if database else '{}\n')
    return config


@pytest.fixture
def operators(history_url: str, tmp_path: Path) -> list[Operator]:
    config = configured(tmp_path, history_url)
    return [Operator(tmp_path / name, config) for name in ('ann', 'ben', 'cron')]


def test_who_says_something_at_once_loses_nothing(operators: list[Operator]) -> None:
    # Into nothing: they make the tables as well.
    def say(number: int) -> int:
        return operators[number % 3].run('ack', f'a/{number}:disk', *_HOLDS).returncode

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(say, range(6))) == [0] * 6
    for operator in operators:
        found = operator.listed()
        assert sorted(one['target'] for one in found) == [f'a/{n}' for n in range(6)]
        assert len({one['id'] for one in found}) == 6
        assert not operator.file.exists


def test_what_one_says_another_sees_and_takes_back(operators: list[Operator]) -> None:
    ann, ben, cron = operators
    assert ann.run('maintain', 'mysql/0', *_HOLDS, '--by', 'ann').returncode == 0
    (listed,) = ben.listed()
    assert [*listed] == [
        *('id', 'kind', 'target', 'check', 'model', 'state', 'start', 'until', 'reason', 'by')
    ]
    assert listed['by'] == 'ann'
    again = ben.run('maintain', 'mysql/0', *_HOLDS, '--by', 'ben')
    assert b'it replaces 1 active maintenance mysql/0 in lab:prod' in again.stderr
    assert cron.run('suppressions').stdout.startswith(b'2 active maintenance mysql/0')
    cleared = ann.run('suppressions', 'clear', 'mysql/0')
    assert cleared.stdout.startswith(b'cleared 2 ')
    assert ben.listed() == []


@pytest.mark.parametrize('counted', [(), ('--ack-is-ok',)])
def test_a_sweep_goes_by_what_another_said(
    counted: tuple[str, ...], operators: list[Operator]
) -> None:
    ann, ben, _cron = operators
    # Of this machine, whatever ails it; and where nothing does, nothing is covered.
    assert ann.run('ack', '*:*', '--for', '2h', '--reason', 'lab', '--any-model').returncode == 0
    done = ben.run('--reach', 'local', '--timeout', '20', '--format', 'json', *counted)
    (service,) = json.loads(done.stdout)['services']
    assert bool(service['suppressed']) == (service['health'] != 'passed')
    assert {one['reason'] for one in service['suppressed']} <= {'lab'}
    assert done.stderr == b''
    if counted:
        assert done.returncode == 0


def test_what_was_said_before_it_was_shared_is_told_once(history_url: str, tmp_path: Path) -> None:
    ann = Operator(tmp_path / 'ann', configured(tmp_path, ''))
    ann.run('ack', 'mysql/0:disk', 'web/0:disk', *_HOLDS)
    assert ann.ids() == ['1', '2']
    assert ann.run('suppressions').stderr == b''
    configured(tmp_path, history_url)
    done = ann.run('suppressions')
    holds = 'holds 2 suppressions (file-1, file-2)'
    told = f'reconcile-health: nobody else reads {ann.file.path}, which {holds}\n'
    assert done.stderr.decode() == told
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == ['file-1', 'file-2']
    again = ann.run('ack', 'web/0:disk', *_HOLDS)
    assert b'it replaces file-2 active acknowledged web/0:disk' in again.stderr
    assert ann.run('suppressions', 'clear', 'file-1').returncode == 0
    assert ann.ids() == ['1']
    assert ann.run('suppressions').stderr == b''


def test_a_database_that_cannot_be_used_refuses_what_is_said_and_no_sweep(
    tmp_path: Path,
) -> None:
    (tmp_path / 'file').touch()
    ann = Operator(tmp_path / 'ann', configured(tmp_path, f'{tmp_path}/file/history.db'))
    for words in (('ack', 'web/0:disk', *_HOLDS), ('suppressions', 'clear', '1')):
        done = ann.run(*words)
        assert (done.returncode, done.stdout) == (3, b'')
        assert b'cannot make' in done.stderr
    assert not ann.file.exists
    (tmp_path / 'file').unlink()
    (tmp_path / 'file').mkdir()
    (tmp_path / 'file' / 'history.db').write_bytes(b'no database' * 1000)
    done = ann.run('--reach', 'local', '--timeout', '20', '--format', 'json')
    assert json.loads(done.stdout)['services']
    assert f'cannot read {tmp_path}/file/history.db: '.encode() in done.stderr
    listed = ann.run('suppressions')
    assert (listed.returncode, listed.stdout) == (3, b'')
    assert b'cannot read' in listed.stderr


def test_a_sweep_of_several_models_reads_once(tmp_path: Path) -> None:
    config = configured(tmp_path, f'{tmp_path}/history.db')
    (tmp_path / 'history.db').write_bytes(b'no database' * 1000)
    world = World(name='prod', beside=(World(name='test'), World(name='old')))
    told = {'JUJU_HEALTH_CONFIG': str(config), 'XDG_STATE_HOME': str(tmp_path)}
    environment = {**world.write(tmp_path / 'juju'), **told}
    done = run('--all-models', '--timing', '--quiet', environment=environment)
    assert done.stderr.count(b'lab:') == 3
    assert done.stderr.count(b'cannot read ') == 1
    assert done.stderr.count(b'  suppressions ') == 1


def test_whose_configuration_cannot_be_used_says_nothing_anywhere(tmp_path: Path) -> None:
    ann = Operator(tmp_path / 'ann', tmp_path / 'health.yaml')
    ann.config.write_text('historie: {}\n')
    done = ann.run('ack', 'web/0:disk', *_HOLDS)
    assert done.returncode == 3
    assert b'historie' in done.stderr
    assert not ann.file.exists

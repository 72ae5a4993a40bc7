"""`sweep --record`, and the commands that look back at it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Done, loaded, run


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A saved `juju status` of one application without units, which needs no asking."""
    path = tmp_path / 'status.json'
    write(path, 218)
    return path


def write(path: Path, revision: int, units: Mapping[str, Any] | None = None) -> None:
    application = {'charm-name': 'mysql', 'charm-rev': revision, 'units': units or {}}
    model = {'name': 'prod', 'controller': 'lab', 'type': 'iaas', 'version': '3.6.1'}
    machines = {'0': {'juju-status': {'current': 'started'}, 'dns-name': '10.0.0.1'}}
    document = {'model': model, 'machines': machines, 'applications': {'mysql': application}}
    path.write_text(json.dumps(document))


def in_state(word: str) -> Mapping[str, Any]:
    status = {'current': word, 'message': 'hook failed: "config-changed"'}
    idle = {'current': 'idle'}
    return {'mysql/0': {'workload-status': status, 'juju-status': idle, 'machine': '0'}}


def record(status: Path, *more: str) -> Done:
    home = {'XDG_STATE_HOME': str(status.parent / 'state'), 'JUJU_HEALTH_CONFIG': ''}
    words = ('sweep', '--status', str(status), '--juju', '/nowhere', '--record', *more)
    return run(*words, environment=home)


def look_back(status: Path, *words: str) -> Done:
    return run(*words, environment={'XDG_STATE_HOME': str(status.parent / 'state')})


def test_quiet_prints_what_is_new_and_then_nothing(sweep: Path) -> None:
    first = record(sweep, '--quiet')
    again = record(sweep, '--quiet')
    assert again.stdout == again.stderr == b'', again
    assert first.returncode == again.returncode != 0
    write(sweep, 219)
    assert record(sweep, '--quiet').stdout == b'mysql: refreshed from revision 218 to 219\n'


def test_without_quiet_it_prints_as_ever(sweep: Path) -> None:
    assert b'mysql' in record(sweep).stdout
    shown = record(sweep, '--quiet', '--format', 'json')
    assert json.loads(shown.stdout)['model']['name'] == 'prod'


def test_what_was_recorded_is_told(sweep: Path) -> None:
    record(sweep)
    write(sweep, 219)
    record(sweep)
    told = look_back(sweep, 'timeline', '-m', 'prod', 'mysql', '--format', 'json')
    assert told.returncode == 0, told
    happened = json.loads(told.stdout)['happened']
    assert [each['words'] for each in happened if each['kind'] == 'change'] == [
        'refreshed from revision 218 to 219'
    ]
    assert b'refreshed from revision 218 to 219' in look_back(sweep, 'timeline').stdout
    up = look_back(sweep, 'availability', '--since', '1h', '--format', 'json')
    assert json.loads(up.stdout)['periods'][0]['subjects'][0]['name'] == 'mysql'


def test_explain_cites_what_changed_before(sweep: Path) -> None:
    write(sweep, 218, in_state('active'))
    record(sweep)
    for _ in range(2):
        write(sweep, 219, in_state('error'))
        record(sweep)
    words = ('explain', 'mysql', '--status', str(sweep), '--juju', '/nowhere')
    told = look_back(sweep, *words)
    assert b'What changed before' in told.stdout, told
    assert b'before: mysql: refreshed from revision 218 to 219' in told.stdout
    without = look_back(sweep, *words, '--history', str(sweep.parent / 'none.db'))
    assert b'What changed before' not in without.stdout
    assert without.stdout
    assert without.returncode == told.returncode == 2


def test_explain_goes_on_without_a_history_that_cannot_be_read(sweep: Path) -> None:
    write(sweep, 218, in_state('error'))
    words = ('explain', 'mysql', '--status', str(sweep), '--juju', '/nowhere')
    told = look_back(sweep, *words, '--history', str(sweep))
    assert told.returncode == 2
    assert b'cannot read' in told.stderr
    assert b'config-changed' in told.stdout


def test_a_sweep_that_cannot_be_kept_is_printed_and_exits_with_3(sweep: Path) -> None:
    kept = record(sweep, '--quiet', '--history', str(sweep / 'history.db'))
    assert b'mysql' in kept.stdout
    assert kept.stderr.startswith(b'reconcile-health: cannot make ')
    assert kept.returncode == 3


def test_a_password_is_never_printed(sweep: Path) -> None:
    kept = record(sweep, '--history', 'postgresql://health:hidden@127.0.0.1:1/health?x=y')
    assert kept.returncode == 3
    assert b'hidden' not in kept.stdout + kept.stderr
    assert b'127.0.0.1' in kept.stderr


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('timeline',), 'cannot find a history'),
        (('timeline', '--since', 'yore'), "cannot use 'yore' as a time"),
        (('timeline', '--since', '1h', '--until', '2h'), 'that is no time'),
        (('availability', '--month', '2026-13'), 'write such as 2026-11'),
        (('availability', '--month', '2026-11', '--since', '1d'), '--month with --since'),
        (('availability', '--timezone', 'Europe/Berlim'), 'is no time zone'),
        (('timeline', '--history', 'mysql://db/x'), 'cannot keep the history in mysql'),
    ],
)
def test_what_cannot_be_told_is_said(sweep: Path, words: tuple[str, ...], said: str) -> None:
    told = look_back(sweep, *words)
    assert told.returncode == 3
    assert said in told.stderr.decode()
    assert b'Traceback' not in told.stderr


def test_a_plain_sweep_loads_nothing_of_the_history(sweep: Path) -> None:
    names = loaded(sweep.parent, 'sweep', '--status', str(sweep), '--juju', '/nowhere')
    assert 'reconciler.sweeps.one_model' in names
    assert not {'sqlalchemy', 'alembic', 'reconciler.history.database'} & names


def test_it_keeps_what_it_saw_without_what_is_only_for_upgrades(sweep: Path) -> None:
    record(sweep)
    history = str(sweep.parent / 'state' / 'juju-health' / 'history' / 'history.db')
    words = ('sweep', '--status', str(sweep), '--juju', '/nowhere', '--record')
    names = loaded(sweep.parent, *words, '--history', history)
    assert 'sqlalchemy' in names
    assert 'alembic' not in names
    assert Path(history).parent.stat().st_mode & 0o777 == 0o700

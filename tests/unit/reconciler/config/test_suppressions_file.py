"""What operators say on the command line is kept, shared, and never lost without a word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.files import write_whole
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry
from reconciler.config.suppressions_file import SuppressionsFile
from reconciler.values.errors import UsageError
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).with_name('reconcile-health')
LATER = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
PLANNED = SuppressionEntry(MAINTENANCE, 'mysql/0', LATER, 'new disks', '', None, 'ops', 'lab:prod')
KNOWN = SuppressionEntry(
    ACKNOWLEDGED, 'web', LATER, 'ünlike "this"', 'disk*', LATER - timedelta(hours=1)
)


def soon() -> Deadline:
    return Deadline.after(PATIENCE)


def file_in(directory: Path) -> SuppressionsFile:
    return SuppressionsFile(directory / 'm.json')


def test_the_file_is_its_users_alone(tmp_path: Path) -> None:
    file = SuppressionsFile(tmp_path / 'state' / 'maintenance.json')
    file.add(PLANNED, soon())
    assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'{',
        b'\x00' * 100,
        b'[]',
        b'{"entries": []}',
        b'{"schema": 1, "entries": [{}]}',
        b'{"schema": 1, "entries": [{"id":"1","kind":"x","target":"a","reason":"b"}]}',
        b'{"schema": 1, "entries": [{"id":"1","kind":"maintenance","target":"a","reason":"b"}]}',
    ],
)
def test_a_file_that_cannot_be_used_is_set_aside_and_said(content: bytes, tmp_path: Path) -> None:
    file = file_in(tmp_path)
    path = file.path
    path.write_bytes(content)
    said = file.read(soon())
    assert said.entries == ()
    assert said.faults[0].startswith(f'cannot use {path}: ')
    (aside,) = tmp_path.glob('m.json.corrupt-*')
    assert aside.read_bytes() == content
    assert str(aside) in said.faults[0]
    added = file.add(PLANNED, soon())
    assert (added.entry.id, added.faults) == ('1', ())


@pytest.mark.parametrize('written', ['²', '9' * 5000, '9' * 18, '-1', ' 1', '1_0'])
def test_an_id_that_somebody_wrote_by_hand_is_one_and_costs_nothing(
    written: str, tmp_path: Path
) -> None:
    file = file_in(tmp_path)
    path = file.path
    file.add(PLANNED, soon())
    path.write_text(path.read_text().replace('"id": "1"', f'"id": "{written}"'))
    ids = [written]
    for number in range(3):
        added = file.add(replace(PLANNED, target=f'other/{number}'), soon())
        ids.append(added.entry.id)
        assert added.faults == ()
    assert len(set(ids)) == 4
    assert [one.id for one in file.read(soon()).entries] == ids


def test_a_file_that_a_newer_version_wrote_is_left_alone(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    path = file.path
    path.write_text('{"schema": 2, "entries": {}}')
    for ask in (
        lambda: file.read(soon()),
        lambda: file.add(PLANNED, soon()),
    ):
        with pytest.raises(UsageError, match='a newer reconcile-health wrote it'):
            ask()
    assert path.read_text() == '{"schema": 2, "entries": {}}'


def test_a_full_disk_keeps_what_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_in(tmp_path)
    file.add(PLANNED, soon())

    def full(descriptor: int) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(UsageError, match='No space left'):
        file.add(KNOWN, soon())
    assert [one.target for one in file.read(soon()).entries] == ['mysql/0']


def test_it_cannot_grow_beyond_what_can_be_read(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    long = SuppressionEntry(MAINTENANCE, 'a', LATER, 'é' * 100_000)
    file.add(long, soon())
    with pytest.raises(UsageError, match='cannot hold more in'):
        file.add(replace(long, target='b'), soon())
    assert len(file.read(soon()).entries) == 1


def run(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        env={**os.environ, 'XDG_STATE_HOME': str(state), 'TZ': 'Europe/Berlin'},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.slow
def test_operators_at_once_lose_nothing(tmp_path: Path) -> None:
    def say(number: int) -> int:
        return run(
            *(tmp_path, 'maintain', f'a/{number}', '--for', '2h', '--reason', 'r', '-m', 'm')
        ).returncode

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(say, range(6))) == [0] * 6
    path = tmp_path / 'juju-health' / 'maintenance.json'
    entries = SuppressionsFile(path).read(soon()).entries
    assert sorted(one.target for one in entries) == [f'a/{number}' for number in range(6)]
    assert sorted(one.id for one in entries) == list('123456')


@pytest.mark.slow
def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    said = run(
        *(tmp_path, 'ack', 'mysql/0:disk', 'machine 3:no-report', '--until', '2036-07-01 12:00'),
        *('--reason', 'disks are ordered', '--by', 'ops', '-m', 'lab:admin/prod'),
    )
    assert said.returncode == 0, said.stderr
    first = said.stdout.splitlines()[0]
    told = '1 active acknowledged mysql/0:disk in lab:prod until 2036-07-01T10:00:00Z ('
    assert first.startswith(told), 'twelve in Berlin'
    assert first.endswith(': disks are ordered (ops)')
    listed = json.loads(run(tmp_path, 'suppressions', 'list', '--format', 'json').stdout)
    assert [(one['id'], one['target'], one['check'], one['state']) for one in listed] == [
        ('1', 'mysql/0', 'disk', 'active'),
        ('2', 'machine 3', 'no-report', 'active'),
    ]
    cleared = run(tmp_path, 'suppressions', 'clear', 'mysql/0:disk')
    assert cleared.stdout.startswith('cleared 1 ')
    assert run(tmp_path, 'suppressions').stdout.startswith('2 active')


@pytest.mark.slow
@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        (['ack', 'mysql/0', '--for', '2h'], 'as a whole, which would hide what fails next'),
        (['maintain', 'a', '--until', '2020-01-01'], 'that is over'),
        (['maintain', 'a', '--for', '0s'], 'that is over'),
        (['maintain', 'a'], 'give either --for 2h or --until TIME'),
        (['maintain', 'a', '--for', '2h', '--until', '2036-01-01'], 'give either'),
        (['maintain', 'a', '--until', '2036-03-30 02:30'], 'never is here'),
        (['maintain', 'a', '--until', '2036-01-01', '--timezone', 'X/Y'], 'no time zone'),
        (['maintain', 'a', '--until', '2036-01-01', '--from', '2036-01-02'], 'before it begins'),
        (['maintain', 'a', '--for', '9999d'], 'longer than ten years'),
        (['maintain', 'a b', '--for', '2h'], "cannot use 'a b'"),
        (['maintain', '../a', '--for', '2h'], "cannot use '../a'"),
        (['maintain', 'a', '--for', '2h', '--reason', ''], 'cannot use --reason'),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    arguments: list[str], told: str, tmp_path: Path
) -> None:
    reason = [] if '--reason' in arguments else ['--reason', 'r']
    done = run(tmp_path, *arguments, *reason, '-m', 'prod')
    assert done.returncode == 3
    assert told in done.stderr
    assert not (tmp_path / 'juju-health' / 'maintenance.json').exists()


@pytest.mark.slow
def test_a_sweep_goes_on_without_what_is_lost_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / 'juju-health' / 'maintenance.json'
    write_whole(path, b'{')
    done = run(tmp_path, '--reach', 'local', '--format', 'json')
    assert json.loads(done.stdout)['services']
    assert f'cannot use {path}' in done.stderr

"""What was recorded stays, wherever a sweep is killed, the power fails or a disk fills."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.history.errors import CorruptHistory, HistoryBusy, HistoryError
from reconciler.history.examine import examine
from reconciler.history.tables import runs, spells
from tests.support.patience import PATIENCE
from tests.support.recorded import BEGIN, DAY, Sweeps, rows
from tests.support.tree import ROOT

from .forked import Forking, forking

NOW = round(BEGIN.timestamp() * 1000) + DAY
# Each line asks for two sweeps, by a process of its own, in an environment. Of each is said
# whether it was recorded.
_RECORD = """
import json, os, sys
import reconciler.history.upgrade
from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.history.errors import HistoryError
from tests.support.recorded import Sweeps

def keep(path, environment, said):
    os.environ.update(environment)
    sweeps = Sweeps(Database(f'sqlite:///{path}'))
    for minute in (1, 2):
        try:
            sweeps.see(minute, Health.FAIL)
        except HistoryError as error:
            os.write(said, f'refused: {error}\\n'.encode())
        else:
            os.write(said, f'{minute}\\n'.encode())
"""


@dataclass(frozen=True)
class Kept:
    """What came of two sweeps: the exit code, how many were recorded, why others were not."""

    code: int
    recorded: int
    refused: list[str]


@dataclass(frozen=True)
class Recorder:
    """Starts processes that record sweeps, on a disk that does what their environment says."""

    forking: Forking

    def keep(self, path: Path, **environment: str) -> Kept:
        code, said = self.forking.keep(str(path), environment)
        refused = [one for one in said if one.startswith('refused')]
        return Kept(code, len(said) - len(refused), refused)


@pytest.fixture(scope='module')
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    with forking(_RECORD, tmp_path_factory.mktemp('library')) as process:
        yield Recorder(process)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Make a history of one sweep, and return the directory of its file."""
    Sweeps(Database(f'sqlite:///{tmp_path}/base/history.db')).see(0)
    return tmp_path / 'base'


def copies(base: Path) -> Iterator[tuple[int, Path]]:
    """Yield numbers from 1, each with the file of a copy of the history."""
    for number in range(1, 1000):
        root = base.with_name(str(number))
        shutil.copytree(base, root)
        yield number, root / 'history.db'
        shutil.rmtree(root)


def sweeps_in(path: Path) -> int:
    """Return how many sweeps are in the history, which has to be sound."""
    if not path.exists():
        return 0
    database = Database(f'sqlite:///{path}')
    try:
        found = examine(database, NOW)
    except HistoryError as error:
        assert 'no sweep was recorded' in str(error)  # noqa: PT017
        return 0
    assert found.faults == ()
    return sum(row.sweeps for row in rows(database, spells))


def check(recorder: Recorder, path: Path, least: int) -> None:
    """Refuse that something recorded is lost, and see that whoever comes next goes on."""
    found = sweeps_in(path)
    assert least <= found <= least + 1
    assert recorder.keep(path) == Kept(0, 2, [])
    assert sweeps_in(path) == found + 2


@pytest.mark.parametrize('anew', [True, False])
def test_killed_before_every_call_that_changes_a_file(
    anew: bool, base: Path, recorder: Recorder
) -> None:
    if anew:
        (base / 'history.db').unlink()
    for moment, path in copies(base):
        found = recorder.keep(path, DIES_AT=str(moment))
        check(recorder, path, found.recorded + (not anew))
        if found.code == 0:
            break
        assert found.code == -signal.SIGKILL
    # Fewer would mean that the library is not in the way of what it shall end.
    assert moment > (30 if anew else 5)


def test_the_power_fails_before_every_call_that_changes_a_file(
    base: Path, recorder: Recorder
) -> None:
    for moment, path in copies(base):
        # Whatever was not flushed is lost.
        left = shutil.copytree(base, base.with_name('left'))
        found = recorder.keep(path, DIES_AT=str(moment), FLUSHED=str(left))
        check(recorder, left / 'history.db', found.recorded + 1)
        shutil.rmtree(left)
        if found.code == 0:
            break
    assert found.recorded == 2
    assert moment > 5


@pytest.mark.parametrize('many', [1, 10**6])
def test_the_disk_is_full_at_every_write(many: int, base: Path, recorder: Recorder) -> None:
    refused = 0
    for moment, path in copies(base):
        found = recorder.keep(path, FULL_AT=str(moment), FULL_FOR=str(many))
        assert found.code == 0
        assert found.recorded + len(found.refused) == 2
        assert all('cannot' in one for one in found.refused)
        refused += len(found.refused)
        if many == 1:
            # Where there is room again, it goes on.
            assert found.recorded
        check(recorder, path, found.recorded + 1)
        # What it writes after its last answer may fail as well.
        if moment > 20:
            break
    assert refused > 3


@pytest.mark.parametrize('at', [0, 18, 100])
def test_a_corrupt_file_is_set_aside_and_said(
    at: int, base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = base / 'history.db'
    content = bytearray(path.read_bytes())
    content[at : at + 4096] = b'\xee' * len(content[at : at + 4096])
    path.write_bytes(content)
    database = Database(f'sqlite:///{path}')
    # Who only reads leaves it where it is.
    with pytest.raises(CorruptHistory, match='cannot read'):
        rows(database, runs)
    with caplog.at_level(logging.ERROR):
        Sweeps(database).see(1)
    assert sweeps_in(path) == 1
    (aside,) = base.glob('history.db.corrupt-*')
    assert aside.read_bytes() == content
    assert f'it is now {aside}' in caplog.text


def test_a_file_that_is_locked_is_waited_for_until_the_deadline(base: Path) -> None:
    path = base / 'history.db'
    sweeps = Sweeps(Database(f'sqlite:///{path}'))
    sweeps.see(1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute('BEGIN IMMEDIATE')
    with pytest.raises(HistoryBusy, match='is locked'):
        sweeps.database.write(lambda connection: None, Deadline.after(0.2))
    # Who reads waits for nobody.
    assert len(rows(sweeps.database, spells)) == 1
    other.execute('COMMIT')
    other.close()
    sweeps.see(2)


def test_a_file_that_was_removed_is_begun_anew(base: Path) -> None:
    sweeps = Sweeps(Database(f'sqlite:///{base}/history.db'))
    sweeps.see(1)
    shutil.rmtree(base)
    assert sweeps.see(2).first


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can mount')
def test_a_disk_that_is_read_only_is_told_of(base: Path) -> None:
    script = (
        'mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && '
        'exec "$2" -c "$3"'
    )
    program = f"""
from reconciler.history.database import Database
from reconciler.history.errors import HistoryError
from tests.support.recorded import Sweeps
for path in ('{base}/history.db', '{base}/new.db', '{base}/below/new.db'):
    try:
        Sweeps(Database(f'sqlite:///{{path}}')).see(1)
    except HistoryError as error:
        print(error)
"""
    done = subprocess.run(
        ['unshare', '--mount', 'sh', '-c', script, 'sh', str(base), sys.executable, program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, '')
    said = done.stdout.splitlines()
    assert len(said) == 3
    assert all(one.startswith('cannot') and str(base) in one for one in said)
    assert sweeps_in(base / 'history.db') == 1


def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    sweeps = Sweeps(database)
    sweeps.see(0)

    def work(connection: object) -> None:
        connection.execute(spells.delete())  # type: ignore[attr-defined]
        raise HistoryError('cannot go on')

    with pytest.raises(HistoryError, match='cannot go on'):
        database.write(work, Deadline.after(PATIENCE))
    assert len(rows(database, spells)) == 1
    assert sweeps.see(1, Health.FAIL).gap == 0

"""One sweep of a model at a time: by a lock that nothing makes stale."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.schedule.only_one import lock_path, only_one
from reconciler.values.errors import StillRuns, UsageError
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

_HOLDING = """
import sys, time
from pathlib import Path
from reconciler.schedule.only_one import only_one
with only_one(Path(sys.argv[1])):
    print('held', flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[bytes]:
    """Start a process that holds the lock until its stdin ends."""
    process = subprocess.Popen(
        [sys.executable, '-c', _HOLDING, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b'held\n'
    return process


def test_who_comes_second_is_told_who_holds_it(tmp_path: Path) -> None:
    path = lock_path(tmp_path, 'model:lab:prod')
    with holder(path) as process:
        with pytest.raises(StillRuns) as refused, only_one(path):
            pass
        assert process.stdin is not None
        process.stdin.close()
    said = str(refused.value)
    assert said.startswith('cannot sweep: the sweep that began 2')
    assert said.endswith(f'Z (process {process.pid}) still runs')
    with only_one(path):
        assert f'process {os.getpid()}' in path.read_text()


def test_the_lock_of_one_that_was_killed_is_free(tmp_path: Path) -> None:
    path = lock_path(tmp_path, 'model:lab:prod')
    with holder(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    before = path.stat().st_ino
    with only_one(path):
        assert path.stat().st_ino == before, 'the file stays'


def test_nobody_is_named_who_ended_and_the_file_stays(tmp_path: Path) -> None:
    path = lock_path(tmp_path, 'x')
    with pytest.raises(ZeroDivisionError), only_one(path):
        _ = 1 / 0
    assert path.read_text() == ''
    with only_one(path):
        path.write_text('')
        with pytest.raises(StillRuns, match='the sweep still runs'), only_one(path):
            pass


def test_no_child_inherits_it(tmp_path: Path) -> None:
    path = lock_path(tmp_path, 'x')
    with only_one(path):
        child = subprocess.Popen(['sleep', '60'], close_fds=False)
    try:
        with only_one(path):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / 'sweeps').write_text('')
    with pytest.raises(UsageError, match='cannot lock '), only_one(lock_path(tmp_path, 'x')):
        pass


@given(asked=st.lists(st.text(max_size=300), min_size=2, max_size=2, unique=True))
def test_each_thing_has_a_file_of_its_own_in_the_directory(asked: list[str]) -> None:
    state = Path('/state')
    try:
        paths = [lock_path(state, one) for one in asked]
    except UnicodeEncodeError:
        return
    assert paths[0] != paths[1]
    for path in paths:
        assert path.parent == state / 'sweeps'
        assert path.name == os.path.basename(path)
        assert len(path.name.encode()) < 255

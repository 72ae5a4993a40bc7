"""Recorded states survive corrupt files, many writers, `kill -9` at any step, and a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from charm.kernel.errors import FileError
from charm.kernel.report import StateName
from charm.reporting.states import States, StatesError
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def states(tmp_path: Path, said: list[str]) -> States:
    return States('web/0', tmp_path / 'states', say=said.append)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'not JSON'),
        (b'{"schema":1,"services":{"web":', 'not JSON'),
        (b'[]', 'an array where an object belongs'),
        (b'{"schema":2}', 'schema: 2 where 1 belongs'),
        (b'{"schema":1,"services":{"web":{"name":"up"}}}', 'since: missing'),
        (b'{"schema":1,"services":{"web":{"name":"up","since":"noon"}}}', "'noon' is not a time"),
        (b'\xff', 'not UTF-8'),
        (b'[' * 5000, 'nested deeper'),
        (b'{"schema":1,"services":{"\\ud800":{"name":"up"}}}', 'surrogate'),
    ],
)
def test_a_corrupt_file_is_said_by_the_reader_and_set_aside_by_the_writer(
    states: States, said: list[str], content: bytes, reason: str
) -> None:
    states.path.parent.mkdir()
    states.path.write_bytes(content)
    with pytest.raises(StatesError, match=reason):
        states.read()
    assert states.path.read_bytes() == content
    states.set('web', StateName.UP)
    (line,) = said
    assert reason in line
    (aside,) = states.path.parent.glob('*.corrupt-*')
    assert str(aside) in line
    assert aside.read_bytes() == content
    assert set(states.read()) == {'web'}


def test_what_cannot_be_read_at_all_is_not_overwritten(states: States) -> None:
    states.path.mkdir(parents=True)
    with pytest.raises(FileError, match='cannot read'):
        states.set('web', StateName.UP)
    assert states.path.is_dir()


def test_many_writers_at_once_lose_no_record(tmp_path: Path) -> None:
    def write(number: int) -> None:
        States('web/0', tmp_path).set(f'service-{number}', StateName.UP)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(States('web/0', tmp_path).read()) == 8


KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from charm.kernel.report import StateName
from charm.reporting.states import States
states, left = States('web/0', Path({place!r})), {step}
outside = 'open write flush fsync close rename replace unlink fchmod flock mkdir scandir'.split()
def watch(frame, event, argument):
    global left
    if event in ('c_call', 'c_return') and argument.__name__ in outside:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(watch)
states.set('web', StateName.ERROR, 'boom')
"""


@pytest.mark.slow
def test_a_kill_at_any_step_leaves_the_old_records_or_the_new_ones(tmp_path: Path) -> None:
    place = tmp_path / 'states'
    States('web/0', place).set('web', StateName.UP)
    found, step = set(), 0
    while True:
        step += 1
        script = KILLED.format(root=str(ROOT), place=str(place), step=step)
        done = subprocess.run([sys.executable, '-c', script], check=False, timeout=PATIENCE)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        found.add(States('web/0', place).read()['web'].name)
        # The next writer is neither locked out nor hindered by what the dead one left.
        States('web/0', place).set('web', StateName.UP)
        assert sorted(os.listdir(place)) == ['web-0.json', 'web-0.json.lock']
    assert step > 30
    assert found == {StateName.UP, StateName.ERROR}


def test_a_full_disk_leaves_the_old_records(states: States) -> None:
    states.set('web', StateName.UP)
    script = (
        'import resource, signal, sys\n'
        f'sys.path.insert(0, {str(ROOT)!r})\n'
        'from charm.cli import health_status\n'
        'signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n'
        'resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n'
        f'sys.exit(health_status.main(["set", "error", "--unit", "web/0", "--directory", '
        f'{str(states.path.parent)!r}]))'
    )
    done = subprocess.run(
        [sys.executable, '-c', script],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 3
    assert f'cannot write {states.path}: File too large' in done.stderr
    assert states.read()['web'].name is StateName.UP

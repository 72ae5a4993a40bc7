"""The ways in which programs outlive, outshout and outwit those who run them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from charm.kernel import command
from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from tests.support.patience import PATIENCE
from tests.support.processes import children, hung_until_the_deadline, overrun, run, wait_gone
from tests.support.tree import ROOT


@pytest.mark.slow
def test_a_stopped_process_is_ended_too(tmp_path: Path) -> None:
    script = 'sleep 60 & echo $!; kill -STOP $!; touch $0; kill -STOP $$; sleep 60'
    completed = overrun(script, tmp_path / 'begun')
    assert completed.timed_out
    assert wait_gone(int(completed.stdout))


def test_the_whole_answer_of_a_leader_counts_though_a_grandchild_goes_on_writing() -> None:
    completed = run('echo answer; yes & exit 0', cap_bytes=2000)
    assert completed.stdout.startswith(b'answer\n')
    assert (completed.exit_code, completed.timed_out) == (0, False)
    assert completed.truncated


def test_who_escapes_into_a_session_of_its_own_does_not_hold_us_at_the_timeout(
    tmp_path: Path,
) -> None:
    script = 'setsid sh -c "echo \\$\\$; touch $0; exec sleep 1000" & exec sleep 1000'
    started = time.monotonic()
    completed = overrun(script, tmp_path / 'begun')
    assert time.monotonic() - started < PATIENCE
    assert completed.timed_out
    assert wait_gone(int(completed.stdout))


@pytest.mark.slow
def test_a_command_that_ends_just_as_its_time_does_is_always_reaped() -> None:
    ends: set[bool] = set()
    others = children()
    for step in range(30):
        completed = command.run(['sleep', '0.02'], Deadline.after(0.01 + step / 1000))
        ends.add(completed.timed_out)
        assert completed.exit_code in (0, -signal.SIGTERM)
    assert children() <= others


def test_a_flood_on_both_pipes_is_drained_while_it_lasts() -> None:
    completed = run('yes | head -c 9000000 >&2; yes | head -c 9000000; exit 3', cap_bytes=100)
    assert (completed.stdout_bytes, completed.stderr_bytes) == (9_000_000, 9_000_000)
    assert (len(completed.stdout), len(completed.stderr)) == (100, 100)
    assert completed.exit_code == 3


def test_a_command_has_no_terminal_and_none_of_our_files(tmp_path: Path) -> None:
    with open(tmp_path / 'secret', 'w') as stream:
        os.set_inheritable(stream.fileno(), True)
        completed = run('ls -l /proc/self/fd; tty; pwd; echo "sid $(ps -o sid= -p $$) $$"')
    text = completed.stdout.decode()
    assert 'secret' not in text
    assert 'not a tty' in text
    assert '\n/\n' in text
    session, leader = text.rpartition('sid')[2].split()
    assert session == leader


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that every user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


REFUSING = """
import sys
sys.path.insert(0, {root!r})
from charm.kernel import command
from charm.kernel.deadline import Deadline
done = command.run([{program!r}, '-c', {body!r}], Deadline.after(2))
print(done.timed_out, done.exit_code, done.stdout.decode().strip(), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason='only root can make a setuid program')
def test_a_setuid_program_that_we_may_not_end_does_not_hold_us(open_place: Path) -> None:
    shutil.copytree(ROOT / 'charm' / 'kernel', open_place / 'charm' / 'kernel')
    shutil.copy(ROOT / 'charm' / '__init__.py', open_place / 'charm')
    program = open_place / 'python'
    shutil.copy(Path('/usr/bin/python3').resolve(), program)
    program.chmod(0o4755)
    body = 'import os, time; os.setuid(0); print(os.getpid(), flush=True); time.sleep(1000)'
    script = REFUSING.format(root=str(open_place), program=str(program), body=body)
    done = subprocess.run(
        [
            *('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'),
            *('/usr/bin/python3', '-I', '-W', 'ignore', '-c', script),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    timed_out, exit_code, pid = done.stdout.split()
    try:
        assert (timed_out, exit_code) == ('True', '-9')
        assert Path(f'/proc/{pid}').exists(), 'it was not ours to end'
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize('trap', ['', 'trap "" TERM; '])
def test_the_deadline_of_the_whole_run_leaves_no_plugin_behind(tmp_path: Path, trap: str) -> None:
    mark = tmp_path / 'pid'
    (tmp_path / 'a.yaml').write_text(
        'checks:\n  hung:\n    kind: script\n    timeout: 60\n    command: [sh, -c, '
        f"'{trap}echo $$ > {mark}; while :; do sleep 0.1; done']\n"
    )
    assert hung_until_the_deadline(tmp_path).health is Health.UNKNOWN
    assert wait_gone(int(mark.read_text()))


def test_how_it_ended_is_told_from_how_much_of_it_was_kept() -> None:
    assert not Completed(0, b'abc', b'', 3).truncated
    assert Completed(0, b'abc', b'', 4).truncated

"""A command is bounded in time and output, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from charm.kernel import command, running
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError
from tests.support.patience import PATIENCE
from tests.support.processes import children, overrun, run, wait_gone
from tests.support.tree import ROOT


def test_output_and_exit_code_come_back_apart() -> None:
    completed = run('echo out; echo err >&2; exit 3')
    assert (completed.stdout, completed.stderr) == (b'out\n', b'err\n')
    assert completed.exit_code == 3
    assert not completed.timed_out


def test_stdin_is_empty() -> None:
    assert run('cat; echo end').stdout == b'end\n'


def test_a_command_that_does_not_exist_is_an_error_that_names_it() -> None:
    with pytest.raises(CommandError, match=r'^cannot run /no/such: No such file or directory$'):
        command.run(['/no/such'], Deadline.after(PATIENCE))


def test_a_command_that_overruns_is_ended_with_its_children(tmp_path: Path) -> None:
    completed = overrun('sleep 60 & echo $!; touch $0; sleep 60', tmp_path / 'begun')
    assert completed.timed_out
    assert wait_gone(int(completed.stdout))


@pytest.mark.slow
def test_a_command_that_is_wanted_no_more_is_ended_with_its_children() -> None:
    asked: list[int] = []

    def unwanted(leader: int) -> bool:
        asked.append(leader)
        return len(asked) == 2

    script = 'sleep 60 & echo $!; wait'
    done = command.run(['sh', '-c', script], Deadline.after(PATIENCE), unwanted=unwanted)
    assert (done.stopped, done.timed_out) == (True, False)
    assert len(set(asked)) == 1
    assert wait_gone(int(done.stdout))
    quick = command.run(['true'], Deadline.after(PATIENCE), unwanted=lambda leader: True)
    assert (quick.exit_code, quick.stopped) == (0, False)


@pytest.mark.slow
def test_a_command_whose_output_is_enough_is_ended_with_its_children() -> None:
    done = command.run(
        ['sh', '-c', 'sleep 60 & echo $!; wait'],
        Deadline.after(PATIENCE),
        enough=lambda stdout: stdout.endswith(b'\n'),
    )
    assert (done.enough, done.stopped, done.timed_out) == (True, False, False)
    assert wait_gone(int(done.stdout))


def test_a_command_that_ignores_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, '_OBEY_SECONDS', 0.2)
    completed = overrun(
        'trap "" TERM; echo $$; touch $0; while :; do sleep 0.1; done', tmp_path / 'begun'
    )
    assert completed.timed_out
    assert completed.exit_code == -signal.SIGKILL
    assert wait_gone(int(completed.stdout))


def test_an_answer_counts_although_a_grandchild_holds_the_pipe() -> None:
    completed = run('sleep 60 & echo "$! answer"')
    pid, answer = completed.stdout.split()
    assert answer == b'answer'
    assert completed.exit_code == 0
    assert not completed.timed_out
    assert wait_gone(int(pid))


def test_a_grandchild_in_a_session_of_its_own_does_not_hold_us() -> None:
    completed = run('setsid sleep 60 & echo "$! answer"')
    pid, answer = completed.stdout.split()
    try:
        assert answer == b'answer'
        assert completed.exit_code == 0
    finally:
        os.kill(int(pid), signal.SIGKILL)


def test_a_flood_is_capped_while_it_is_drained() -> None:
    completed = run('head -c 20000000 /dev/zero; echo done >&2; exit 4', cap_bytes=1000)
    assert len(completed.stdout) == 1000
    assert completed.stdout_bytes == 20_000_000
    assert completed.truncated
    assert (completed.stderr, completed.exit_code) == (b'done\n', 4)


def test_a_command_that_closes_its_output_is_still_waited_for() -> None:
    assert run('exec >&- 2>&-; sleep 0.2; exit 5').exit_code == 5


def test_a_signal_is_told_as_a_negative_exit_code() -> None:
    assert run('kill -9 $$').exit_code == -signal.SIGKILL


def test_no_descriptors_and_no_zombies_are_left() -> None:
    before, others = set(os.listdir('/proc/self/fd')), children()
    for _ in range(5):
        run('exit 0')
    # Those of tests before this one may go meanwhile.
    assert set(os.listdir('/proc/self/fd')) <= before
    assert children() <= others


def test_running_commands_can_all_be_killed_at_once() -> None:
    ended: list[command.Completed] = []
    thread = threading.Thread(target=lambda: ended.append(run('sleep 60')))
    thread.start()
    until = Deadline.after(PATIENCE)
    while thread.is_alive() and not until.passed:
        running.kill_running()
        thread.join(0.01)
    assert ended[0].exit_code == -signal.SIGKILL


ENDING = """
import os, sys, threading
from charm.kernel import command, running
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError

refused = threading.Event()

def start_for_ever():
    while True:
        try:
            command.run(['sh', '-c', 'echo $$ >> "$PIDS"; exec sleep 600'], Deadline.after(600))
        except CommandError:
            refused.set()
            return

for _ in range(8):
    threading.Thread(target=start_for_ever, daemon=True).start()
with open(os.environ['PIDS']) as pids:
    for _ in range(int(sys.argv[1])):
        pids.readline()
running.end_all()
assert refused.wait(100)
os._exit(0)
"""


@pytest.mark.parametrize('begun', [1, 3, 8])
def test_who_ends_leaves_nothing_that_was_just_being_started(tmp_path: Path, begun: int) -> None:
    pids = tmp_path / 'pids'
    os.mkfifo(pids)
    environment = {**os.environ, 'PIDS': str(pids), 'PYTHONPATH': str(ROOT)}
    # Held open for both, so that no start waits for a reader, and none is lost.
    with os.fdopen(os.open(pids, os.O_RDWR | os.O_NONBLOCK)) as kept:
        argv = [sys.executable, '-c', ENDING, str(begun)]
        subprocess.run(argv, env=environment, check=True, timeout=PATIENCE)
        found = [int(line) for line in kept]
    assert all(wait_gone(pid) for pid in found)


def test_bytes_come_back_as_they_are() -> None:
    script = f'{sys.executable} -c "import sys; sys.stdout.buffer.write(bytes(range(256)))"'
    assert run(script).stdout == bytes(range(256))

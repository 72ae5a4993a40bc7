"""What leaves its process group is ended with what started it, and nothing else is."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from charm.kernel import command, kill_stray, running
from charm.kernel.deadline import Deadline
from charm.kernel.kill_stray import MARK, begun_ticks, kill_escaped, marked
from charm.kernel.report import Health
from charm.kernel.wakeup import Wakeup
from tests.support.patience import PATIENCE, passing_once
from tests.support.processes import gone, hung_until_the_deadline, overrun, run, wait_gone

# Its own session, a parent that is gone, and none of our pipes: what a daemon does.
DAEMON = 'setsid sh -c "sleep 60 >&- 2>&- & echo \\$!" & wait; '


@contextmanager
def bystander(**environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        ['sleep', '60'], start_new_session=True, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_daemon_is_ended_at_the_timeout_of_what_started_it(tmp_path: Path) -> None:
    with bystander(**{MARK: '0123456789abcdef'}) as other:
        completed = overrun(f'{DAEMON} touch $0; sleep 60', tmp_path / 'begun')
        assert completed.timed_out
        assert wait_gone(int(completed.stdout))
        assert other.poll() is None


def test_a_daemon_of_what_ended_in_time_is_let_be() -> None:
    completed = run(f'{DAEMON} exit 0')
    try:
        assert not completed.timed_out
        assert not gone(int(completed.stdout))
    finally:
        os.kill(int(completed.stdout), signal.SIGKILL)


def end_escaped(leader: subprocess.Popen[bytes], mark: str) -> None:
    kill_escaped({leader.pid: mark}, begun_ticks([leader.pid]))


def test_commands_side_by_side_keep_what_is_theirs(tmp_path: Path) -> None:
    long_lived: list[command.Completed] = []
    script = f'{DAEMON} touch {tmp_path}/begun; while [ ! -e {tmp_path}/end ]; do sleep 0.05; done'
    thread = threading.Thread(target=lambda: long_lived.append(run(script)))
    thread.start()
    until = Deadline.after(PATIENCE)
    while not (tmp_path / 'begun').exists() and not until.passed:
        thread.join(0.01)
    short_lived = overrun(f'{DAEMON} touch $0; sleep 60', tmp_path / 'overrun')
    (tmp_path / 'end').touch()
    thread.join(PATIENCE)
    (kept,) = long_lived
    try:
        assert (short_lived.timed_out, kept.timed_out) == (True, False)
        assert wait_gone(int(short_lived.stdout))
        assert not gone(int(kept.stdout))
    finally:
        os.kill(int(kept.stdout), signal.SIGKILL)


def test_one_who_forks_while_we_look_is_caught_up_with(tmp_path: Path) -> None:
    # Each hands on to a successor in a session of its own, and writes down who that is.
    hop = tmp_path / 'hop'
    hop.write_text(f'#!/bin/sh\necho $$ >> {tmp_path}/pids\nsleep 0.02\nsetsid {hop} &\n')
    hop.chmod(0o755)
    seen = tmp_path / 'pids'
    several = passing_once(lambda: seen.exists() and len(seen.read_text().split()) > 3)
    assert command.run(['sh', '-c', f'setsid {hop} & sleep 60'], several).timed_out
    pids = seen.read_text().split()
    assert all(wait_gone(int(pid)) for pid in pids)
    assert seen.read_text().split() == pids


def test_a_look_in_which_somebody_vanished_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Its successor may be who was not listed yet.
    vanished = subprocess.Popen(['true'])
    vanished.wait()
    with bystander() as leader, bystander(**{MARK: 'mine'}) as successor:
        early = [{str(leader.pid), str(vanished.pid)}] * 10
        monkeypatch.setattr(
            os, 'listdir', lambda _path: early.pop() if early else {str(successor.pid)}
        )
        end_escaped(leader, 'mine')
        assert successor.wait(PATIENCE) == -signal.SIGKILL


def test_who_never_had_an_environment_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with bystander() as leader:
        bare = subprocess.Popen(['sleep', '60'], start_new_session=True, env={})
        ended = subprocess.Popen(['true'])
        try:
            os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
            theirs = {str(pid) for pid in (leader.pid, bare.pid, ended.pid)}
            looks = []

            def listed(_path: str) -> set[str]:
                looks.append(theirs)
                return theirs

            monkeypatch.setattr(os, 'listdir', listed)
            end_escaped(leader, 'mine')
            assert (len(looks), bare.poll()) == (3, None)
        finally:
            bare.kill()
            bare.wait()
            ended.wait()


def test_the_mark_of_who_runs_us_is_kept_beside_that_of_what_we_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MARK, 'outer')
    assert marked({}, 'inner') == {MARK: 'outer inner'}
    assert marked(None, 'inner')[MARK] == 'outer inner'
    with bystander(**marked({}, 'inner')) as inner, bystander() as leader:
        end_escaped(leader, 'nobody')
        assert inner.poll() is None
    with bystander() as leader, bystander(**marked({}, 'inner')) as inner:
        end_escaped(leader, 'outer')
        assert inner.wait(PATIENCE) == -signal.SIGKILL
        assert leader.poll() is None


def test_too_many_open_files_cost_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> list[str]:
        raise OSError(errno.EMFILE, 'Too many open files', path)

    monkeypatch.setattr(os, 'listdir', refuse)
    completed = overrun('echo answer; touch $0; exec sleep 60', tmp_path / 'begun')
    assert (completed.timed_out, completed.stdout) == (True, b'answer\n')


def test_a_leader_that_was_reaped_meanwhile_hides_nobody() -> None:
    leader = subprocess.Popen(['sleep', '60'], start_new_session=True)
    since_ticks = begun_ticks([leader.pid])
    with bystander(**{MARK: 'mine'}) as escaped:
        leader.kill()
        leader.wait()
        kill_escaped({leader.pid: 'mine'}, since_ticks)
        assert escaped.wait(PATIENCE) == -signal.SIGKILL


def test_nothing_is_looked_for_once_nothing_runs() -> None:
    leader = subprocess.Popen(['true'])
    leader.wait()
    with bystander(**{MARK: 'mine'}) as other:
        end_escaped(leader, 'mine')
        assert other.poll() is None


def test_who_ends_commands_at_the_same_time_looks_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[int] = []
    under_way, let_go = threading.Event(), threading.Event()
    look = kill_stray._look

    def slow_look(leaders: Mapping[int, str], since_ticks: int) -> kill_stray._Look:
        looks.append(len(leaders))
        under_way.set()
        assert let_go.wait(PATIENCE)
        return look(leaders, since_ticks)

    monkeypatch.setattr(kill_stray, '_look', slow_look)
    with contextlib.ExitStack() as started:
        escaped = [started.enter_context(bystander(**{MARK: f'mark{n}'})) for n in range(9)]
        since_ticks = begun_ticks([one.pid for one in escaped])
        # Their leaders are gone, and had other numbers.
        ending = [
            threading.Thread(target=kill_escaped, args=({-n - 1: f'mark{n}'}, since_ticks))
            for n in range(9)
        ]
        ending[0].start()
        assert under_way.wait(PATIENCE)
        for thread in ending[1:]:
            thread.start()
        until = Deadline.after(PATIENCE)
        while len(kill_stray._TOGETHER._next.leaders) < 8 and not until.passed:
            threading.Event().wait(0.01)
        let_go.set()
        for thread in ending:
            thread.join(PATIENCE)
        assert [one.wait(PATIENCE) for one in escaped] == [-signal.SIGKILL] * 9
    # Nine hunts would each have looked at least thrice.
    assert set(looks) == {1, 8}


def test_who_waits_for_a_look_that_is_stuck_looks_alone() -> None:
    with kill_stray._TOGETHER._hunting, bystander(**{MARK: 'mine'}) as escaped:
        kill_escaped({-1: 'mine'}, begun_ticks([escaped.pid]))
        assert escaped.wait(PATIENCE) == -signal.SIGKILL


def test_who_dies_waits_for_no_look_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kill_stray, '_PATIENCE_SECONDS', PATIENCE)
    with kill_stray._TOGETHER._hunting, bystander(**{MARK: 'mine'}) as escaped:
        running._look({-1: 'mine'}, begun_ticks([escaped.pid]), Wakeup())
        assert escaped.wait(PATIENCE) == -signal.SIGKILL


@pytest.mark.slow
def test_the_deadline_of_the_whole_run_leaves_no_daemon_behind(tmp_path: Path) -> None:
    (tmp_path / 'a.yaml').write_text(
        'checks:\n  hung:\n    kind: script\n    timeout: 60\n    command:\n    - sh\n    - -c\n'
        f"    - '{DAEMON.replace('echo', f'> {tmp_path}/pid echo')} sleep 60'\n"
    )
    assert hung_until_the_deadline(tmp_path).health is Health.UNKNOWN
    assert wait_gone(int((tmp_path / 'pid').read_text()))

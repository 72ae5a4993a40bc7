"""What both that speak ssh for us promise alike, against a real sshd."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.reach.ssh.client import NotStartedError, SshClient, SshLink
from reconciler.reach.ssh.dial import CommandSocket
from reconciler.reach.ssh.far_end import SshTarget
from reconciler.reach.ssh.login import Login
from reconciler.values.readings import Outcome
from tests.hosts.shell import wait_until
from tests.support.patience import PATIENCE
from tests.support.sshd import CAP_BYTES, CLIENTS, far_run, host_keys, needs_sshd, visitor

pytestmark = [needs_sshd, pytest.mark.slow]
FOR_EVER = 'exec sleep 1000'


@pytest.fixture
def link(client: SshClient, keys: Path, door: int) -> Iterator[SshLink]:
    with closing(visitor(client, keys, door).connect()) as made:
        yield made


def test_bytes_arrive_exactly_stderr_apart_and_the_exit_code_with_them(link: SshLink) -> None:
    done = far_run(link, r"printf 'a\0\377\r\n b'; printf 'said \351' >&2; exit 7")
    assert (done.exit_code, done.stdout, done.stderr) == (7, b'a\0\xff\r\n b', b'said \xe9')
    assert (done.stdout_bytes, done.stderr_bytes, done.timed_out) == (7, 6, False)


def test_what_comes_on_stdout_after_stderr_is_read(link: SshLink) -> None:
    for _ in range(5):
        done = far_run(
            link, 'printf a; printf b >&2; sleep 0.1; printf c; sleep 0.1; printf d >&2'
        )
        assert (done.stdout, done.stderr) == (b'ac', b'bd')


def test_both_streams_are_kept_up_to_the_cap_and_drained_while_keys_are_made_anew(
    link: SshLink,
) -> None:
    done = far_run(link, 'head -c 5000000 /dev/zero >&2 & head -c 5000000 /dev/zero; wait; exit 3')
    assert (done.stdout_bytes, done.stderr_bytes) == (5_000_000, 5_000_000)
    assert (done.stdout, done.stderr) == (bytes(CAP_BYTES), bytes(CAP_BYTES))
    assert done.exit_code == 3
    assert far_run(link, 'echo again').stdout == b'again\n'


def test_stdin_is_read_to_its_end_while_keys_are_made_anew(link: SshLink) -> None:
    assert far_run(link, 'wc -c', stdin=bytes(3_000_000)).stdout.split() == [b'3000000']
    assert far_run(link, 'cat; echo ended').stdout == b'ended\n'


def test_one_that_ends_without_reading_has_its_answer(link: SshLink) -> None:
    done = far_run(link, 'echo answer; exit 2', stdin=bytes(3_000_000))
    assert (done.stdout, done.exit_code) == (b'answer\n', 2)


def test_a_trickle_ends_by_the_deadline_with_what_it_said(link: SshLink) -> None:
    done = far_run(link, 'while :; do echo x; sleep 0.1; done', seconds=3)
    assert done.timed_out
    assert done.stdout.startswith(b'x\nx\n')
    assert far_run(link, 'echo again').stdout == b'again\n'


def test_a_command_that_says_nothing_ends_by_the_deadline(link: SshLink) -> None:
    done = far_run(link, FOR_EVER, seconds=2)
    assert (done.timed_out, done.stdout_bytes, done.exit_code) == (True, 0, 255)


def test_one_that_has_said_enough_is_ended(link: SshLink) -> None:
    command = RemoteCommand(
        f'echo first; echo rest; {FOR_EVER}', CAP_BYTES, enough=lambda out: out.endswith(b'rest\n')
    )
    done = link.run(command, Deadline.after(PATIENCE), PATIENCE)
    assert (done.stdout, done.enough, done.timed_out) == (b'first\nrest\n', True, False)
    assert far_run(link, 'echo again').stdout == b'again\n'


def test_output_that_a_leftover_holds_open_does_not_hold_us(link: SshLink) -> None:
    done = far_run(link, 'echo answer; sleep 1000 & exit 4', seconds=2 * PATIENCE)
    assert (done.stdout, done.exit_code, done.timed_out) == (b'answer\n', 4, False)


def test_what_it_wrote_before_its_exit_is_waited_for(link: SshLink) -> None:
    done = far_run(link, 'echo answer; { sleep 0.2; echo late; } & exit 0')
    assert done.stdout == b'answer\nlate\n'


def test_a_signal_ends_a_command_as_it_does_for_ssh(link: SshLink) -> None:
    with pytest.raises(ReachError, match='a signal ended the far command') as raised:
        far_run(link, 'echo said; kill -9 $$')
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.UNREACHABLE, True)
    assert raised.value.completed.stdout == b'said\n'
    assert link.alive


def test_a_far_end_that_hangs_up_half_way_is_told_with_what_came(link: SshLink) -> None:
    with pytest.raises(ReachError, match='the connection ended') as raised:
        far_run(link, 'echo said; sleep 0.5; kill -9 $PPID; sleep 1000')
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.UNREACHABLE, True)
    assert raised.value.completed.stdout == b'said\n'
    wait_until(lambda: not link.alive, 'the end of the connection')
    with pytest.raises(NotStartedError):
        far_run(link, 'true')


def test_several_commands_run_beside_another_and_one_too_many_costs_no_other(
    link: SshLink, tmp_path: Path
) -> None:
    found: list[bytes] = []
    wait = f'until [ -e {tmp_path}/go ]; do sleep 0.05; done; echo done'

    def ask(number: int) -> None:
        found.append(far_run(link, f'touch {tmp_path}/{number}; {wait}').stdout)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(list(tmp_path.iterdir())) == 3, 'all of them')
    with pytest.raises(ReachError, match=r'too many at once\?'):
        far_run(link, 'true')
    (tmp_path / 'go').touch()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == [b'done\n'] * 3
    assert far_run(link, 'echo again').stdout == b'again\n'


RELAY = """
import socket, sys, threading, os
sock = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
def copy(read, write):
    while data := read(): write(data)
threading.Thread(target=copy, args=(lambda: os.read(0, 9999), sock.sendall), daemon=True).start()
copy(lambda: sock.recv(9999), lambda data: os.write(1, data))
"""


def test_a_way_through_a_command_ends_with_the_connection(
    client: SshClient, keys: Path, door: int
) -> None:
    sock = CommandSocket.through([sys.executable, '-c', RELAY, str(door)])
    assert sock.process is not None
    process = sock.process
    login = Login(user='root', port=door, identities=(keys / 'own',))
    far = SshTarget(sock, login, host_keys(keys), '', set())
    with closing(client.connect(far, Deadline.after(PATIENCE))) as made:
        assert far_run(made, 'head -c 3000000 /dev/zero').stdout_bytes == 3_000_000
    assert process.poll() is not None
    other = CommandSocket.through(['sh', '-c', 'echo no way >&2'])
    with pytest.raises(ReachError):
        client.connect(
            SshTarget(other, login, host_keys(keys), '', set()), Deadline.after(PATIENCE)
        )
    assert other.said_last == 'no way'


def test_kept_connections_of_asyncssh_have_one_thread(keys: Path, door: int) -> None:
    client, before = CLIENTS['asyncssh'](), set(threading.enumerate())
    made = [visitor(client, keys, door).connect() for _ in range(12)]
    assert [far_run(one, 'echo in').stdout for one in made] == [b'in\n'] * 12
    assert len(set(threading.enumerate()) - before) <= 1
    for one in made:
        one.close()
    wait_until(lambda: not any(one.alive for one in made), 'their end')

"""What both that speak ssh for us promise alike, against a real sshd."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.reach.ssh.client import NotStartedError, SshClient, SshLink
from reconciler.reach.ssh.dial import CommandSocket
from reconciler.reach.ssh.far_end import OtherKeyError, SshTarget
from reconciler.reach.ssh.login import Login
from reconciler.values.readings import Outcome
from tests.hosts.shell import wait_until
from tests.support.patience import PATIENCE
from tests.support.sshd import CLIENTS, Visitor, host_keys, idle, keygen, needs_sshd, running_sshd
from tests.support.sshd import run as ssh_keygen

pytestmark = [needs_sshd, pytest.mark.slow]
CAP_BYTES = 65536
FOR_EVER = 'exec sleep 1000'


@pytest.fixture(scope='module')
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp('keys')
    for name in ('host', 'other', 'own', 'ca'):
        keygen(directory / name)
    return directory


@pytest.fixture(scope='module')
def door(keys: Path) -> Iterator[int]:
    own = ('StrictModes=no', 'PermitRootLogin=yes', f'AuthorizedKeysFile={keys}/own.pub')
    # Keys are made anew with each half a megabyte.
    with running_sshd(keys, *own, 'RekeyLimit=512K', 'MaxSessions=3') as port:
        yield port


@contextmanager
def certified(keys: Path, only: bool) -> Iterator[int]:
    """Run an sshd with a certificate of its host key; `only` with nothing else to show."""
    ssh_keygen('ssh-keygen', '-q', '-s', keys / 'ca', '-I', 'x', '-h', keys / 'host.pub')
    kinds = 'ssh-ed25519-cert-v01@openssh.com' if only else '+ssh-ed25519'
    options = (f'HostCertificate={keys}/host-cert.pub', f'HostKeyAlgorithms={kinds}')
    own = ('StrictModes=no', 'PermitRootLogin=yes', f'AuthorizedKeysFile={keys}/own.pub')
    with running_sshd(keys, *own, *options) as port:
        yield port


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> SshClient:
    return CLIENTS[request.param]()


def visitor(client: SshClient, keys: Path, port: int) -> Visitor:
    return Visitor(client, keys, Login(user='root', port=port, identities=(keys / 'own',)))


@pytest.fixture
def link(client: SshClient, keys: Path, door: int) -> Iterator[SshLink]:
    with closing(visitor(client, keys, door).connect()) as made:
        yield made


def run(link: SshLink, line: str, seconds: float = PATIENCE, stdin: bytes = b'') -> Completed:
    return link.run(RemoteCommand(line, CAP_BYTES, stdin), Deadline.after(seconds), PATIENCE)


def test_bytes_arrive_exactly_stderr_apart_and_the_exit_code_with_them(link: SshLink) -> None:
    done = run(link, r"printf 'a\0\377\r\n b'; printf 'said \351' >&2; exit 7")
    assert (done.exit_code, done.stdout, done.stderr) == (7, b'a\0\xff\r\n b', b'said \xe9')
    assert (done.stdout_bytes, done.stderr_bytes, done.timed_out) == (7, 6, False)


def test_what_comes_on_stdout_after_stderr_is_read(link: SshLink) -> None:
    for _ in range(5):
        done = run(link, 'printf a; printf b >&2; sleep 0.1; printf c; sleep 0.1; printf d >&2')
        assert (done.stdout, done.stderr) == (b'ac', b'bd')


def test_both_streams_are_kept_up_to_the_cap_and_drained_while_keys_are_made_anew(
    link: SshLink,
) -> None:
    done = run(link, 'head -c 5000000 /dev/zero >&2 & head -c 5000000 /dev/zero; wait; exit 3')
    assert (done.stdout_bytes, done.stderr_bytes) == (5_000_000, 5_000_000)
    assert (done.stdout, done.stderr) == (bytes(CAP_BYTES), bytes(CAP_BYTES))
    assert done.exit_code == 3
    assert run(link, 'echo again').stdout == b'again\n'


def test_stdin_is_read_to_its_end_while_keys_are_made_anew(link: SshLink) -> None:
    assert run(link, 'wc -c', stdin=bytes(3_000_000)).stdout.split() == [b'3000000']
    assert run(link, 'cat; echo ended').stdout == b'ended\n'


def test_one_that_ends_without_reading_has_its_answer(link: SshLink) -> None:
    done = run(link, 'echo answer; exit 2', stdin=bytes(3_000_000))
    assert (done.stdout, done.exit_code) == (b'answer\n', 2)


def test_a_trickle_ends_by_the_deadline_with_what_it_said(link: SshLink) -> None:
    done = run(link, 'while :; do echo x; sleep 0.1; done', seconds=3)
    assert done.timed_out
    assert done.stdout.startswith(b'x\nx\n')
    assert run(link, 'echo again').stdout == b'again\n'


def test_a_command_that_says_nothing_ends_by_the_deadline(link: SshLink) -> None:
    done = run(link, FOR_EVER, seconds=2)
    assert (done.timed_out, done.stdout_bytes, done.exit_code) == (True, 0, 255)


def test_one_that_has_said_enough_is_ended(link: SshLink) -> None:
    command = RemoteCommand(
        f'echo first; echo rest; {FOR_EVER}', CAP_BYTES, enough=lambda out: out.endswith(b'rest\n')
    )
    done = link.run(command, Deadline.after(PATIENCE), PATIENCE)
    assert (done.stdout, done.enough, done.timed_out) == (b'first\nrest\n', True, False)
    assert run(link, 'echo again').stdout == b'again\n'


def test_output_that_a_leftover_holds_open_does_not_hold_us(link: SshLink) -> None:
    done = run(link, 'echo answer; sleep 1000 & exit 4', seconds=2 * PATIENCE)
    assert (done.stdout, done.exit_code, done.timed_out) == (b'answer\n', 4, False)


def test_what_it_wrote_before_its_exit_is_waited_for(link: SshLink) -> None:
    done = run(link, 'echo answer; { sleep 0.2; echo late; } & exit 0')
    assert done.stdout == b'answer\nlate\n'


def test_a_signal_ends_a_command_as_it_does_for_ssh(link: SshLink) -> None:
    with pytest.raises(ReachError, match='a signal ended the far command') as raised:
        run(link, 'echo said; kill -9 $$')
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.UNREACHABLE, True)
    assert raised.value.completed.stdout == b'said\n'
    assert link.alive


def test_a_far_end_that_hangs_up_half_way_is_told_with_what_came(link: SshLink) -> None:
    with pytest.raises(ReachError, match='the connection ended') as raised:
        run(link, 'echo said; sleep 0.5; kill -9 $PPID; sleep 1000')
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.UNREACHABLE, True)
    assert raised.value.completed.stdout == b'said\n'
    wait_until(lambda: not link.alive, 'the end of the connection')
    with pytest.raises(NotStartedError):
        run(link, 'true')


def test_several_commands_run_beside_another_and_one_too_many_costs_no_other(
    link: SshLink, tmp_path: Path
) -> None:
    found: list[bytes] = []
    wait = f'until [ -e {tmp_path}/go ]; do sleep 0.05; done; echo done'

    def ask(number: int) -> None:
        found.append(run(link, f'touch {tmp_path}/{number}; {wait}').stdout)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(list(tmp_path.iterdir())) == 3, 'all of them')
    with pytest.raises(ReachError, match=r'too many at once\?'):
        run(link, 'true')
    (tmp_path / 'go').touch()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == [b'done\n'] * 3
    assert run(link, 'echo again').stdout == b'again\n'


def test_another_host_key_is_refused_and_told(client: SshClient, keys: Path, door: int) -> None:
    with pytest.raises(OtherKeyError, match='changed') as raised:
        visitor(client, keys, door).connect(host_keys(keys, 'other'))
    assert raised.value.shown == host_keys(keys)[0]


def test_a_revoked_host_key_is_refused_though_it_is_known(
    client: SshClient, keys: Path, door: int
) -> None:
    for known in ([], host_keys(keys)):
        with pytest.raises(ReachError, match='marked @revoked') as raised:
            visitor(client, keys, door).connect(known, (host_keys(keys)[0],))
        assert raised.value.outcome is Outcome.HOST_KEY


def test_a_far_end_that_has_no_key_of_a_known_kind_is_told_as_changed(
    client: SshClient, keys: Path, door: int, tmp_path: Path
) -> None:
    keygen(tmp_path / 'host', kind='ecdsa')
    with pytest.raises(OtherKeyError, match='changed') as raised:
        visitor(client, keys, door).connect(host_keys(tmp_path))
    assert raised.value.shown is None


@pytest.mark.parametrize('kind', ['rsa', 'ecdsa'])
def test_a_host_key_of_any_kind_is_known(client: SshClient, keys: Path, kind: str) -> None:
    if not (keys / kind).exists():
        keygen(keys / kind, kind=kind)
    own = ('StrictModes=no', f'AuthorizedKeysFile={keys}/own.pub', f'HostKey={keys}/{kind}')
    with running_sshd(keys, *own) as port:
        made = visitor(client, keys, port).connect(host_keys(keys, kind))
        with closing(made):
            assert run(made, 'echo in').stdout == b'in\n'


@pytest.mark.parametrize('only', [False, True], ids=['beside-its-key', 'alone'])
def test_a_far_end_that_shows_a_certificate_is_known_by_its_key(
    client: SshClient, keys: Path, only: bool
) -> None:
    with certified(keys, only) as port:
        with closing(visitor(client, keys, port).connect()) as made:
            assert run(made, 'echo in').stdout == b'in\n'
        with pytest.raises(OtherKeyError) as raised:
            visitor(client, keys, port).connect(host_keys(keys, 'other'))
    assert ('no certificates are checked here' in str(raised.value)) == only
    assert raised.value.outcome is Outcome.HOST_KEY


def test_keys_that_are_refused_are_counted(client: SshClient, keys: Path, door: int) -> None:
    strange = Login(user='root', port=door, identities=(keys / 'other', keys / 'ca'))
    with pytest.raises(ReachError, match='it refused 2 keys that we have') as raised:
        Visitor(client, keys, strange).connect()
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.REFUSED_KEY, False)


def test_without_any_key_what_to_do_is_said(client: SshClient, keys: Path, door: int) -> None:
    with pytest.raises(
        ReachError, match='there is no ssh key to offer; looked for /none'
    ) as raised:
        Visitor(client, keys, Login('', 'root', door, (Path('/none'),))).connect()
    assert raised.value.outcome is Outcome.REFUSED_KEY


def test_why_nobody_is_let_in_is_told_by_the_banner(
    client: SshClient, keys: Path, tmp_path: Path
) -> None:
    (tmp_path / 'banner').write_text('System is booting up. See pam_nologin(8)\n')
    refused = pytest.raises(ReachError, match='it says System is booting up')
    busy = running_sshd(keys, f'Banner={tmp_path}/banner', 'AuthorizedKeysFile=none')
    with busy as port, refused as raised:
        visitor(client, keys, port).connect()
    assert raised.value.outcome is Outcome.NO_LOGIN


def test_an_sshd_that_has_too_many_drops_us(client: SshClient, keys: Path) -> None:
    with running_sshd(keys, 'MaxStartups=1:100:1') as port:
        first = visitor(client, keys, port)
        with closing(idle(port)), pytest.raises(
            ReachError, match='closed the connection'
        ) as raised:
            first.connect()
    assert (raised.value.outcome, raised.value.dropped) == (Outcome.UNREACHABLE, True)


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
        assert run(made, 'head -c 3000000 /dev/zero').stdout_bytes == 3_000_000
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
    assert [run(one, 'echo in').stdout for one in made] == [b'in\n'] * 12
    assert len(set(threading.enumerate()) - before) <= 1
    for one in made:
        one.close()
    wait_until(lambda: not any(one.alive for one in made), 'their end')

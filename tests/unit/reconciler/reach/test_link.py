"""What a connection offers before it knows who is there, and far sides without end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.reach.ssh.far_end import SshTarget
from reconciler.reach.ssh.handshake import make_transport
from reconciler.reach.ssh.hostkeys import HostKey
from reconciler.reach.ssh.link import _Output
from reconciler.reach.ssh.login import Login
from reconciler.values.readings import Outcome
from tests.support.patience import PATIENCE
from tests.support.sshd import CLIENTS

OLD = ('sha1', 'md5', 'cbc', '3des', 'dss', 'arcfour', 'blowfish')


@pytest.mark.parametrize(
    ('kinds', 'offered'),
    [
        (['ssh-ed25519'], {'ssh-ed25519'}),
        (['ssh-rsa'], {'rsa-sha2-512', 'rsa-sha2-256'}),
        (['ecdsa-sha2-nistp256', 'ssh-ed25519'], {'ecdsa-sha2-nistp256', 'ssh-ed25519'}),
    ],
)
def test_only_modern_algorithms_and_known_kinds_of_host_keys_are_offered(
    kinds: list[str], offered: set[str]
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        keys = [HostKey(kind, b'') for kind in kinds]
        transport = make_transport(SshTarget(ours, Login(), keys, '', set()))
        options = transport.get_security_options()
        assert set(options.key_types) == offered
        every = (*options.kex, *options.ciphers, *options.digests)
        assert [name for name in every if any(old in name for old in OLD)] == []
        assert options.kex
        assert options.ciphers
        assert options.digests
        assert 'ssh-rsa' not in transport.preferred_pubkeys


def trickle(sock: socket.socket, over: threading.Event) -> None:
    """Send lines that are no banner of ssh, for ever."""
    while not over.wait(0.05):
        try:
            sock.sendall(b'please wait\r\n')
        except OSError:
            return


def banner_only(sock: socket.socket, over: threading.Event) -> None:
    sock.sendall(b'SSH-2.0-OpenSSH_9.2\r\n')
    over.wait()


def hang_up(sock: socket.socket, over: threading.Event) -> None:
    sock.shutdown(socket.SHUT_RDWR)


def noise(sock: socket.socket, over: threading.Event) -> None:
    sock.sendall(b'SSH-2.0-x\r\n' + bytes(range(256)) * 400)
    over.wait()


@pytest.mark.slow
@pytest.mark.parametrize('client', CLIENTS)
@pytest.mark.parametrize('far_side', [trickle, banner_only, hang_up, noise])
def test_a_far_side_that_never_comes_to_the_point_ends_by_the_deadline(
    far_side: Callable[[socket.socket, threading.Event], None], client: str
) -> None:
    ours, theirs = socket.socketpair()
    over = threading.Event()
    thread = threading.Thread(target=far_side, args=(theirs, over))
    with ours, theirs:
        thread.start()
        try:
            far = SshTarget(ours, Login(), [HostKey('ssh-ed25519', b'')], '', set())
            with pytest.raises(ReachError, match=r'^cannot reach it: ') as raised:
                CLIENTS[client]().connect(far, Deadline.after(1))
        finally:
            over.set()
            thread.join(PATIENCE)
    assert not thread.is_alive()
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.UNREACHABLE, True)


class LateChannel:
    """As much of a channel as is read from; each look at its end lets `steps` go on by one."""

    eof_received = True
    exit_status = 0

    def __init__(self, readable: int, *steps: bytes) -> None:
        self._readable = readable
        self._steps = list(steps)
        self._buffer = b''
        self.status_event = threading.Event()
        self.status_event.set()

    def fileno(self) -> int:
        return self._readable

    def exit_status_ready(self) -> bool:
        return True

    @property
    def closed(self) -> bool:
        """Whether no more comes; what came last is there by now."""
        self._buffer += self._steps.pop(0) if self._steps else b''
        return not self._steps

    def recv_ready(self) -> bool:
        return bool(self._buffer)

    def recv(self, size: int) -> bytes:
        chunk, self._buffer = self._buffer[:size], self._buffer[size:]
        return chunk

    def recv_stderr_ready(self) -> bool:
        return False


def test_what_arrives_with_the_end_is_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = LateChannel(ours.fileno(), b'the last ', b'words')
        output = _Output(channel, RemoteCommand('', 1000))  # type: ignore[arg-type]
        output.drain(Deadline.after(PATIENCE))
    assert output.kept.completed(0).stdout == b'the last words'

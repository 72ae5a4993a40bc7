"""What a connection offers before it knows who is there, and far sides without end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from charm.deadline import Deadline
from reconciler.reach.base import ReachError
from reconciler.reach.hostkeys import HostKey
from reconciler.reach.identities import Keyring
from reconciler.reach.link import Far, Link, _transport
from reconciler.reach.sshconfig import Login
from reconciler.readings import Outcome

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
        transport = _transport(Far(ours, Login(), keys, ''))
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


@pytest.mark.parametrize('far_side', [trickle, banner_only, hang_up, noise])
def test_a_far_side_that_never_comes_to_the_point_ends_by_the_deadline(
    far_side: Callable[[socket.socket, threading.Event], None],
) -> None:
    ours, theirs = socket.socketpair()
    over = threading.Event()
    thread = threading.Thread(target=far_side, args=(theirs, over))
    with ours, theirs:
        thread.start()
        try:
            far = Far(ours, Login(), [HostKey('ssh-ed25519', b'')], '')
            with pytest.raises(ReachError, match=r'^cannot reach it: ') as raised:
                Link.connect(far, Keyring(), Deadline.after(1))
        finally:
            over.set()
            thread.join(20)
    assert not thread.is_alive()
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.UNREACHABLE, True)

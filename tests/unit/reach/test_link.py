"""What a connection offers the far side before it knows anything of it."""

from __future__ import annotations

import socket

import pytest

from reconciler.reach.hostkeys import HostKey
from reconciler.reach.link import Far, _transport
from reconciler.reach.sshconfig import Login

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

"""How both that speak ssh for us log in, and tell who refuses, against a real sshd."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError
from reconciler.reach.lanes import Turn
from reconciler.reach.ssh.client import SshClient
from reconciler.reach.ssh.far_end import OtherKeyError, SshTarget
from reconciler.reach.ssh.login import Login
from reconciler.values.readings import Outcome
from tests.support.patience import PATIENCE
from tests.support.sshd import (
    Visitor,
    far_run,
    host_keys,
    idle,
    keygen,
    needs_sshd,
    running_sshd,
    visitor,
)
from tests.support.sshd import run as ssh_keygen

pytestmark = [needs_sshd, pytest.mark.slow]


@contextmanager
def certified(keys: Path, only: bool) -> Iterator[int]:
    """Run an sshd with a certificate of its host key; `only` with nothing else to show."""
    ssh_keygen('ssh-keygen', '-q', '-s', keys / 'ca', '-I', 'x', '-h', keys / 'host.pub')
    kinds = 'ssh-ed25519-cert-v01@openssh.com' if only else '+ssh-ed25519'
    options = (f'HostCertificate={keys}/host-cert.pub', f'HostKeyAlgorithms={kinds}')
    own = ('StrictModes=no', 'PermitRootLogin=yes', f'AuthorizedKeysFile={keys}/own.pub')
    with running_sshd(keys, *own, *options) as port:
        yield port


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
            assert far_run(made, 'echo in').stdout == b'in\n'


@pytest.mark.parametrize('only', [False, True], ids=['beside-its-key', 'alone'])
def test_a_far_end_that_shows_a_certificate_is_known_by_its_key(
    client: SshClient, keys: Path, only: bool
) -> None:
    with certified(keys, only) as port:
        with closing(visitor(client, keys, port).connect()) as made:
            assert far_run(made, 'echo in').stdout == b'in\n'
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


@pytest.mark.parametrize('said', [b'', b'SSH-2.0-OpenSSH_9.2\r\n'])
def test_a_far_end_that_is_given_up_early_is_told_as_silent(
    client: SshClient, keys: Path, door: int, said: bytes
) -> None:
    turn = Turn(began=0.0, number=1)
    with socket.create_server(('127.0.0.1', 0)) as listener:
        login = Login(user='root', port=listener.getsockname()[1], identities=(keys / 'own',))
        far = SshTarget(
            socket.create_connection(listener.getsockname()), login, host_keys(keys), '', set()
        )
        there, _ = listener.accept()

        def give_up() -> None:
            there.recv(4)
            turn.given_up = True

        there.sendall(said)
        threading.Thread(target=give_up).start()
        with there, pytest.raises(ReachError) as raised:
            client.connect(far, turn.deadline(Deadline.after(PATIENCE)))
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.UNREACHABLE, True)
    # The next one's socket may have the number of the one that was let go.
    with closing(visitor(client, keys, door).connect()) as other:
        assert far_run(other, 'echo in').stdout == b'in\n'


def test_an_sshd_that_has_too_many_drops_us(client: SshClient, keys: Path) -> None:
    with running_sshd(keys, 'MaxStartups=1:100:1') as port:
        first = visitor(client, keys, port)
        with closing(idle(port)), pytest.raises(
            ReachError, match='closed the connection'
        ) as raised:
            first.connect()
    assert (raised.value.outcome, raised.value.dropped) == (Outcome.UNREACHABLE, True)

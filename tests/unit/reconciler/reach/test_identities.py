"""Which keys are offered, and in which order: as ssh itself does, with a real agent and sshd."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from paramiko import Message, PKey

from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.reach.ssh.agent import Agent
from reconciler.reach.ssh.client import SshClient
from reconciler.reach.ssh.identities import Keyring
from reconciler.reach.ssh.login import Login, Logins
from reconciler.values.outcomes import Outcome
from tests.hosts.shell import wait_until
from tests.support.patience import PATIENCE
from tests.support.sshd import CLIENTS, Visitor, keygen, needs_sshd, run, running_sshd

# For each way to name keys: lines of the configuration, and the files that are taken away.
WAYS = {
    'named': (('IdentityFile {k}/k5',), ()),
    'public-half-alone': (('IdentityFile {k}/k5',), ('k5',)),
    'private-half-with-a-passphrase-alone': (('IdentityFile {k}/locked',), ('locked.pub',)),
    'public-half-named': (('IdentityFile {k}/k5.pub', 'IdentitiesOnly yes'), ('k5',)),
    'several-named': (('IdentityFile {k}/k6', 'IdentityFile {k}/k2'), ()),
    'only-those': (('IdentityFile {k}/k3', 'IdentitiesOnly yes'), ()),
    'certificate': (('IdentityFile {k}/k4', 'CertificateFile {k}/k4-cert.pub'), ()),
    'no-agent': (('IdentityFile {k}/k3', 'IdentityAgent none'), ()),
    'none-named': ((), ()),
}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Make a certificate authority and keys: k1 to k6, a locked one; k4 is certified."""
    directory = tmp_path / 'keys'
    directory.mkdir()
    for name in ('ca', 'host', *(f'k{number}' for number in range(1, 7))):
        keygen(directory / name)
    shutil.copy(directory / 'k1', directory / 'locked')
    shutil.copy(directory / 'k1.pub', directory / 'locked.pub')
    run('ssh-keygen', '-q', '-p', '-P', '', '-N', 'secret', '-f', directory / 'locked')
    run('ssh-keygen', '-q', '-s', directory / 'ca', '-I', 'x', '-n', 'ann', directory / 'k4.pub')
    return directory


@pytest.fixture
def agent(keys: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start an agent with all the keys but k6, and k4 with its certificate."""
    path = keys.parent / 'agent'
    argv = ['ssh-agent', '-D', '-a', str(path)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(path.exists, 'the ssh agent')
            monkeypatch.setenv('SSH_AUTH_SOCK', str(path))
            run('ssh-add', '-q', *(keys / f'k{number}' for number in range(1, 6)))
            yield path
        finally:
            process.terminate()


@pytest.fixture
def sshd(keys: Path) -> Iterator[int]:
    """Start an sshd that lets nobody in, and takes note of nothing."""
    trusted = f'TrustedUserCAKeys={keys}/none'
    with running_sshd(keys, 'MaxAuthTries=99', 'AuthorizedKeysFile=none', trusted) as port:
        yield port


@contextmanager
def sshd_taking_k5(keys: Path, *options: str) -> Iterator[int]:
    """Run an sshd that lets root in with k5 alone; yield its port."""
    own = ('StrictModes=no', 'PermitRootLogin=yes', f'AuthorizedKeysFile={keys}/k5.pub')
    with running_sshd(keys, *own, *options) as port:
        yield port


def offered_by_ssh(config: Path, port: int) -> list[str]:
    argv = ['ssh', '-v', '-T', '-F', str(config), '-p', str(port), '-o', 'BatchMode=yes']
    argv += ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
    done = subprocess.run(
        [*argv, 'ann@127.0.0.1', 'true'], capture_output=True, timeout=PATIENCE, check=False
    )
    return re.findall(r'Offering public key: .* SHA256:(\S+)', done.stderr.decode())


def fingerprint(key: PKey) -> str:
    """Return what ssh calls a key by; a certificate by the key that it is of."""
    own = getattr(key, 'public_blob', None)
    blob: bytes = own.key_blob if own else key.asbytes()
    parts = Message(blob)
    if parts.get_text().endswith('-cert-v01@openssh.com'):
        _nonce, plain = parts.get_string(), parts.get_string()
        of = Message()
        of.add_string('ssh-ed25519')
        of.add_string(plain)
        blob = of.asbytes()
    return base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')


@needs_sshd
@pytest.mark.slow
@pytest.mark.parametrize('way', WAYS)
def test_keys_are_offered_in_the_order_in_which_ssh_offers_them(
    way: str, keys: Path, agent: Path, sshd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, gone = WAYS[way]
    monkeypatch.setenv('HOME', str(keys))
    config = keys / 'config'
    config.write_text(''.join(f'{line.format(k=keys)}\n' for line in lines))
    for name in gone:
        (keys / name).unlink()
    login = Logins(keys / 'juju', keys).login('127.0.0.1', Deadline.after(PATIENCE))
    with closing(Agent(login.agent)) as found:
        ours = [fingerprint(key) for key in Keyring().order.keys(login, found.keys)]
    # ssh offers a certificate once for each place that it is in.
    assert list(dict.fromkeys(ours)) == list(dict.fromkeys(offered_by_ssh(config, sshd)))


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> SshClient:
    return CLIENTS[request.param]()


def is_let_in(visitor: Visitor) -> bool:
    with closing(visitor.connect()) as link:
        done = link.run(RemoteCommand('true', 100), Deadline.after(PATIENCE), PATIENCE)
        return done.exit_code == 0


@needs_sshd
@pytest.mark.slow
def test_what_one_connection_has_no_tries_left_for_the_next_one_offers(
    client: SshClient, keys: Path, agent: Path
) -> None:
    with sshd_taking_k5(keys, 'MaxAuthTries=3') as port:
        visitor = Visitor(client, keys, Login(user='root', port=port, agent=str(agent)))
        with pytest.raises(ReachError, match='it hung up before the rest') as raised:
            visitor.connect()
        assert (raised.value.outcome, raised.value.retryable) == (Outcome.REFUSED_KEY, True)
        assert is_let_in(visitor)


@needs_sshd
@pytest.mark.slow
def test_a_key_that_the_agent_will_not_sign_with_costs_one_try(
    client: SshClient, keys: Path, agent: Path
) -> None:
    for name in ('k1', 'k2'):
        # Nobody is there to confirm it.
        run('ssh-add', '-q', '-c', keys / name)
    with sshd_taking_k5(keys) as port:
        login = Login(user='root', port=port, agent=str(agent))
        assert is_let_in(Visitor(client, keys, login))


@needs_sshd
@pytest.mark.slow
def test_an_agent_that_does_not_tell_its_keys_keeps_no_file_from_being_used(
    client: SshClient, keys: Path, tmp_path: Path
) -> None:
    path = tmp_path / 'failing'
    with socket.socket(socket.AF_UNIX) as door, sshd_taking_k5(keys) as port:
        door.bind(str(path))
        door.listen()
        threading.Thread(target=_fail_all, args=(door,), daemon=True).start()
        ours = Login(user='root', port=port, agent=str(path), identities=(keys / 'k5',))
        assert is_let_in(Visitor(client, keys, ours))
        with pytest.raises(ReachError, match=r'cannot use the ssh agent at .* tell its keys'):
            Visitor(client, keys, replace(ours, identities=(keys / 'k6',))).connect()
        door.shutdown(socket.SHUT_RDWR)


def _fail_all(door: socket.socket) -> None:
    """Answer SSH_AGENT_FAILURE to whatever is asked."""
    with suppress(OSError):
        while True:
            with door.accept()[0] as asking:
                asking.recv(100)
                asking.sendall(b'\0\0\0\1\5')

"""A real sshd on the loopback, with keys that were made for it, and what speaks ssh with it."""

from __future__ import annotations

import base64
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.reach.base import RemoteCommand
from reconciler.reach.ssh.client import SshClient, SshLink
from reconciler.reach.ssh.far_end import SshTarget
from reconciler.reach.ssh.hostkeys import HostKey
from reconciler.reach.ssh.link import ParamikoClient
from reconciler.reach.ssh.login import Login
from reconciler.reach.ssh.loop.link import LoopClient
from tests.hosts.shell import wait_until
from tests.support.patience import PATIENCE

SSHD = '/usr/sbin/sshd'
CAP_BYTES = 65536
needs_sshd = pytest.mark.skipif(not Path(SSHD).exists(), reason='there is no sshd here')
# Whatever is promised of one is promised of the other.
CLIENTS: dict[str, Callable[[], SshClient]] = {'paramiko': ParamikoClient, 'asyncssh': LoopClient}


def run(*words: object) -> str:
    argv = [str(word) for word in words]
    done = subprocess.run(argv, capture_output=True, check=True, timeout=PATIENCE)
    return done.stdout.decode()


def keygen(path: Path, *options: str, passphrase: str = '', kind: str = 'ed25519') -> None:
    run('ssh-keygen', '-q', '-t', kind, '-N', passphrase, '-f', path, *options)


@contextmanager
def running_sshd(keys: Path, *options: str) -> Iterator[int]:
    """Run an sshd on the loopback; yield its port."""
    with socket.create_server(('127.0.0.1', 0)) as free:
        port: int = free.getsockname()[1]
    argv = [SSHD, '-D', '-e', '-f', '/dev/null', '-p', str(port), '-h', str(keys / 'host')]
    for option in ('ListenAddress=127.0.0.1', 'UsePAM=no', 'PidFile=none', *options):
        argv += ['-o', option]
    Path('/run/sshd').mkdir(exist_ok=True)

    def listens() -> bool:
        with socket.socket() as sock:
            return sock.connect_ex(('127.0.0.1', port)) == 0

    with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(listens, 'sshd')
            yield port
        finally:
            process.terminate()


def idle(port: int) -> socket.socket:
    """Return the connection that is the one which may wait to log in."""
    held = []

    def is_in() -> bool:
        held.append(socket.create_connection(('127.0.0.1', port), PATIENCE))
        return held[-1].recv(4) == b'SSH-'

    wait_until(is_in, 'sshd to let go of earlier connections')
    for sock in held[:-1]:
        sock.close()
    return held[-1]


def host_keys(keys: Path, name: str = 'host') -> list[HostKey]:
    """Return the public half of a key, as a host key."""
    kind, blob = (keys / f'{name}.pub').read_text().split()[:2]
    return [HostKey(kind, base64.b64decode(blob))]


class Visitor:
    """Who logs in as root, each time by a connection of its own."""

    def __init__(self, client: SshClient, keys: Path, login: Login) -> None:
        self.client, self.keys, self.login = client, keys, login
        self.refused = set[bytes]()

    def connect(
        self, known: list[HostKey] | None = None, revoked: tuple[HostKey, ...] = ()
    ) -> SshLink:
        sock = socket.create_connection(('127.0.0.1', self.login.port), PATIENCE)
        every = host_keys(self.keys) if known is None else known
        far = SshTarget(sock, self.login, every, 'cannot trust it: changed', self.refused, revoked)
        return self.client.connect(far, Deadline.after(PATIENCE))


def visitor(client: SshClient, keys: Path, port: int) -> Visitor:
    """Return who has a key that is let in."""
    return Visitor(client, keys, Login(user='root', port=port, identities=(keys / 'own',)))


def far_run(link: SshLink, line: str, seconds: float = PATIENCE, stdin: bytes = b'') -> Completed:
    """Run a command over there."""
    return link.run(RemoteCommand(line, CAP_BYTES, stdin), Deadline.after(seconds), PATIENCE)

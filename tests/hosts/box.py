"""One real machine, up and well: its files, its boot, and the ways to run commands on it."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import PATIENCE

from .cgroups import Group
from .network import Cable
from .shell import HostError, attempt, run, wait_until

_SSHD_KEY = Path('etc/ssh/ssh_host_ed25519_key')
AUTHORIZED = Path('home/ubuntu/.ssh/authorized_keys')


@dataclass(frozen=True)
class Place:
    """Where a machine's files are, here.

    Attributes:
        lower: the shared root file system, never written to.
        work: the machine's own directory, on a tmpfs.
        identity: the private key whose public half the machine accepts for `ubuntu`.
    """

    lower: Path
    work: Path
    identity: Path


class Box:
    """A machine with a real systemd, a real sshd and an `ubuntu` user with sudo.

    Attributes:
        name: its host name, such as `juju-0`.
        address: its IPv4 address.
        root: its root directory as seen from here; what is written there is there at once.
        identity: the private key that `ubuntu` accepts.
        interface: its end of the cable, here at the bridge.
    """

    def __init__(self, cable: Cable, group: Group, place: Place) -> None:
        self.name = f'juju-{cable.index}'
        self.address = cable.address
        self.interface = cable.namespace
        self.root = place.work / 'root'
        self.identity = place.identity
        self._cable = cable
        self._group = group
        self._place = place
        self._nspawn: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.name!r}, {self.address!r})'

    # -- being there -----------------------------------------------------------------------

    def install(self) -> None:
        """Give the machine its network, its files and its keys; it is not on yet.

        Raises:
            HostError: this computer cannot, with the command that failed.
        """
        self._cable.plug_in()
        self._group.make()
        upper, scratch = self._place.work / 'upper', self._place.work / 'scratch'
        for directory in (upper, scratch, self.root):
            directory.mkdir(parents=True)
        layers = f'lowerdir={self._place.lower},upperdir={upper},workdir={scratch}'
        run(['mount', '-t', 'overlay', 'overlay', '-o', layers, str(self.root)])
        etc = self.root / 'etc'
        (etc / 'hostname').write_text(f'{self.name}\n')
        # sudo looks its own host up, and would wait for a name server that is not there.
        (etc / 'hosts').write_text(f'127.0.0.1 localhost\n127.0.1.1 {self.name}\n')
        (etc / 'machine-id').write_text(f'{uuid.uuid4().hex}\n')
        self.new_host_key()
        public = Path(f'{self.identity}.pub').read_text()
        authorized = self.root / AUTHORIZED
        authorized.write_text(public)
        owner = authorized.parent.stat()
        os.chown(authorized, owner.st_uid, owner.st_gid)
        authorized.chmod(0o600)

    def boot(self) -> None:
        """Switch the machine on and return at once; `wait_for_sshd` waits for it."""
        if self.is_on:
            return
        argv = [
            'systemd-nspawn',
            '--quiet',
            f'--directory={self.root}',
            f'--machine={self._cable.namespace}',
            f'--network-namespace-path=/run/netns/{self._cable.namespace}',
            '--boot',
            '--register=no',
            '--keep-unit',
            '--console=read-only',
            '--link-journal=no',
            '--resolv-conf=off',
            '--timezone=off',
        ]
        with self._log.open('ab') as log:
            self._nspawn = subprocess.Popen(
                self._group.entering(argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_for_sshd(self) -> None:
        """Return when users can log in.

        Raises:
            HostError: not in time; with the end of what the machine printed.
        """
        try:
            wait_until(self._logs_in, f'sshd of {self.name}')
        except HostError as error:
            raise HostError(f'{error}\n{self._log.read_text(errors="replace")[-2000:]}') from error

    def remove(self) -> None:
        """Switch it off and remove all that it was; nothing happens if it is gone."""
        self._group.remove()
        if self._nspawn is not None:
            self._nspawn.wait()
            self._nspawn = None
        self._cable.unplug()
        if os.path.ismount(self.root) and not attempt(['umount', str(self.root)]):
            attempt(['umount', '--lazy', str(self.root)])
        shutil.rmtree(self._place.work, ignore_errors=True)

    @property
    def is_on(self) -> bool:
        """Whether its processes run."""
        return self._nspawn is not None and self._nspawn.poll() is None

    @property
    def pid(self) -> int:
        """The id of its systemd, as seen from here.

        Raises:
            HostError: it is off.
        """
        return self._pid_one()

    @property
    def host_key(self) -> str:
        """Its public host key, such as `ssh-ed25519 AAAA…`."""
        kind, key, *_ = (self.root / f'{_SSHD_KEY}.pub').read_text().split()
        return f'{kind} {key}'

    # -- commands --------------------------------------------------------------------------

    def run(
        self,
        command: str | Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout_seconds: float = PATIENCE,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as root at the console: network, sshd and keys do not matter.

        Args:
            command: an argv, or a string for `sh -c`.
            stdin: what it reads; nothing by default.
            timeout_seconds: after which it is killed.

        Raises:
            HostError: the machine is off.
            subprocess.TimeoutExpired: the command took longer.
        """
        argv = ['sh', '-c', command] if isinstance(command, str) else list(command)
        path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
        enter = ['nsenter', f'--target={self._pid_one()}', '--all', '--wdns=/', 'env', '-i', path]
        return subprocess.run(
            [*enter, 'HOME=/root', *argv],
            input=stdin or b'',
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
        )

    def must(self, command: str | Sequence[str]) -> str:
        """Run a command at the console that has to succeed and return its stdout.

        Raises:
            HostError: the machine is off, or the command failed; with what it said.
        """
        done = self.run(command)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode(errors='replace').strip()
            raise HostError(f'cannot run {command!r} on {self.name}: {done.returncode}: {said}')
        return done.stdout.decode(errors='replace')

    def ssh(
        self,
        command: str | Sequence[str],
        *,
        timeout_seconds: float = PATIENCE,
        stdin: bytes = b'',
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command over ssh as `ubuntu`; its host key has to be the machine's.

        Raises:
            subprocess.TimeoutExpired: it took longer.
        """
        text = command if isinstance(command, str) else shlex.join(command)
        options = {
            'BatchMode': 'yes',
            'ConnectTimeout': '2',
            'IdentitiesOnly': 'yes',
            'LogLevel': 'ERROR',
            'StrictHostKeyChecking': 'yes',
            'UserKnownHostsFile': str(self._known_hosts),
        }
        words = [word for key, value in options.items() for word in ('-o', f'{key}={value}')]
        return subprocess.run(
            [
                'ssh',
                '-F',
                'none',
                *words,
                '-i',
                str(self.identity),
                f'ubuntu@{self.address}',
                text,
            ],
            input=stdin,
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
        )

    def new_host_key(self) -> None:
        """Give it another host key, as a machine that was built anew, or an impostor."""
        key = self.root / _SSHD_KEY
        for path in (key, Path(f'{key}.pub')):
            path.unlink(missing_ok=True)
        run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', str(key)])
        self._known_hosts.write_text(f'{self.address} {self.host_key}\n')
        if self.is_on:
            self.must(['systemctl', 'try-restart', 'ssh.service'])
            self.wait_for_sshd()

    # -- inside ----------------------------------------------------------------------------

    @property
    def _log(self) -> Path:
        return self._place.work / 'console.log'

    @property
    def _known_hosts(self) -> Path:
        return self._place.work / 'known_hosts'

    def _pid_one(self) -> int:
        if self._nspawn is not None and self.is_on:
            children = Path(f'/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children')
            with suppress(OSError):
                for pid in children.read_text().split():
                    status = Path(f'/proc/{pid}/status').read_text()
                    if any(
                        line.startswith('NSpid:') and line.split()[-1] == '1'
                        for line in status.splitlines()
                    ):
                        return int(pid)
        raise HostError(f'cannot do that on {self.name}: it is off')

    def _logs_in(self) -> bool:
        if not self.is_on:
            raise HostError(f'cannot wait for {self.name}: it went off')
        try:
            with socket.create_connection((self.address, 22), 1) as connection:
                banner = connection.recv(8)
            # Before this file goes, PAM lets nobody in but root.
            booting = Path(f'/proc/{self._pid_one()}/root/run/nologin').exists()
        except (OSError, HostError):
            return False
        return banner.startswith(b'SSH-2.0') and not booting

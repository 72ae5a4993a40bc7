"""Build the root file system that every test machine shares, once, and keep it.

It is Debian bookworm with what a Juju machine has of Ubuntu's cloud image: systemd, sshd, sudo,
Python, nc and a user `ubuntu`. Machines see it read-only, below an overlay of their own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CACHE = Path('/var/cache/juju-health-test-hosts')
MIRROR = 'http://deb.debian.org/debian'
PACKAGES = (
    'cron',
    'dbus',
    'iproute2',
    'libpam-systemd',
    'netcat-openbsd',
    'openssh-server',
    'procps',
    'python3',
    'sudo',
    'systemd',
    'systemd-sysv',
)

# Run inside the new tree. Host keys, names and machine ids belong to each machine, not to all.
SETUP = """\
set -e
useradd -m -s /bin/bash ubuntu
install -d -m 0700 -o ubuntu -g ubuntu /home/ubuntu/.ssh
echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/90-ubuntu
chmod 0440 /etc/sudoers.d/90-ubuntu
echo 'PasswordAuthentication no' > /etc/ssh/sshd_config.d/60-cloudimg-settings.conf
systemctl enable ssh
systemctl mask console-getty getty.target apt-daily.timer apt-daily-upgrade.timer
systemctl mask dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap systemd-firstboot fstrim.timer
rm -f /etc/hostname /etc/machine-id /var/lib/dbus/machine-id /etc/ssh/ssh_host_*
"""


class RootfsError(Exception):
    """The root file system cannot be built here."""


@dataclass(frozen=True)
class Rootfs:
    """What the tree holds; two recipes that differ do not share a tree.

    Attributes:
        cache: the directory that keeps trees; made when it is missing.
        packages: Debian packages beside the essential ones.
        suite: Debian's release.
        mirror: where packages come from.
    """

    cache: Path = CACHE
    packages: tuple[str, ...] = PACKAGES
    suite: str = 'bookworm'
    mirror: str = MIRROR

    @property
    def path(self) -> Path:
        """Where the finished tree is, or will be."""
        recipe = '\0'.join((self.suite, self.mirror, *sorted(self.packages), SETUP))
        return self.cache / f'{self.suite}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}'

    def ready(self) -> Path:
        """Return the tree, building it first if it is not there.

        About 30 s the first time. Two processes that ask at once build one tree.

        Raises:
            RootfsError: a command is missing, or mmdebstrap failed; with its last lines.
        """
        if self.path.is_dir():
            return self.path
        self.cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        with _locked(self.cache / 'lock'):
            if not self.path.is_dir():
                self._build()
        return self.path

    def _build(self) -> None:
        if shutil.which('mmdebstrap') is None:
            raise RootfsError(
                'cannot build a machine: there is no mmdebstrap; see `make packages`'
            )
        for leftover in self.cache.glob('building-*'):
            shutil.rmtree(leftover, ignore_errors=True)
        building = Path(tempfile.mkdtemp(prefix='building-', dir=self.cache))
        tree = building / 'tree'
        argv = [
            'mmdebstrap',
            '--mode=root',
            '--variant=minbase',
            f'--include={",".join(self.packages)}',
            f'--customize-hook=chroot "$1" sh -c {_quoted(SETUP)}',
            self.suite,
            str(tree),
            self.mirror,
        ]
        # mmdebstrap asks the umask for the modes of what it makes.
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            umask=0o022,
            cwd='/',
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(building, ignore_errors=True)
            said = done.stdout.decode(errors='replace')[-2000:]
            raise RootfsError(f'cannot build a machine: mmdebstrap said:\n{said}')
        # Only a finished tree ever has the final name.
        os.rename(tree, self.path)
        building.rmdir()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

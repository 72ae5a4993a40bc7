"""A park: some machines on one network, brought up together and removed without a trace.

Several parks may stand at once, each in a slot of its own; what a killed run left in a slot is
removed by the next one that takes it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO

from .box import Place
from .cgroups import Group, hierarchies
from .host import Host
from .network import Cable, Network
from .rootfs import Rootfs
from .shell import HostError, attempt, run

BASE = Path('/run/juju-health-test-hosts')
SLOTS = 16
MOST_HOSTS = 200
# Each machine's systemd, journald and logind need a few of one user's; the kernel's own 128 are
# enough for about 35 machines on the whole computer.
_INOTIFY = Path('/proc/sys/fs/inotify/max_user_instances')
_INOTIFY_INSTANCES = 1024
COMMANDS = ('ip', 'mount', 'nsenter', 'ssh', 'ssh-keygen', 'systemd-nspawn', 'unshare')


def why_not() -> str:
    """Return why this computer cannot have test machines, in words; empty if it can."""
    if os.geteuid() != 0:
        return 'test machines need root: run the tests with sudo to include them'
    missing = [name for name in COMMANDS if shutil.which(name) is None]
    if not Rootfs().path.is_dir() and shutil.which('mmdebstrap') is None:
        missing.append('mmdebstrap')
    if missing:
        return f'test machines need {", ".join(missing)}: `make packages` installs what is missing'
    if not attempt(['unshare', '--mount', '--net', 'true']):
        return 'test machines need a root that may mount; this one is confined, as in a container'
    if not hierarchies():
        return 'test machines need control groups mounted'
    return ''


class Park:
    """Some machines on one network, as a context manager.

    Attributes:
        hosts: the machines that are up, in order; `need` adds to them.
        identity: the private key that `ubuntu` accepts on each of them.
    """

    def __init__(self, count: int = 0, rootfs: Rootfs | None = None) -> None:
        self.hosts: list[Host] = []
        self._first = count
        self._rootfs = rootfs or Rootfs()
        self._lock: IO[str] | None = None
        self._slot = -1

    @property
    def directory(self) -> Path:
        """The park's own directory, on a tmpfs; removed with the park."""
        return BASE / str(self._slot)

    @property
    def identity(self) -> Path:
        """The private key that every machine accepts."""
        return self.directory / 'id_ed25519'

    def __enter__(self) -> Park:
        """Bring the first machines up.

        Raises:
            HostError: this computer cannot; everything is removed again.
            RootfsError: the root file system cannot be built.
        """
        lower = self._rootfs.ready()
        self._lower = lower
        _allow_inotify()
        self._slot, self._lock = _take_slot()
        try:
            clean(self._slot)
            self.directory.mkdir(mode=0o755)
            run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', str(self.directory)])
            run(
                ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', str(self.identity)]
            )
            Network(self._slot).up()
            self.need(self._first)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def need(self, count: int) -> tuple[Host, ...]:
        """Return the first `count` machines, bringing up those that are missing.

        Raises:
            HostError: one does not come up, or that is more than a network holds.
        """
        if count > MOST_HOSTS:
            raise HostError(f'cannot have {count} machines: a network holds {MOST_HOSTS}')
        roots = hierarchies()
        fresh = []
        for index in range(len(self.hosts), count):
            cable = Cable(Network(self._slot), index)
            work = self.directory / f'host-{index}'
            place = Place(self._lower, work, self.identity)
            fresh.append(Host(cable, Group(cable.namespace, roots), place))
        # Known before they are installed, so that whatever fails, all are removed.
        self.hosts.extend(fresh)
        at_once(Host.install, fresh)
        for host in fresh:
            host.boot()
        at_once(Host.wait_for_sshd, fresh)
        return tuple(self.hosts[:count])

    def close(self) -> None:
        """Remove everything; nothing happens the second time."""
        if self._lock is None:
            return
        try:
            at_once(Host.remove, self.hosts)
        finally:
            self.hosts.clear()
            clean(self._slot)
            self._lock.close()
            self._lock = None


def clean(slot: int) -> None:
    """Remove whatever is left in a slot that nobody else holds.

    Raises:
        HostError: a process survives SIGKILL.
    """
    pattern = re.compile(rf'jh{slot}-(\d+)')
    roots = hierarchies()
    names = {path.name for root in roots for path in root.glob(f'jh{slot}-*')}
    names.update(path.name for path in Path('/run/netns').glob(f'jh{slot}-*'))
    names.update(path.name for path in Path('/sys/class/net').glob(f'jh{slot}-*'))
    for name in sorted(names):
        found = pattern.fullmatch(name)
        if found:
            Group(name, roots).remove()
            Cable(Network(slot), int(found[1])).unplug()
    Network(slot).down()
    directory = BASE / str(slot)
    for mounted in _mounts_below(directory):
        attempt(['umount', '--lazy', str(mounted)])
    if directory.exists():
        shutil.rmtree(directory)


def _mounts_below(directory: Path) -> list[Path]:
    """Return what is mounted there, the deepest and latest first."""
    mounted = [Path(line.split()[1]) for line in Path('/proc/mounts').read_text().splitlines()]
    return [one for one in reversed(mounted) if one == directory or directory in one.parents]


def _allow_inotify() -> None:
    """Raise the limit that many machines would meet; it stays, as a sysctl does until a boot."""
    if int(_INOTIFY.read_text()) < _INOTIFY_INSTANCES:
        _INOTIFY.write_text(f'{_INOTIFY_INSTANCES}\n')


def _take_slot() -> tuple[int, IO[str]]:
    BASE.mkdir(mode=0o755, parents=True, exist_ok=True)
    for slot in range(SLOTS):
        # The lock goes with this process, however it ends. Machines do not inherit it.
        lock = (BASE / f'{slot}.lock').open('w')
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return slot, lock
    raise HostError(f'cannot have another park: all {SLOTS} of this computer are taken')


def at_once(step: Callable[[Host], None], hosts: Iterable[Host]) -> None:
    """Take a step with all hosts at once; every one is taken before the first error travels."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        steps = [pool.submit(step, host) for host in hosts]
    for done in steps:
        done.result()

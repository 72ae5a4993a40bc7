"""Whether what was installed is whole: Debian's packages, and snaps."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.globs import matches
from ...kernel.hints import Any, Callable, Dict, List, Optional, Tuple
from ...kernel.lines import lines_of
from ...kernel.pattern import pattern
from ...kernel.report import Health
from ..check import Verdict
from ..options import OUTSIDE, require_severity
from ..phrases import listed, span
from ..virtualization import Virtualization, detect

# A stanza of dpkg's status file begins so, in the order of its table `fieldinfos`.
_STANZA = pattern(
    r'^Package: (\S+)\n(?:Essential: \S+\n)?(?:Protected: \S+\n)?Status: \S+ (\S+) (\S+)$',
    re.MULTILINE,
)
# What dpkg calls a package between the steps of an installation, and never when it is done.
_BROKEN = ('half-installed', 'unpacked', 'half-configured')
_REINSTALL = 'reinstreq'
# The line of one that is broken has one of these in it.
_MARKS = (*(f' {state}\n'.encode() for state in _BROKEN), f' {_REINSTALL} '.encode())
# Who holds the lock, and has written nothing for so long, waits for somebody.
_STUCK_SECONDS = 3600.0


@dataclass(frozen=True)
class Packages:
    """Warn when an installation was broken off: of a package by dpkg, or of a snap.

    While somebody installs packages, which holds dpkg's lock, nothing is broken.

    Attributes:
        severity: `warn` or `fail`: what a broken one means.
        ignore: packages and snaps that do not count; globs.
    """

    severity: str = 'warn'
    ignore: Tuple[str, ...] = ()
    root: Path = field(default=Path('/'), metadata=OUTSIDE)
    clock: Callable[[], float] = field(default=time.time, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data.packages` has each broken package's state.

        Raises:
            CheckError: dpkg's files may not be read.
        """
        try:
            packages, updates = self._packages(), self._updates()
        except OSError as error:
            raise CheckError(f'cannot read {error.filename}: {error.strerror}') from error
        snaps = [snap for snap in broken_snaps(self.root) if self._counts(snap)]
        broken = {name: state for name, state in packages.items() if self._counts(name)}
        busy = self._busy_seconds() if broken or updates else None
        data = {
            'scope': self.around().own_scope,
            'packages': broken,
            'updates': updates,
            'busy': busy is not None,
            'snaps': snaps,
        }
        return self._judge(data, busy)

    def _judge(self, data: Dict[str, Any], busy: Optional[float]) -> Verdict:
        said: List[str] = []
        states = [f'{name} is {state}' for name, state in data['packages'].items()]
        unfinished = states or data['updates']
        if unfinished and busy is None:
            what = listed(states) or 'dpkg was interrupted'
            said.append(f'{what}: `dpkg --configure -a` goes on')
        elif unfinished and busy is not None and busy >= _STUCK_SECONDS:
            what = listed(states) or 'dpkg is not done'
            said.append(f'{what}, and who installs it has done nothing for {span(busy)}')
        if data['snaps']:
            said.append(f'snaps without content: {listed(data["snaps"])}')
        if said:
            return Verdict(Health(self.severity), '; '.join(said), data)
        note = ', packages are being installed' if unfinished else ''
        return Verdict(Health.PASSED, f'nothing is half installed{note}', data)

    def _counts(self, name: str) -> bool:
        return not any(matches(name, glob) for glob in self.ignore)

    @property
    def _dpkg(self) -> Path:
        return self.root / 'var' / 'lib' / 'dpkg'

    def _packages(self) -> Dict[str, str]:
        """Return the state of each broken package; none where there is no dpkg."""
        try:
            held = (self._dpkg / 'status').read_bytes()
        except FileNotFoundError:
            return {}
        # Some megabytes of packages that are whole, as a rule: then no stanza is looked at.
        if not any(mark in held for mark in _MARKS):
            return {}
        return {
            name: 'to be installed again' if flag == _REINSTALL else state
            for name, flag, state in _STANZA.findall(held.decode('utf-8', 'replace'))
            if state in _BROKEN or flag == _REINSTALL
        }

    def _updates(self) -> int:
        """Return how many steps dpkg has noted and not yet brought into its status file."""
        try:
            return sum(name.isdigit() for name in os.listdir(self._dpkg / 'updates'))
        except FileNotFoundError:
            return 0

    def _busy_seconds(self) -> Optional[float]:
        """Return for how long nothing was written by who holds dpkg's lock; `None` if nobody does.

        The lock may be opened by root alone, and everybody may see in /proc/locks who holds it.
        """
        inodes = {_inode(self._dpkg / name) for name in ('lock', 'lock-frontend')} - {'0'}
        try:
            locks = lines_of(self.root / 'proc' / 'locks')
            written = max((self._dpkg / name).stat().st_mtime for name in ('status', 'updates'))
        except OSError:
            return None
        # Such as `1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF`; see proc(5).
        held = {field.rpartition(':')[2] for line in locks for field in line.split()[5:6]}
        return max(0.0, self.clock() - written) if inodes & held else None


def broken_snaps(root: Path) -> List[str]:
    """Return the snaps whose current revision is not there, or is not mounted."""
    try:
        names = sorted(os.listdir(root / 'snap'))
    except OSError:
        return []
    links = {name: root / 'snap' / name / 'current' for name in names}
    return [name for name, at in links.items() if at.is_symlink() and not _is_there(at / 'meta')]


def _is_there(path: Path) -> bool:
    """Return whether it can be looked at; what a dead FUSE server held cannot."""
    try:
        return path.exists()
    except OSError:
        return False


def _inode(path: Path) -> str:
    try:
        return str(path.stat().st_ino)
    except OSError:
        return '0'

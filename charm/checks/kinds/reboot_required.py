"""Whether an upgrade waits for a reboot."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Callable, Dict, List, Optional, Tuple
from ...kernel.pattern import pattern
from ...kernel.report import Health
from .. import default_thresholds
from ..boot_time import booted_at
from ..check import Verdict
from ..options import OUTSIDE, OptionError, require_severity
from ..phrases import listed, span
from ..virtualization import Virtualization, detect

_DAY_SECONDS = 86400.0
_NUMBER = pattern(r'[0-9]+')


@dataclass(frozen=True)
class RebootRequired:
    """Warn when Debian or Ubuntu has asked for a reboot, or a newer kernel was installed since.

    A container runs its host's kernel, so there only the request counts.

    Attributes:
        severity: `warn` or `fail`: what a wanted reboot means.
        after_days: it may be wanted for so long first.
    """

    severity: str = 'warn'
    after_days: float = default_thresholds.REBOOT_AFTER_DAYS
    source: Path = field(default=Path('/var/run/reboot-required'), metadata=OUTSIDE)
    boot: Path = field(default=Path('/boot'), metadata=OUTSIDE)
    dpkg: Path = field(default=Path('/var/lib/dpkg/info'), metadata=OUTSIDE)
    kernel: Callable[[], str] = field(default=lambda: os.uname().release, metadata=OUTSIDE)
    booted_at: Callable[[], float] = field(default=booted_at, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)
        if not 0 <= self.after_days < float('inf'):
            raise OptionError('after_days', 'it is not a number of days')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data.packages` names who asked.

        Raises:
            CheckError: one may not look whether somebody asked.
        """
        asked_at = self._asked_at()
        packages = self._packages() if asked_at is not None else []
        around = self.around()
        newer = None if around.container else self._newer_kernel()
        data: Dict[str, Any] = {
            'scope': around.own_scope,
            'packages': packages,
            'kernel': self.kernel(),
            'installed_kernel': newer[0] if newer else None,
        }
        since = [at for at in (asked_at, newer and newer[1]) if at is not None]
        if not since:
            return Verdict(Health.PASSED, 'no reboot is required', data)
        by = f' by {listed(packages)}' if packages else ''
        runs = f': Linux {self.kernel()} runs, {newer[0]} is installed' if newer else ''
        wanted = max(0.0, time.time() - min(since))
        data['wanted_seconds'] = wanted
        if wanted < self.after_days * _DAY_SECONDS:
            text = f'a reboot is required{by}{runs}, and may wait: for {span(wanted)} so far'
            return Verdict(Health.PASSED, text, data)
        return Verdict(Health(self.severity), f'a reboot is required{by}{runs}', data)

    def _asked_at(self) -> Optional[float]:
        try:
            return self.source.stat().st_mtime
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CheckError(f'cannot look at {self.source}: {error.strerror}') from error

    def _packages(self) -> List[str]:
        """Return who asked, sorted; the file that says so may be missing."""
        names = Path(f'{self.source}.pkgs')
        try:
            return sorted(set(names.read_text(errors='replace').split()))
        except OSError:
            return []

    def _newer_kernel(self) -> Optional[Tuple[str, float]]:
        """Return the newest kernel of the flavour that runs, and when it was installed.

        `None` unless it is newer than the one that runs and was installed since the boot: what was
        there before was not booted, so another boot is not what it waits for.
        """
        flavour, running = _version(self.kernel())
        found: List[Tuple[Tuple[int, ...], str, float]] = []
        for image in sorted(self.boot.glob('vmlinuz-*')) if flavour else ():
            release = image.name.partition('-')[2]
            other, version = _version(release)
            if other == flavour and version > running:
                try:
                    found.append((version, release, self._installed_at(image, release)))
                except OSError:
                    continue
        newest = max(found, default=None)
        return newest[1:] if newest and newest[2] > self.booted_at() else None

    def _installed_at(self, image: Path, release: str) -> float:
        """Return when a kernel was installed: dpkg's list of its files is as old as that.

        Else its time of change, since dpkg keeps the other: any chmod(1) makes it new.
        """
        lists = self.dpkg.glob(f'linux-image-*{release}.list')
        dated = [listing.stat().st_mtime for listing in lists]
        return max(dated, default=0.0) or image.stat().st_ctime


def _version(release: str) -> Tuple[str, Tuple[int, ...]]:
    """Return a kernel's flavour, empty if it has none, and its numbers.

    Such as `generic` and 5, 15, 0, 91 of `5.15.0-91-generic`; `cloud-amd64` of Debian's.
    """
    numbers = release.split('-')
    flavour: List[str] = []
    while numbers and numbers[-1][:1].isalpha():
        flavour.insert(0, numbers.pop())
    return '-'.join(flavour), tuple(map(int, _NUMBER.findall('-'.join(numbers))))

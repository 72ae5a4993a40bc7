"""Whether an upgrade waits for a reboot."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, List

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.report import Health
from ..check import Verdict
from ..options import OUTSIDE, require_severity
from ..phrases import listed
from ..virtualization import Virtualization, detect


@dataclass(frozen=True)
class RebootRequired:
    """Warn when the package manager of Debian or Ubuntu has asked for a reboot.

    Attributes:
        severity: `warn` or `fail`: what a wanted reboot means.
    """

    severity: str = 'warn'
    source: Path = field(default=Path('/var/run/reboot-required'), metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data.packages` names who asked."""
        scope = self.around().own_scope
        try:
            self.source.stat()
        except FileNotFoundError:
            return Verdict(
                Health.PASSED, 'no reboot is required', {'scope': scope, 'packages': []}
            )
        except OSError as error:
            raise CheckError(f'cannot look at {self.source}: {error.strerror}') from error
        packages = self._packages()
        asked = f' by {listed(packages)}' if packages else ''
        data = {'scope': scope, 'packages': packages}
        return Verdict(Health(self.severity), f'a reboot is required{asked}', data)

    def _packages(self) -> List[str]:
        """Return who asked, sorted; the file that says so may be missing."""
        names = Path(f'{self.source}.pkgs')
        try:
            return sorted(set(names.read_text(errors='replace').split()))
        except OSError:
            return []

"""Units that systemd marks as failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, List, Tuple

from ...kernel.deadline import Deadline
from ...kernel.globs import matches
from ...kernel.lines import lines
from ...kernel.paths import SYSTEMD_RUNS
from ...kernel.report import Health
from ..check import Verdict
from ..child_process import systemctl
from ..options import OUTSIDE, require_severity
from ..phrases import listed
from ..virtualization import Virtualization, detect


@dataclass(frozen=True)
class FailedUnits:
    """Fail when any unit is in the failed state.

    Attributes:
        severity: `fail` or `warn`: what a failed unit means.
        ignore: units that do not count; globs such as `motd-news.*`.
    """

    severity: str = 'fail'
    ignore: Tuple[str, ...] = ()
    systemctl: str = field(default='systemctl', metadata=OUTSIDE)
    booted: Path = field(default=SYSTEMD_RUNS, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on the failed units; without systemd there are none to fail."""
        scope = self.around().own_scope
        if not self.booted.is_dir():
            note = 'systemd does not run this machine, so it has no units that could fail'
            return Verdict(Health.PASSED, note, {'scope': scope, 'systemd': False})
        arguments = ('list-units', '--failed', '--all', '--plain', '--no-legend', '--no-pager')
        listing = systemctl(self.systemctl, (*arguments, '--full'), deadline)
        return self._judge(parse_failed(listing), scope)

    def _judge(self, units: List[str], scope: str) -> Verdict:
        ignored = [unit for unit in units if any(matches(unit, each) for each in self.ignore)]
        failed = [unit for unit in units if unit not in ignored]
        data = {'scope': scope, 'systemd': True, 'failed': failed, 'ignored': ignored}
        if not failed:
            return Verdict(Health.PASSED, 'no unit has failed', data)
        return Verdict(Health(self.severity), f'failed: {listed(failed)}', data)


def parse_failed(text: str) -> List[str]:
    """Return the unit names, the first word of each line; old systemd puts a dot before them."""
    rows = (line.lstrip('●*× ').split() for line in lines(text))
    return sorted(row[0] for row in rows if row)

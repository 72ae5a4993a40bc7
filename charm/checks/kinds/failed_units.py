"""Units that systemd marks as failed, and those that fail without ever being marked."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.facts import dataclass, field
from ...kernel.globs import matches
from ...kernel.hints import Callable, Dict, Iterable, List, Mapping, Sequence, Tuple
from ...kernel.paths import SYSTEMD_RUNS
from ...kernel.report import Health
from ..check import Verdict
from ..options import OUTSIDE, require_severity
from ..phrases import listed
from ..systemd_units import Systemd, SystemdUnit
from ..unit_troubles import is_left_over, is_of_host, trouble_of
from ..virtualization import Virtualization, detect

# One of these is the state, or the state of its type, of every unit that can be in trouble.
_ASKED = '--state=failed,activating,deactivating,running,elapsed'
# The kinds of trouble, in the order in which they are told; the first two are as bad as the option
# says, the others are warnings.
_SAID = {
    'failed': 'failed: {}',
    'restarting': 'restarted over and over: {}',
    'left_over': 'failed, and left over: {}; `systemctl reset-failed {}` forgets them',
    'starting': 'starting for ever: {}',
    'stopping': 'stopping for ever: {}',
    'timers': 'timers that never elapse again: {}',
}
_SEVERE = ('failed', 'restarting')


@dataclass(frozen=True)
class FailedUnits:
    """Fail when any unit is in the failed state, or is restarted over and over.

    Attributes:
        severity: `fail` or `warn`: what a failed unit means.
        ignore: units that do not count; globs such as `motd-news.*`.
    """

    severity: str = 'fail'
    ignore: Tuple[str, ...] = ()
    systemctl: str = field(default='systemctl', metadata=OUTSIDE)
    booted: Path = field(default=SYSTEMD_RUNS, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)
    monotonic: Callable[[], float] = field(default=time.monotonic, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on all units; without systemd there are none to fail."""
        scope = self.around().own_scope
        if not self.booted.is_dir():
            note = 'systemd does not run this machine, so it has no units that could fail'
            return Verdict(Health.PASSED, note, {'scope': scope, 'systemd': False})
        systemd = Systemd(self.systemctl, self.monotonic, deadline)
        units = systemd.units(_ASKED, '--', '*')
        names = sorted({name for unit in units for name in unit.timed})
        triggered = {unit.name: unit for unit in systemd.named(names)}
        return self._judge(units, triggered, systemd)

    def _judge(
        self,
        units: Sequence[SystemdUnit],
        triggered: Mapping[str, SystemdUnit],
        systemd: Systemd,
    ) -> Verdict:
        around = self.around()
        told: Dict[str, Dict[str, str]] = {}
        details: Dict[str, object] = {}
        for unit in sorted(units, key=lambda unit: unit.name):
            starts = [triggered[name] for name in unit.timed if name in triggered]
            trouble = trouble_of(unit, starts, systemd)
            if trouble:
                group = self._group(unit, trouble.kind, around.container)
                told.setdefault(group, {})[unit.name] = trouble.words
                details[unit.name] = {**unit.in_words(), 'ending': unit.ending or None}
        data = {
            'scope': around.own_scope,
            'systemd': True,
            **{group: list(told.get(group, ())) for group in (*_SAID, 'ignored', 'of_host')},
            'units': details,
        }
        return self._verdict(told, data)

    def _group(self, unit: SystemdUnit, kind: str, contained: bool) -> str:
        """Return under what a unit is told that is in a kind of trouble."""
        if any(matches(unit.name, each) for each in self.ignore):
            return 'ignored'
        if contained and is_of_host(unit):
            return 'of_host'
        return 'left_over' if kind == 'failed' and is_left_over(unit) else kind

    def _verdict(
        self, told: Mapping[str, Mapping[str, str]], data: Mapping[str, object]
    ) -> Verdict:
        severe = [group for group in _SEVERE if group in told]
        groups = severe or [group for group in _SAID if group in told]
        if not groups:
            host = listed(list(told.get('of_host', ())))
            note = f', but for what no container can do: {host}' if host else ''
            return Verdict(Health.PASSED, f'no unit has failed{note}', data)
        parts: List[str] = [
            _SAID[group].format(listed(list(told[group].values())), _words(told[group]))
            for group in groups
        ]
        health = Health(self.severity) if severe else Health.WARN
        return Verdict(health, '; '.join(parts), data)


def _words(names: Iterable[str]) -> str:
    """Return the first few names as a shell takes them."""
    # Imported late: most machines have no unit that failed.
    import shlex

    return ' '.join(shlex.quote(name) for name in islice(names, 5))

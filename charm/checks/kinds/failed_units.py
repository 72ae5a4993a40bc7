"""Units that systemd marks as failed, and those that fail without ever being marked."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Mapping, Sequence, Tuple

from ...kernel.deadline import Deadline
from ...kernel.globs import matches
from ...kernel.paths import SYSTEMD_RUNS
from ...kernel.report import Health
from ..check import Verdict
from ..options import OUTSIDE, require_severity
from ..phrases import listed
from ..systemd_units import (
    SystemdUnit,
    is_left_over,
    is_of_host,
    never_elapses,
    restarting,
    show_units,
    starting_for_ever,
)
from ..virtualization import Virtualization, detect

# One of these is the state, or the state of its type, of every unit that can be in trouble.
_ASKED = '--state=failed,activating,running,elapsed'
# The kinds of trouble, in the order in which they are told; the first two are as bad as the option
# says, the others are warnings.
_SAID = {
    'failed': 'failed: {}',
    'restarting': 'restarted over and over: {}',
    'left_over': 'failed, and left over: {}; `systemctl reset-failed {}` forgets them',
    'starting': 'starting for ever: {}',
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
        units = show_units(self.systemctl, (_ASKED, '--', '*'), deadline)
        triggered = self._triggered(units, deadline)
        return self._judge(units, triggered)

    def _triggered(
        self, units: Sequence[SystemdUnit], deadline: Deadline
    ) -> Mapping[str, SystemdUnit]:
        """Return what the timers among the units start, by name."""
        timers = (unit for unit in units if unit.name.endswith('.timer'))
        names = sorted({name for timer in timers for name in timer.names('Triggers')})
        found = show_units(self.systemctl, ('--', *names), deadline) if names else ()
        return {unit.name: unit for unit in found}

    def _judge(
        self, units: Sequence[SystemdUnit], triggered: Mapping[str, SystemdUnit]
    ) -> Verdict:
        around = self.around()
        told: Dict[str, Dict[str, str]] = {}
        details: Dict[str, object] = {}
        for unit in sorted(units, key=lambda unit: unit.name):
            group, words = self._trouble(unit, triggered, around.container)
            if group:
                told.setdefault(group, {})[unit.name] = words
                details[unit.name] = {**unit.in_words(), 'ending': unit.ending or None}
        data = {
            'scope': around.own_scope,
            'systemd': True,
            **{group: list(told.get(group, ())) for group in (*_SAID, 'ignored', 'of_host')},
            'units': details,
        }
        return self._verdict(told, data)

    def _trouble(
        self, unit: SystemdUnit, triggered: Mapping[str, SystemdUnit], contained: bool
    ) -> Tuple[str, str]:
        """Return what kind of trouble a unit is in, and its words; an empty kind if in none."""
        now = self.monotonic()
        starts = [triggered[name] for name in unit.names('Triggers') if name in triggered]
        again = restarting(unit, now)
        slow = starting_for_ever(unit, now)
        dead = never_elapses(unit, starts) if unit.name.endswith('.timer') else ''
        if not (unit.active == 'failed' or again or slow or dead):
            return '', ''
        if any(matches(unit.name, each) for each in self.ignore):
            return 'ignored', unit.name
        if contained and is_of_host(unit):
            return 'of_host', unit.name
        if unit.active == 'failed':
            return 'left_over' if is_left_over(unit) else 'failed', unit.name
        if again:
            return 'restarting', again
        return ('starting', slow) if slow else ('timers', dead)

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
    return ' '.join(shlex.quote(name) for name in islice(names, 5))

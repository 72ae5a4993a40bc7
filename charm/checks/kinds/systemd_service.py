"""The state of systemd units, as `systemctl show` gives it."""

from __future__ import annotations

import time
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Callable, Optional, Sequence, Tuple
from ...kernel.paths import SYSTEMD_RUNS
from ...kernel.pattern import pattern
from ...kernel.report import Health, worst
from ..check import Verdict
from ..options import OUTSIDE, OptionError
from ..phrases import listed
from ..systemd_units import Systemd, SystemdUnit
from ..unit_troubles import is_at_work, trouble_of

_UNIT = pattern(r'[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*')
_Judged = Tuple[Health, str]
_SAID = {
    'restarting': '{} is restarted over and over',
    'starting': '{} starts for ever',
    'stopping': '{} stops for ever',
    'timers': '{} never elapses again',
}


@dataclass(frozen=True)
class SystemdService:
    """Fail when one of the units does not run.

    Attributes:
        units: their names; `.service` is understood where there is no suffix.
        warn_restarts: warn when systemd has restarted a unit more often; `None` for never.
    """

    units: Tuple[str, ...]
    warn_restarts: Optional[int] = None
    systemctl: str = field(default='systemctl', metadata=OUTSIDE)
    booted: Path = field(default=SYSTEMD_RUNS, metadata=OUTSIDE)
    monotonic: Callable[[], float] = field(default=time.monotonic, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        if not self.units:
            raise OptionError('units', 'it names no unit')
        for unit in self.units:
            if not _UNIT.fullmatch(unit):
                raise OptionError('units', f'{unit!r} is not a unit name')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the worst of the units; `data.units` has each."""
        if not self.booted.is_dir():
            raise CheckError('cannot ask systemd: it does not run this machine')
        systemd = Systemd(self.systemctl, self.monotonic, deadline)
        shown = systemd.named(self.units)
        if len(shown) != len(self.units):
            raise CheckError(f'cannot read systemctl: {len(shown)} answers for {self.units}')
        judged = [self._judge(unit, systemd) for unit in shown]
        health = worst(one for one, _words in judged)
        text = listed([words for one, words in judged if one is health])
        return Verdict(health, text, {'units': {unit.name: unit.in_words() for unit in shown}})

    def _judge(self, unit: SystemdUnit, systemd: Systemd) -> _Judged:
        words = f'{unit.name} is {unit.active} ({unit.sub})'
        if unit.load != 'loaded':
            return Health.FAIL, f'{unit.name} is {unit.load}'
        if unit.waits_to_restart:
            ended = unit.ending or unit.result
            again = f', restarted {unit.restarts} times' if unit.restarts else ''
            return Health.FAIL, f'{unit.name} ended and waits to be restarted: {ended}{again}'
        trouble = _trouble(unit, systemd.named(unit.timed), systemd)
        if trouble:
            return Health.FAIL, trouble
        if unit.is_up:
            return self._judge_active(unit, words, systemd)
        if unit.active == 'inactive':
            return _judge_inactive(unit, words, systemd)
        if is_at_work(unit, systemd):
            return Health.PASSED, f'{words}: it is at its work'
        if unit.active in ('activating', 'deactivating', 'maintenance'):
            return Health.WARN, words
        return Health.UNKNOWN, words

    def _judge_active(self, unit: SystemdUnit, words: str, systemd: Systemd) -> _Judged:
        if unit.sub == 'exited':
            if unit.type not in ('oneshot', ''):
                return Health.WARN, f'{words}: none of its processes is left'
            return _judge_members(unit, words, systemd)
        if self.warn_restarts is not None and (unit.restarts or 0) > self.warn_restarts:
            return Health.WARN, f'{words}, restarted {unit.restarts} times'
        return Health.PASSED, words


def _trouble(unit: SystemdUnit, triggered: Sequence[SystemdUnit], systemd: Systemd) -> str:
    """Return in words what is wrong with a unit; nothing if nothing is."""
    trouble = trouble_of(unit, triggered, systemd)
    if trouble and trouble.kind == 'failed':
        return f'{unit.name} has failed: {unit.ending or unit.result}'
    return _SAID[trouble.kind].format(trouble.words) if trouble else ''


def _judge_members(unit: SystemdUnit, words: str, systemd: Systemd) -> _Judged:
    """Judge a unit without processes by those that are part of it, if there are any."""
    members = systemd.named(unit.names('ConsistsOf'))
    down = [member.name for member in members if not member.is_up]
    starts = ((member, systemd.named(member.timed)) for member in members)
    ill = list(filter(None, (_trouble(*each, systemd) for each in starts)))
    if ill:
        return Health.FAIL, f'{words}, but of its parts {listed(ill)}'
    if members and len(down) == len(members):
        return Health.FAIL, f'{words}, but none of its parts is active: {listed(down)}'
    if not members and systemd.runs_nothing(unit.name):
        return Health.WARN, f'{words}: it runs nothing itself, and has no part that is loaded'
    return Health.PASSED, f'{words}, not active: {listed(down)}' if down else words


def _judge_inactive(unit: SystemdUnit, words: str, systemd: Systemd) -> _Judged:
    is_work = unit.type == 'oneshot' and unit.result == 'success'
    # A oneshot goes back to inactive once it has done its work well.
    if is_work and unit.number('ExecMainExitTimestampMonotonic'):
        return Health.PASSED, f'{words}: it has done its work'
    starters = systemd.named(unit.names('TriggeredBy'))
    ill = list(filter(None, (_trouble(starter, (unit,), systemd) for starter in starters)))
    if ill:
        return Health.FAIL, f'{words}: {listed(ill)}, which starts it'
    waiting = [starter.name for starter in starters if starter.is_up]
    if waiting and (is_work or unit.type != 'oneshot'):
        return Health.PASSED, f'{words}: {listed(waiting)} starts it when it is wanted'
    if unit.is_of_bus and unit.result == 'success' and not unit.is_skipped:
        return Health.PASSED, f'{words}: D-Bus starts it when it is wanted'
    if is_work:
        # systemd forgets that it ran as soon as nothing refers to it, such as a timer.
        return Health.WARN, f'{words}: it has not run since boot, as far as systemd knows'
    return Health.FAIL, f'{words}{_why_inactive(unit, starters)}'


def _why_inactive(unit: SystemdUnit, starters: Sequence[SystemdUnit]) -> str:
    """Return what more is known of why a unit does not run, beginning with a colon or nothing."""
    enabled = unit.said.get('UnitFileState', '')
    reasons = [
        *(['a condition in its file is not met'] if unit.is_skipped else []),
        *(f'{starter.name}, which starts it, is {starter.active}' for starter in starters),
        *([f'it is {enabled}, so that no boot starts it'] if enabled == 'disabled' else []),
    ]
    return f': {", ".join(reasons)}' if reasons else ''

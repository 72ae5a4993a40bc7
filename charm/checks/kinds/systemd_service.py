"""The state of systemd units, as `systemctl show` gives it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.lines import lines
from ...kernel.paths import SYSTEMD_RUNS
from ...kernel.report import Health, worst
from ..check import Verdict
from ..child_process import systemctl
from ..options import OUTSIDE, OptionError
from ..phrases import listed

_PROPERTIES = (
    'Id,LoadState,ActiveState,SubState,Result,NRestarts,Type,ExecMainStatus,'
    'ExecMainExitTimestampMonotonic'
)
_UNIT = re.compile(r'[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*')
_FINE = ('active', 'reloading', 'refreshing')


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
        arguments = ('show', '--no-pager', f'--property={_PROPERTIES}', '--', *self.units)
        shown = parse_show(systemctl(self.systemctl, arguments, deadline))
        if len(shown) != len(self.units):
            raise CheckError(f'cannot read systemctl: {len(shown)} answers for {self.units}')
        return self._judge(shown)

    def _judge(self, shown: List[Dict[str, str]]) -> Verdict:
        judged = [self._judge_one(unit) for unit in shown]
        health = worst(one for one, _words in judged)
        judged.sort(key=lambda item: -item[0].rank)
        text = listed([words for one, words in judged if one is health])
        data = {
            'units': {
                unit.get('Id', name): {
                    'active': unit.get('ActiveState'),
                    'sub': unit.get('SubState'),
                    'result': unit.get('Result'),
                    'restarts': _count(unit.get('NRestarts')),
                }
                for name, unit in zip(self.units, shown)
            }
        }
        return Verdict(health, text, data)

    def _judge_one(self, unit: Dict[str, str]) -> Tuple[Health, str]:
        name, active, sub = unit.get('Id', '?'), unit.get('ActiveState', ''), unit.get('SubState')
        load = unit.get('LoadState', 'loaded')
        if load != 'loaded':
            return Health.FAIL, f'{name} is {load}'
        words = f'{name} is {active} ({sub})'
        if active in _FINE:
            return self._judge_active(unit, words)
        if active == 'failed':
            reason = f'{unit.get("Result")}, exit status {unit.get("ExecMainStatus")}'
            return Health.FAIL, f'{name} has failed: {reason}'
        if active == 'inactive':
            return self._judge_inactive(unit, words)
        if sub == 'auto-restart':
            return Health.FAIL, f'{name} ended and waits to be restarted: {unit.get("Result")}'
        if active in ('activating', 'deactivating', 'maintenance'):
            return Health.WARN, words
        return Health.UNKNOWN, words

    def _judge_active(self, unit: Dict[str, str], words: str) -> Tuple[Health, str]:
        restarts = _count(unit.get('NRestarts')) or 0
        if unit.get('SubState') == 'exited' and unit.get('Type') not in ('oneshot', None):
            return Health.WARN, f'{words}: none of its processes is left'
        if self.warn_restarts is not None and restarts > self.warn_restarts:
            return Health.WARN, f'{words}, restarted {restarts} times'
        return Health.PASSED, words

    def _judge_inactive(self, unit: Dict[str, str], words: str) -> Tuple[Health, str]:
        # A oneshot goes back to inactive once it has done its work well.
        if unit.get('Type') == 'oneshot' and unit.get('Result') == 'success':
            if _count(unit.get('ExecMainExitTimestampMonotonic')):
                return Health.PASSED, f'{words}: it has done its work'
            # systemd forgets that it ran as soon as nothing refers to it, such as a timer.
            return Health.WARN, f'{words}: it has not run since boot, as far as systemd knows'
        return Health.FAIL, words


def parse_show(text: str) -> List[Dict[str, str]]:
    """Return the properties of each unit; an empty line stands between two units."""
    blocks = (block for block in text.split('\n\n') if block.strip())
    return [
        {key: value for key, _, value in (line.partition('=') for line in lines(block))}
        for block in blocks
    ]


def _count(text: Optional[str]) -> Optional[int]:
    return int(text) if text and text.isdigit() else None

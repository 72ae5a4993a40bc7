"""A schedule in words: what it sweeps, how the last run went, and when the next one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from charm.kernel.fields import format_time
from charm.kernel.safe_text import clean
from reconciler.values.words import duration_text

from .last_run import LastRun
from .schedule import Schedule

# What a sweep exits with (docs/exit-codes.md).
_RESULTS = {0: 'passed', 1: 'warn', 2: 'fail', 3: 'unknown or incomplete'}


@dataclass(frozen=True)
class ShownSchedule:
    """What is known of a schedule.

    Attributes:
        last: the last run; `None` where there was none, or it cannot be read.
        fault: why it cannot be read; empty if it can.
        next_run: when the next one starts; `None` if that is not known.
        trouble: why none runs; empty if nothing is known.
        output: where what they print is found.
    """

    schedule: Schedule
    last: LastRun | None
    fault: str
    next_run: datetime | None
    trouble: str
    output: str

    @property
    def is_unwell(self) -> bool:
        """Return whether sweeps do not run, or the last one could not be made."""
        return bool(self.trouble or (self.last and self.last.said))

    @property
    def document(self) -> Mapping[str, Any]:
        """Return it for programs."""
        last = self.last
        return {
            'name': self.schedule.name,
            'asked': self.schedule.asked,
            'every_seconds': self.schedule.minutes * 60,
            'by': self.schedule.kind,
            'user': self.schedule.user,
            'system': self.schedule.system,
            'command': list(self.schedule.argv),
            'last_run': {
                'began': format_time(last.began),
                'ended': format_time(last.ended),
                'exit_code': last.exit_code,
                'said': last.said,
            }
            if last
            else None,
            'next_run': format_time(self.next_run),
            'trouble': self.trouble or self.fault,
        }


def lines(one: ShownSchedule) -> Iterator[str]:
    """Yield the lines for people."""
    schedule = one.schedule
    whose = 'the system' if schedule.system else 'this user'
    every = duration_text(60.0 * schedule.minutes)
    yield clean(f'{schedule.name}: {schedule.asked}, every {every}')
    rows = {
        'by': f'{schedule.kind} of {whose}, as {schedule.user}',
        'last': _last(one),
        'next': _time(one.next_run) if one.next_run else 'unknown',
        'output': one.output,
        'trouble': one.trouble,
    }
    for name, text in rows.items():
        if text:
            yield f'  {name:<8}{clean(text)}'


def _last(one: ShownSchedule) -> str:
    if one.fault:
        return one.fault
    if one.last is None:
        return 'not yet'
    began = _time(one.last.began)
    if one.last.ended is None:
        return f'{began}, which has not ended'
    took = duration_text((one.last.ended - one.last.began).total_seconds())
    result = one.last.said or _RESULTS.get(one.last.exit_code or 0, 'unknown')
    return f'{began}, took {took}: {result} (exit code {one.last.exit_code})'


def _time(moment: datetime) -> str:
    return f'{moment:%Y-%m-%d %H:%M:%SZ}'

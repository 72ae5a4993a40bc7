"""What an operator writes of a planned outage or a known trouble, and the entries it comes to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from charm.kernel.deadline import Deadline
from charm.kernel.fields import format_time
from charm.kernel.safe_text import clean

from ..juju.command import Juju
from ..values.errors import JujuError, UsageError
from .suppressions import ACKNOWLEDGED, NO_REPORT, SuppressionEntry
from .times import parse_moment, parse_zone

_TARGET = re.compile(r'(machine )?[\w*?\[][\w*?\[\]!.-]*(/[\w*?\[\]!.-]+)*', re.ASCII)
_MOST_TEXT = 500
_LONGEST = timedelta(days=3660)
_WHOAMI_SECONDS = 20.0


@dataclass(frozen=True)
class SuppressionRequest:
    """A planned outage or a known trouble, in the operator's words.

    Attributes:
        kind: `maintenance` or `acknowledged`.
        targets: `APP|UNIT|MACHINE`, with `:CHECK` for one check alone.
        reason: why.
        by: who says so.
        start: when it begins, such as `2026-11-25 18:00`; `None` for now.
        until: when it ends, likewise; `None` if `lasts_seconds` says so.
        lasts_seconds: how long it holds; `None` if `until` says so.
        zone: the time zone of both times; `None` for this machine's.
    """

    kind: str
    targets: tuple[str, ...]
    reason: str
    by: str
    start: str | None = None
    until: str | None = None
    lasts_seconds: float | None = None
    zone: str | None = None

    def entries(self, now: datetime) -> tuple[SuppressionEntry, ...]:
        """Return an entry for each target, once, in every model.

        Raises:
            UsageError: it cannot be meant like that.
        """
        targets = dict.fromkeys(map(self._target, self.targets))
        start, until = self._period(now)
        reason, by = _bounded(self.reason, '--reason'), _bounded(self.by, '--by')
        return tuple(
            SuppressionEntry(self.kind, target, until, reason, check, start, by)
            for target, check in targets
        )

    def _period(self, now: datetime) -> tuple[datetime | None, datetime]:
        """Return when it begins, `None` for now, and when it ends."""
        start = self._moment(self.start, '--from') if self.start else None
        begins = start or now
        until = self._end(begins)
        if until <= max(now, begins):
            reason = 'that is over' if until <= now else 'that is at or before it begins'
            raise UsageError(f'cannot end at {format_time(until)}: {reason}')
        if until - now > _LONGEST:
            raise UsageError('cannot last longer than ten years')
        return start, until

    def _target(self, written: str) -> tuple[str, str]:
        target, _, check = written.partition(':')
        if self.kind == ACKNOWLEDGED and not check:
            raise UsageError(
                f'cannot acknowledge {written!r} as a whole, which would hide what fails next: '
                f'name the check, such as {written}:disk or {written}:{NO_REPORT}; '
                f"'{written}:*' is everything"
            )
        if not _TARGET.fullmatch(target) or len(written) > _MOST_TEXT or clean(check) != check:
            raise UsageError(
                f'cannot use {clean(written)[:80]!r}: write an application, a unit, a machine or '
                'a glob of these, and the check after a colon'
            )
        return target, check

    def _moment(self, text: str, option: str) -> datetime:
        try:
            return parse_moment(text, parse_zone(self.zone) if self.zone else None)
        except ValueError as error:
            raise UsageError(f'cannot use {option}: {error}') from error

    def _end(self, begins: datetime) -> datetime:
        if self.until is not None and self.lasts_seconds is None:
            return self._moment(self.until, '--until')
        if self.until is not None or self.lasts_seconds is None:
            raise UsageError('cannot tell when it ends: give either --for 2h or --until TIME')
        return begins + timedelta(seconds=min(self.lasts_seconds, _LONGEST.total_seconds() * 2))


def _bounded(text: str, option: str) -> str:
    safe = clean(text.encode('utf-8', 'replace').decode())
    if not safe or len(safe) > _MOST_TEXT:
        raise UsageError(f'cannot use {option}: it wants 1 to {_MOST_TEXT} characters')
    return safe


def model_name(written: str, juju: Juju) -> str:
    """Return `controller:model`, or `model`, as a sweep knows it: without the owner.

    Raises:
        UsageError: none is written, and juju does not tell which is the current one.
    """
    if not written:
        try:
            who = juju.whoami(Deadline.after(_WHOAMI_SECONDS))
        except JujuError as error:
            reason = f'cannot tell which model is meant: {error}'
            raise UsageError(f'{reason}; name it with --model, or give --any-model') from error
        if not who.get('model'):
            raise UsageError('cannot tell which model is meant: name it with --model')
        written = f'{who.get("controller", "")}:{who["model"]}'
    controller, _, model = written.rpartition(':')
    name = model.rpartition('/')[2]
    return f'{controller}:{name}' if controller else name

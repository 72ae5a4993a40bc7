"""Moments as people write them: with an offset, or as the clocks of some place show them.

Twice a year a wall clock is set: what it then skips never is, and what it shows twice is two
moments. Neither is guessed at.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from charm.kernel.fields import format_time, parse_time

_OFFSET = re.compile(r'([Zz]|[+-]\d\d:?\d\d)$')
_WALL = re.compile(r'\d{4}-\d\d-\d\d([ Tt]\d\d:\d\d(:\d\d)?)?')


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone of that name, such as `Europe/Berlin`.

    Raises:
        ValueError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f'{name!r} is no time zone; write such as Europe/Berlin') from error


def parse_moment(text: str, zone: ZoneInfo | None = None) -> datetime:
    """Return the moment (UTC) of `2026-11-25T18:00Z`, `2026-11-25 18:00` or `2026-11-25`.

    Without an offset it is the time on the clocks of `zone`, by default of this machine.

    Raises:
        ValueError: it is no moment, or none or two by those clocks.
    """
    written = text.strip()
    if len(written) > 10 and _OFFSET.search(written):
        return _with_offset(written)
    if not _WALL.fullmatch(written):
        reason = 'write such as 2026-11-25 18:00, or 2026-11-25T18:00+01:00'
        raise ValueError(f'{text!r} is no time; {reason}')
    try:
        wall = datetime.fromisoformat(written)
    except ValueError as error:
        raise ValueError(f'{text!r} is no time: {error}') from error
    return _on_the_wall(wall, zone)


def _with_offset(written: str) -> datetime:
    # Python 3.10 reads `+01:00` only, where people also write `+0100`.
    text = re.sub(r'([+-]\d\d)(\d\d)$', r'\1:\2', written)
    try:
        return parse_time(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f'{written!r} is no time: {error}') from error


def _on_the_wall(wall: datetime, zone: ZoneInfo | None) -> datetime:
    """Return when the clocks of `zone`, of this machine if `None`, show that."""
    try:
        first, second = (
            wall.replace(fold=fold, tzinfo=zone).astimezone(timezone.utc) for fold in (0, 1)
        )
    except (OverflowError, OSError) as error:
        raise ValueError(f'{wall} is out of range') from error
    if first == second:
        return first
    place = f'in {zone.key}' if zone else 'here'
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError(f'{wall} never is {place}: the clocks are set forward then')
    choices = f'{format_time(first)} or {format_time(second)}'
    raise ValueError(f'{wall} is twice {place}, as the clocks are set back; write {choices}')

"""The hours in which somebody is there, by the clocks of a place.

Twice a year these are set. What they then skip counts as so much later, as in Java's and Python's
own calendars; what they show twice is in from the first until the second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from zoneinfo import ZoneInfo

from charm.kernel.names import nearest

from .times import parse_zone
from .yaml_nodes import YamlNode
from .yaml_options import Form, option

DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
_DAY_MINUTES = 24 * 60
_CLOCK = re.compile(r'([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00')


def _minutes(spot: YamlNode) -> int:
    """Return a time of the day as minutes after midnight."""
    text = spot.text()
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time of the day such as '09:00'")
    return _DAY_MINUTES if found[1] is None else int(found[1]) * 60 + int(found[2])


def _clock(minutes: int) -> str:
    return f'{minutes // 60:02}:{minutes % 60:02}'


def _days(spot: YamlNode) -> tuple[int, ...]:
    """Return the days of such as `mon-fri` or `[mon, wed]` as numbers from 0 for Monday."""
    return tuple(sorted({day for text in spot.texts() for day in _range(text)}))


def _range(text: str) -> Iterator[int]:
    first, dash, last = text.lower().partition('-')
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            raise ValueError(f'{name!r} is no day{nearest(name, DAYS, "")}: {", ".join(DAYS)}')
    begin = DAYS.index(first)
    length = (DAYS.index(last) - begin) % 7 if dash else 0
    yield from ((begin + step) % 7 for step in range(length + 1))


MINUTES = Form(_minutes, _clock)
_DAYS = Form(_days, lambda days: [DAYS[day] for day in days])
_ZONE = Form(lambda spot: parse_zone(spot.text()), lambda zone: zone.key)


@dataclass(frozen=True, kw_only=True)
class WorkingHours:
    """On which days they are, from when to when.

    Attributes:
        begins: in minutes after midnight.
        ends: likewise; at or before `begins` it is on the next day.
        days: those on which they begin, from 0 for Monday.
        zone: whose clocks show them; `None` for this machine's.
    """

    begins: int = option(MINUTES, 'from')
    ends: int = option(MINUTES, 'to')
    days: tuple[int, ...] = option(_DAYS, default=tuple(range(7)))
    zone: ZoneInfo | None = option(_ZONE, 'timezone', default=None)

    def __post_init__(self) -> None:
        if self.begins % _DAY_MINUTES == self.ends:
            raise ValueError('they end as they begin; leave hours out for always')
        if self.begins == _DAY_MINUTES:
            raise ValueError("from is before 24:00; write '00:00' with the day after")
        if not self.days:
            raise ValueError('they are on no day')

    def contain(self, moment: datetime) -> bool:
        """Return whether a moment is within them; that at which they end is not."""
        return any(begin <= moment < end for begin, end in self._about(moment, 0))

    def next_begin(self, moment: datetime) -> datetime:
        """Return when they begin for the first time after a moment (UTC)."""
        return min(begin for begin, _ in self._about(moment, 8) if begin > moment)

    def _about(self, moment: datetime, later: int) -> Iterator[tuple[datetime, datetime]]:
        """Yield those that begin from the day before a moment until so many days later."""
        today = moment.astimezone(self.zone).date()
        for step in range(-1, later + 1):
            day = today + timedelta(days=step)
            if day.weekday() in self.days:
                last = day + timedelta(days=self.ends <= self.begins)
                yield self._shown(day, self.begins)[0], max(self._shown(last, self.ends))

    def _shown(self, day: date, minutes: int) -> tuple[datetime, datetime]:
        """Return when clocks show that, for the first and the last time; later, if they skip it.

        In what they skip, it is the former that is later.
        """
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        first, last = (
            wall.replace(tzinfo=self.zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1)
        )
        return first, last

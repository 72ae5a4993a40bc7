"""Juju's ways to write when something began."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# `2006-01-02 15:04:05Z` with --utc, else `02 Jan 2006 15:04:05Z07:00` in local time; month names
# are English whatever the locale (cmd/juju/common/format.go, Juju 2.9 to 4.1).
_ISO = re.compile(r'(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?(\D.*)?')
_UTC = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}Z')
_WORDY = re.compile(r'(\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)(.*)')
_MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
_OFFSET = re.compile(r'([+-])(\d\d):?(\d\d)')


def parse_since(text: str) -> datetime | None:
    """Return the UTC time that juju wrote, or `None` if it cannot be read."""
    try:
        if _UTC.fullmatch(text):
            # What the client is asked for, and what most of a large status is.
            return datetime.fromisoformat(f'{text[:-1]}+00:00')
        iso = _ISO.fullmatch(text.strip())
        if iso:
            year, month, day, *clock = (int(part) for part in iso.groups()[:6])
            return _utc(year, month, day, clock, iso[7] or '')
        wordy = _WORDY.fullmatch(text.strip())
        if wordy:
            clock = [int(part) for part in wordy.groups()[3:6]]
            month = _MONTHS.index(wordy[2]) + 1
            return _utc(int(wordy[3]), month, int(wordy[1]), clock, wordy[7])
    except (ValueError, OverflowError):
        pass  # No such month, day or hour: as good as nothing said.
    return None


def _utc(year: int, month: int, day: int, clock: list[int], zone: str) -> datetime | None:
    hour, minute, second = clock
    moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    if zone in ('', 'Z'):
        return moment
    offset = _OFFSET.fullmatch(zone)
    if offset is None:
        return None
    ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
    return moment - ahead if offset[1] == '+' else moment + ahead

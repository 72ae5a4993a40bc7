"""Moments as the history's tables have them: whole milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from charm.kernel.fields import format_time

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)


def to_number(moment: datetime) -> int:
    """Return a moment as a number."""
    return (moment - _EPOCH) // _MILLISECOND


def now_number() -> int:
    """Return the time by this machine's clock as a number."""
    return to_number(datetime.now(timezone.utc))


def to_moment(number: int) -> datetime:
    """Return the moment (UTC) of a number."""
    return _EPOCH + number * _MILLISECOND


def time_text(number: int | None) -> str | None:
    """Return a moment as documents have it, by RFC 3339 in UTC; `None` for none."""
    return None if number is None else format_time(to_moment(number))

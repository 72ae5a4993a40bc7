"""Moments and months as people name them on a command line."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import click
from zoneinfo import ZoneInfo

from reconciler.config.times import parse_moment
from reconciler.values.errors import UsageError

from ..usage.durations import duration


def moment_of(time: str, now: datetime) -> datetime:
    """Return the moment (UTC) that was named: `now`, so long ago, or as people write moments.

    Raises:
        UsageError: it is none.
    """
    if time == 'now':
        return now
    try:
        return now - timedelta(seconds=duration(time))
    except click.BadParameter:
        pass
    except OverflowError as error:
        raise UsageError(f'cannot go back {time}: there were no sweeps then') from error
    try:
        return parse_moment(time)
    except ValueError as error:
        raise UsageError(
            f'cannot use {time!r} as a time: {error}, or 1h for an hour ago'
        ) from error


def month_of(said: str, zone: ZoneInfo | None) -> tuple[datetime, datetime]:
    """Return when a calendar month begins and ends (UTC) by the clocks of a zone, or of here.

    Raises:
        UsageError: it is no month.
    """
    try:
        first = datetime.strptime(said, '%Y-%m')  # noqa: DTZ007 - by the clocks of the zone
    except ValueError as error:
        raise UsageError(f'cannot use --month {said!r}: write such as 2026-11') from error
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    begin, end = (day.replace(tzinfo=zone).astimezone(timezone.utc) for day in (first, following))
    return begin, end

"""How often: the steps that a clock has, which cron and systemd's calendar can both tell."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.values.errors import UsageError
from reconciler.values.words import duration_text

_HOUR, _DAY = 60, 24 * 60
# In minutes: what divides an hour, or a day into whole hours. Any other step would be a shorter
# one at the end of each hour or day.
STEPS = (
    *(n for n in range(1, _HOUR) if _HOUR % n == 0),
    *(n * _HOUR for n in range(1, 25) if 24 % n == 0),
)
_MOST_DELAY_MINUTES = 10


def step_of(seconds: float) -> int:
    """Return the step of so many seconds, in minutes.

    Raises:
        UsageError: a clock has none such; with those beside it.
    """
    for minutes in STEPS:
        if minutes * 60 == seconds:
            return minutes
    lower = [n for n in STEPS if n * 60 < seconds][-1:]
    upper = [n for n in STEPS if n * 60 > seconds][:1]
    near = ' and '.join(duration_text(60.0 * n) for n in (*lower, *upper))
    reason = 'it does not divide an hour or a day'
    raise UsageError(f'cannot sweep every {duration_text(seconds)}: {reason}; {near} do')


def calendar(minutes: int) -> str:
    """Return the step as systemd's OnCalendar= takes it (systemd.time(7))."""
    if minutes < _HOUR:
        return f'*-*-* *:00/{minutes}:00'
    if minutes < _DAY:
        return f'*-*-* 00/{minutes // _HOUR}:00:00'
    return '*-*-* 00:00:00'


def most_delay_seconds(minutes: int) -> int:
    """Return how much later than the clock says a sweep may start: not all at the same moment."""
    return min(minutes * 60 // 10, _MOST_DELAY_MINUTES * 60)


def _offset(minutes: int, seed: int) -> int:
    """Return the minute within the step, or within the hour, on which cron starts a sweep."""
    return seed % min(minutes, _MOST_DELAY_MINUTES)


def cron_fields(minutes: int, seed: int) -> str:
    """Return the five fields of a crontab (crontab(5)); `seed` says which minutes it takes."""
    offset = _offset(minutes, seed)
    if minutes == 1:
        return '* * * * *'
    if minutes < _HOUR:
        return f'{offset}-59/{minutes} * * * *'
    hours = {_HOUR: '*', _DAY: '0'}.get(minutes, f'*/{minutes // _HOUR}')
    return f'{offset} {hours} * * *'


def next_by_cron(minutes: int, seed: int, now: datetime) -> datetime:
    """Return when cron starts the next one; `now` has the time zone by which cron goes."""
    offset = _offset(minutes, seed)
    at = now.replace(second=0, microsecond=0)
    while True:
        at += timedelta(minutes=1)
        hour, minute = at.hour, at.minute
        if minutes < _HOUR:
            fits = minute % minutes == offset
        else:
            fits = minute == offset and hour % (minutes // _HOUR) == 0
        if fits:
            return at

"""`reconcile-health availability`: for how long services were up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone

from zoneinfo import ZoneInfo

from reconciler.config.settings import Config
from reconciler.config.times import parse_zone
from reconciler.history.availability import Availability, Period
from reconciler.history.availability import availability as how_long
from reconciler.history.find import find_model, inventory, refuse_unknown
from reconciler.history.moments import to_number
from reconciler.render.people.availability import AVAILABILITIES, AvailabilityReport
from reconciler.values.errors import UsageError

from ..options.history import open_history
from ..options.output import write_document
from ..options.printing import view
from ..options.span import moment_of, month_of

KEPT, OVERDRAWN = 0, 2


def availability(
    names: tuple[str, ...],
    model: str,
    months: tuple[str, ...],
    since: str,
    until: str,
    zone: str,
    history: str,
    config: Config,
    form: str,
    output: str,
) -> int:
    """Print for how long services were up, and return whether their SLOs are kept."""
    if months and since:
        raise UsageError('cannot use --month with --since: one of them names the time')
    periods = _periods(months, since, until, _zone(zone))
    with open_history(history, config).reading() as connection:
        whose = find_model(connection, model)
        refuse_unknown(connection, whose, names)
        slo = config.for_model(inventory(connection, whose)).slo
        found = [how_long(connection, whose, period, names, slo) for period in periods]
    report = AvailabilityReport(whose.name, periods, found)
    write_document(AVAILABILITIES[form](report, view(output)), output)
    return OVERDRAWN if any(_is_overdrawn(one) for each in found for one in each) else KEPT


def _is_overdrawn(one: Availability) -> bool:
    return one.left is not None and one.left < 0


def _zone(name: str) -> ZoneInfo | None:
    try:
        return parse_zone(name) if name else None
    except ValueError as error:
        raise UsageError(f'cannot use --timezone: {error}') from error


def _periods(
    months: Sequence[str], since: str, until: str, zone: ZoneInfo | None
) -> Sequence[Period]:
    now = datetime.now(timezone.utc)
    if since:
        begin, end = moment_of(since, now), moment_of(until, now)
        if begin >= end:
            raise UsageError(f'cannot tell from {since} until {until}: that is no time')
        return [Period(f'since {since}', to_number(begin), to_number(end), to_number(end))]
    return [
        Period(name, to_number(begin), to_number(end), min(to_number(now), to_number(end)))
        for name in months or _latest(now, zone)
        for begin, end in [month_of(name, zone)]
    ]


def _latest(now: datetime, zone: ZoneInfo | None) -> Iterator[str]:
    """Yield the last month and this one."""
    here = now.astimezone(zone)
    yield f'{here.replace(day=1) - timedelta(days=1):%Y-%m}'
    yield f'{here:%Y-%m}'

"""What there is to read of incidents: how they stand, what was said of them, and what would be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, and_, or_, select

from charm.kernel.names import service_of

from ...config.alerts import AlertsConfig, Route
from ...history.incident_tables import deliveries, incidents, messages
from ..document import decode
from ..notice import Notice, NoticeKind
from .incident import Incident
from .lines import line_of
from .plan import Plan, Said, Target, plan
from .store import found, said_of

# How often what would be said is asked for: sweeps are a minute apart.
_STEP = 60_000
# What lasts longer is not followed any further.
_MOST_STEPS = 60 * 24 * 31


@dataclass(frozen=True)
class Standing:
    """An incident, and its line: who was told, or why nobody is."""

    incident: Incident
    line: str


@dataclass(frozen=True)
class Logged:
    """One message on one channel. Times are milliseconds since 1970, UTC.

    Attributes:
        at: when it was made.
        tried: when it was sent last; `None` for never.
        state: a word of `DeliveryState`.
        answer: what came of the last time.
    """

    at: int
    tried: int | None
    notice: Notice
    route: str
    channel: str
    state: str
    attempts: int
    answer: str


@dataclass(frozen=True)
class Rehearsed:
    """What would have been said: when, of what, by which route, on which channel."""

    at: int
    kind: NoticeKind
    incident: Incident
    target: Target


def standing(connection: Connection, alerts: AlertsConfig, now: int) -> list[Standing]:
    """Return the incidents that are not over, the oldest first."""
    return _standing(connection, found(connection, incidents.c.until.is_(None)), alerts, now)


def of_subject(
    connection: Connection, name: str, alerts: AlertsConfig, since: int, now: int
) -> list[Standing]:
    """Return the incidents with a service, unit, machine or other cause in them.

    Those are meant that are not over, or ended since.
    """
    wanted = or_(incidents.c.until.is_(None), incidents.c.until >= since)
    about = [one for one in found(connection, wanted) if _is_in(name, one)]
    return _standing(connection, about, alerts, now)


def _is_in(name: str, one: Incident) -> bool:
    plain = name.partition(':')[0] if '/' in name else name
    named = {name, plain, service_of(plain) if '/' in plain else plain}
    own = {str(one.notice.cause), one.node, *one.struck}
    own |= {service.rpartition('/')[2] for service in one.struck}
    return not named.isdisjoint(own)


def _standing(
    connection: Connection, known: Sequence[Incident], alerts: AlertsConfig, now: int
) -> list[Standing]:
    lasting = [one for one in known if not one.lingers]
    said = said_of(connection, [one.id for one in lasting])
    return [Standing(one, _line(one, said[one.id], alerts, now)) for one in lasting]


def _line(one: Incident, said: Sequence[Said], alerts: AlertsConfig, now: int) -> str:
    if not alerts.channels and not said:
        return 'not alerting: health.yaml names no channel under alerts'
    if one.until is not None:
        return line_of(one, said, Plan())
    # What is due is said by the next sweep.
    waits = plan(one, said, alerts, now) if one.opened is not None else Plan()
    return line_of(one, said, Plan(waits=waits.waits))


def log(
    connection: Connection, since: int, until: int, rows: Sequence[int] | None = None
) -> list[Logged]:
    """Return what was said in a time, also what did not arrive; the oldest first.

    `rows` are the incidents that are meant, whenever they were; `None` for all of that time.
    """
    meant = (
        messages.c.at.between(since, until) if rows is None else messages.c.incident_id.in_(rows)
    )
    wanted = (
        select(messages.c.at, deliveries.c.tried, messages.c.document)
        .add_columns(deliveries.c.route, deliveries.c.channel, deliveries.c.state)
        .add_columns(deliveries.c.attempts, deliveries.c.answer)
        .join(messages, deliveries.c.message_id == messages.c.id)
        .where(meant)
        .order_by(messages.c.at, deliveries.c.id)
    )
    return [
        Logged(row.at, row.tried, decode(row.document.encode()), *row[3:])
        for row in connection.execute(wanted)
    ]


def rehearse(
    connection: Connection, alerts: AlertsConfig, since: int, now: int
) -> list[Rehearsed]:
    """Return what these routes would have said of what was recorded, the oldest first.

    When an incident opened is as it was then; by what it was held is not asked again.
    """
    wanted = and_(
        incidents.c.opened.is_not(None),
        or_(incidents.c.until.is_(None), incidents.c.until >= since),
    )
    said = [
        each
        for one in found(connection, wanted)
        for each in _rehearsed(replace(one, holds=()), alerts, now)
        if each.at >= since
    ]
    return sorted(said, key=lambda each: (each.at, each.incident.id))


def _rehearsed(one: Incident, alerts: AlertsConfig, now: int) -> Iterator[Rehearsed]:
    said: list[Said] = []
    for at in _moments(one, now):
        over = one.until is not None and at >= one.until
        then = replace(one, until=one.until if over else None)
        for kind, targets in plan(then, said, alerts, at).targets.items():
            for target in targets:
                yield Rehearsed(max(at, target.due), kind, one, target)
                health = one.notice.health
                said.append(Said(target.route, target.channel, kind, health, at))
        if over:
            return


def _moments(one: Incident, now: int) -> Iterator[int]:
    opened = one.opened if one.opened is not None else now
    end = now if one.until is None else max(one.until, opened)
    yield from range(opened, min(end, opened + _MOST_STEPS * _STEP), _STEP)
    yield end


def routes_meant(alerts: AlertsConfig, names: Sequence[str]) -> AlertsConfig:
    """Return the configuration with those routes alone; all, without names."""

    def is_meant(route: Route) -> bool:
        return route.name in names or not names

    return replace(alerts, routes=tuple(filter(is_meant, alerts.routes)))

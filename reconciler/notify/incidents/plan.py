"""What is to be said of an incident now, to whom: a pure rule, on what was said of it before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from charm.kernel.report import Health

from ...config.alerts import AlertsConfig, Route
from ...history.moments import to_moment, to_number
from ..notice import Notice, NoticeKind
from ..routing import routes_of
from .incident import Incident
from .quiet import clock


@dataclass(frozen=True)
class Said:
    """One message on one channel, as it was given to the outbox.

    Attributes:
        health: what it said.
        at: when; milliseconds since 1970, UTC.
    """

    route: str
    channel: str
    kind: NoticeKind
    health: Health
    at: int


@dataclass(frozen=True)
class Target:
    """Where a message goes, and from when on; milliseconds since 1970, UTC."""

    route: str
    channel: str
    due: int


@dataclass
class Plan:
    """What is to be said now.

    Attributes:
        targets: of each kind of message.
        waits: why some of those who are to be told are not yet, a line each.
    """

    targets: dict[NoticeKind, list[Target]] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)

    def add(self, kind: NoticeKind, route: str, channel: str, due: int) -> None:
        """Add one channel, which hears one kind of message alone."""
        taken = {target.channel for found in self.targets.values() for target in found}
        if channel not in taken:
            self.targets.setdefault(kind, []).append(Target(route, channel, due))


def plan(known: Incident, said: Sequence[Said], alerts: AlertsConfig, now: int) -> Plan:
    """Return what is to be said of an incident that has opened.

    Those who were told hear of its end, whatever else is so. All else is for one that nothing
    holds: what was planned, or is another one's, is told to nobody meanwhile.
    """
    found = Plan()
    if known.until is not None:
        _end(found, said, alerts, now)
    elif not known.holds:
        _worse(found, known, said, alerts, now)
        routes = routes_of(known.notice, alerts)
        if not any(route.channels for route in routes):
            found.waits.append('no route takes it to a channel')
        for route in routes:
            _follow(found, route, known, said, now)
    return found


def messages(known: Incident, found: Plan, said: Sequence[Said], now: int) -> Iterator[Notice]:
    """Yield the messages of a plan, in its order, numbered on."""
    worst = max((one.health for one in said), key=lambda health: health.rank, default=None)
    for number, kind in enumerate(found.targets, known.number + 1):
        notice = replace(known.notice, kind=kind, number=number, at=to_moment(now))
        if kind is NoticeKind.RECOVERED:
            until = to_moment(now if known.until is None else known.until)
            yield replace(notice, until=until, health=worst or notice.health)
        else:
            yield notice


def _end(found: Plan, said: Sequence[Said], alerts: AlertsConfig, now: int) -> None:
    told = {one.channel: one for one in said}
    over = {one.channel for one in said if one.kind is NoticeKind.RECOVERED}
    routes = alerts.by_name
    for channel, one in told.items():
        if channel not in over:
            due = _hour(routes.get(one.route), now)
            found.add(NoticeKind.RECOVERED, one.route, channel, due)


def _follow(found: Plan, route: Route, known: Incident, said: Sequence[Said], now: int) -> None:
    # What another route, or this one by another name, told its channels they have heard.
    own = [one for one in said if one.route == route.name or one.channel in route.channels]
    told = {one.channel for one in said}
    due = _hour(route, now)
    begins = known.since + round(route.after_seconds * 1000)
    new = [channel for channel in route.channels if channel not in told]
    if new and begins > now:
        found.waits.append(f'{route.name} waits until {clock(begins, now)}')
    elif new and due > now:
        found.waits.append(f'outside the hours of {route.name} until {clock(due, now)}')
    else:
        for channel in new:
            found.add(NoticeKind.FIRING, route.name, channel, now)
    if not own or due > now:
        return
    _escalate(found, route, own, told, now)
    last = max(one.at for one in own)
    pause = route.reminder_seconds
    if pause is not None and now - last >= round(pause * 1000):
        for channel in {one.channel: None for one in own}:
            found.add(NoticeKind.REMINDER, route.name, channel, now)


def _worse(
    found: Plan, known: Incident, said: Sequence[Said], alerts: AlertsConfig, now: int
) -> None:
    """Add all who were told that it is less bad than it is."""
    routes = alerts.by_name
    told = {one.channel: one for one in sorted(said, key=lambda one: one.health.rank)}
    for channel, worst in told.items():
        is_worse = known.notice.health.rank > worst.health.rank
        if is_worse and _hour(routes.get(worst.route), now) <= now:
            found.add(NoticeKind.CHANGED, worst.route, channel, now)


def _escalate(found: Plan, route: Route, own: Sequence[Said], told: set[str], now: int) -> None:
    waited = (now - min(one.at for one in own)) / 1000
    for step in route.steps_due(waited):
        for channel in step.channels:
            if channel not in told:
                found.add(NoticeKind.ESCALATION, route.name, channel, now)


def _hour(route: Route | None, now: int) -> int:
    """Return when a route's hours are next: now, if they are."""
    moment = to_moment(now)
    if route is None or route.hours is None or route.hours.contain(moment):
        return now
    return to_number(route.hours.next_begin(moment))

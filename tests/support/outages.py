"""Outages, swept minute by minute, and what was said of each: on a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from sqlalchemy import select

from charm.kernel.deadline import Deadline
from reconciler.config.alerts import AlertsConfig, Route
from reconciler.config.channel_settings import CommandSettings
from reconciler.config.settings import Config
from reconciler.config.suppressions import SuppressionEntry, annotate
from reconciler.history.database import Database
from reconciler.history.incident_tables import deliveries, incidents, messages
from reconciler.history.looks import looks_of
from reconciler.history.moments import to_number
from reconciler.history.record import HistoryRules, record
from reconciler.notify.document import decode
from reconciler.notify.incidents.keep import Kept, SweepKept, keep
from reconciler.notify.notice import Notice
from reconciler.values.readings import Snapshot
from tests.support.patience import PATIENCE
from tests.support.planned import Planned

BEGIN = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
OPS = CommandSettings(argv=('/bin/true',))


def alerts(*routes: Route, **channels: CommandSettings) -> AlertsConfig:
    """Return routes to channels; without any, one of everything to `ops`."""
    named = channels or {'ops': OPS}
    everything = Route(name='everything', channels=tuple(named))
    return AlertsConfig(named, routes or (everything,))


@dataclass
class Outages:
    """A model whose sweeps are recorded, with what is said of it.

    Attributes:
        plan: how the model is now.
        said: what operators said that holds.
        minute: when the last sweep was, in minutes after the beginning.
    """

    database: Database
    plan: Planned
    config: Config = field(default_factory=lambda: Config(alerts=alerts()))
    said: list[SuppressionEntry] = field(default_factory=list)
    minute: float = -1
    kept: Kept | None = None

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(minutes=self.minute)

    def snapshot(self) -> Snapshot:
        found = self.plan.snapshot()
        services = annotate(found.services, found.model, self.said, self.now)
        at = self.now - timedelta(seconds=found.duration_seconds)
        return replace(found, services=services, started_at=at)

    def sweep(
        self, *, whole: bool = True, found: Snapshot | None = None, after: float = 1
    ) -> Kept:
        """Sweep a minute later, or so many, and record it."""
        self.minute += after
        snapshot = found or self.snapshot()
        looks = looks_of(snapshot, 'lab:prod', 'uuid-1', whole)
        until = Deadline.after(PATIENCE)
        recorded = record(self.database, looks, until, HistoryRules(self.config.history.looks))
        swept = SweepKept(snapshot, whole, recorded.at, {'': recorded.model_id})
        self.kept = keep(self.database, swept, self.config, until)
        return self.kept

    def sweeps(self, count: int) -> None:
        for _ in range(count):
            self.sweep()

    @property
    def lines(self) -> dict[str, str]:
        """Return the line of each service at the last sweep."""
        assert self.kept is not None
        return dict(self.kept.lines)

    def notices(self) -> list[Notice]:
        """Return every message there is, in order."""
        with self.database.reading() as connection:
            found = connection.execute(select(messages.c.document).order_by(messages.c.id))
            return [decode(document.encode()) for document in found.scalars()]

    def told(self) -> list[tuple[float, str, str]]:
        """Return when each message was made, its kind, and its cause."""
        return [
            ((each.at - BEGIN).total_seconds() / 60, each.kind.value, str(each.cause))
            for each in self.notices()
        ]

    def count(self) -> int:
        """Return how many incidents are kept."""
        with self.database.reading() as connection:
            return len(connection.execute(select(incidents.c.id)).all())

    def deliveries(self) -> list[tuple[str, str, str]]:
        """Return each message's kind, its channel, and what became of it."""
        wanted = (
            select(messages.c.kind, deliveries.c.channel, deliveries.c.state)
            .join(messages, deliveries.c.message_id == messages.c.id)
            .order_by(deliveries.c.id)
        )
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.execute(wanted)]

    def clock(self) -> Callable[[], int]:
        """Return the time by the last sweep."""
        return lambda: to_number(self.now)


def shop(victims: int = 40) -> Planned:
    """Return mysql, and so many that need it, each on a machine of its own."""
    plan = Planned()
    plan.app('mysql', '0')
    for number in range(victims):
        plan.app(f'web{number:02}', str(number + 1))
        plan.relate(f'web{number:02}', 'db', 'mysql', 'db', 'mysql')
    return plan


def fall(plan: Planned, *names: str) -> None:
    """Let mysql fail, and these with it; without names, all."""
    plan.ail_all('mysql', 'mysqld is not running', check='mysqld')
    for name in names or [name for name in plan.applications if name != 'mysql']:
        plan.ail_all(name, 'cannot connect to mysql')


def rise(plan: Planned, *names: str) -> None:
    """Let these be well again; without names, all."""
    for name in names or list(plan.applications):
        for unit in plan.applications[name].units:
            plan.report(unit)

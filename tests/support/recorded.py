"""Sweeps to record, and what a history then holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Table, select

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.history.facts import THERE
from reconciler.history.looks import Look, SweepLooks
from reconciler.history.record import DEFAULT_RULES, HistoryRules, Recorded, record
from reconciler.history.subject import CHECK, MODEL, SERVICE, UNIT, Subject
from tests.support.patience import PATIENCE

BEGIN = datetime(2024, 11, 1, tzinfo=timezone.utc)
MINUTE, DAY = 60_000, 86_400_000
WHOLE = Subject(MODEL, '')
DISK = Subject(CHECK, 'mysql/0 disk')
WEB = Subject(SERVICE, 'web')


@dataclass(frozen=True)
class Sweeps:
    """Records sweeps of one model."""

    database: Database
    model: str = 'lab:prod'
    uuid: str = 'uuid-1'
    rules: HistoryRules = DEFAULT_RULES

    def sweep(self, minute: float, looks: Mapping[Subject, Look], **told: Any) -> Recorded:
        """Record what was seen so many minutes after the beginning."""
        at = BEGIN + timedelta(minutes=minute)
        sweep = SweepLooks(self.model, self.uuid, at, looks=looks, **told)
        return record(self.database, sweep, Deadline.after(PATIENCE), self.rules)

    def see(self, minute: float, health: Health = Health.PASSED, **told: Any) -> Recorded:
        """Record that `web` was of a health, and so the model."""
        message = '' if health is Health.PASSED else f'web is {health.value}'
        looks = {WHOLE: Look(health), WEB: Look(health, message=message)}
        return self.sweep(minute, looks, **told)

    def measure(self, minute: float, figures: Mapping[str, float], **told: Any) -> Recorded:
        """Record figures of a disk check, whose unit is there."""
        told.setdefault('facts', {Subject(UNIT, 'mysql/0'): {THERE: 'yes'}})
        looks = {WHOLE: Look(Health.PASSED), DISK: Look(Health.PASSED)}
        return self.sweep(minute, looks, figures={DISK: figures}, **told)


def rows(database: Database, table: Table) -> Sequence[Any]:
    """Return every row of a table, by its first column."""
    with database.reading() as connection:
        return connection.execute(select(table).order_by(*list(table.c)[:2])).all()


def minutes(number: int | None) -> float | None:
    """Return how many minutes after the beginning a moment of the history is."""
    return None if number is None else (number - BEGIN.timestamp() * 1000) / MINUTE

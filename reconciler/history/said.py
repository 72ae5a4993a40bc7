"""What operators said of troubles, kept in the history's database: shared by all who use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text

from charm.kernel.deadline import Deadline
from charm.kernel.gather import gather

from ..config.said import Change, Changed, SaidStore, SuppressionsRead, remembered
from ..config.suppressions import SuppressionEntry
from .database import Database
from .errors import HistoryBusy, NoHistory
from .moments import to_moment, to_number
from .storable import kept
from .tables import suppressions

_TEXTS = ('kind', 'target', 'check', 'reason', 'by', 'model')


@dataclass(frozen=True)
class SuppressionsTable(SaidStore):
    """The table in the database of a URL; nothing is opened before it is used."""

    url: str

    @cached_property
    def _database(self) -> Database:
        return Database(self.url)

    def read(self, until: Deadline) -> SuppressionsRead:
        """Return what was said; nothing in a database that is not made yet.

        Raises:
            HistoryBusy: it could not be had in time.
            HistoryError: it cannot be read.
        """
        # A server may take a connection and never answer, for which its driver would wait.
        for done in gather({self.url: self._read}, until, 1):
            if done.error is not None:
                raise done.error
            return SuppressionsRead(done.value or ())
        raise HistoryBusy(f'cannot read {self._database.name}: it did not answer in time')

    def _read(self) -> tuple[SuppressionEntry, ...]:
        try:
            with self._database.reading() as connection:
                return _entries(connection)
        except NoHistory:
            return ()

    def change(self, change: Change, until: Deadline) -> Changed:
        """Keep what `change` makes of the entries, in a database that is made if there is none.

        Raises:
            UsageError: of `change`.
            HistoryError: it cannot be kept.
        """

        def work(connection: Connection) -> Changed:
            if connection.dialect.name == 'postgresql':
                # Two who read the same would each keep theirs. SQLite has one writer at any time.
                connection.execute(text('LOCK TABLE suppressions IN SHARE ROW EXCLUSIVE MODE'))
            present = _entries(connection)
            before = remembered(present)
            after = change(before)
            _keep(connection, present, after)
            return Changed(before, _entries(connection))

        return self._database.write(work, until)


def _keep(
    connection: Connection,
    present: Sequence[SuppressionEntry],
    wanted: Sequence[SuppressionEntry],
) -> None:
    gone = [int(entry.id) for entry in present if entry not in wanted]
    if gone:
        connection.execute(delete(suppressions).where(suppressions.c.id.in_(gone)))
    for entry in wanted:
        if not entry.id:
            connection.execute(insert(suppressions), _row(entry))


def _entries(connection: Connection) -> tuple[SuppressionEntry, ...]:
    rows = connection.execute(select(suppressions).order_by(suppressions.c.id)).all()
    return tuple(
        SuppressionEntry(
            **{name: getattr(row, name) for name in _TEXTS},
            start=None if row.since is None else to_moment(row.since),
            until=to_moment(row.until),
            id=str(row.id),
        )
        for row in rows
    )


def _row(entry: SuppressionEntry) -> dict[str, Any]:
    return {
        **{name: kept(getattr(entry, name)) for name in _TEXTS},
        'since': None if entry.start is None else to_number(entry.start),
        'until': to_number(entry.until),
    }

"""The inbox: what agents pushed, each unit's latest report and all of them as a log.

It is a database ([database](database.py)), and what a version before it left in files is read
where it is ([former](former.py)).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from charm.kernel.errors import FileError, ReportError
from charm.kernel.fields import parse_time
from charm.kernel.log_files import Cursor, Tail
from charm.kernel.report_json import from_json

from ..values.by_name import load
from ..values.freshness import DatedReport, held_seconds
from .database import CorruptError, Database
from .former import FormerInbox
from .keep import Ack, keep_push
from .latest import LatestReport
from .pushed import Push, read_push

_CHUNK_BYTES = 1024 * 1024
_LATEST = """
SELECT received_at, sent_at, report FROM units JOIN reports ON reports.unit = units.id
WHERE model = ? AND units.unit = ? ORDER BY reports.id DESC LIMIT 1
"""
_BACKWARDS = """
SELECT received_at, report FROM units JOIN reports ON reports.unit = units.id
WHERE model = ? AND units.unit = ? ORDER BY reports.id DESC
"""
_SINCE = """
SELECT id, received_at, sent_at, report FROM reports WHERE unit = ? AND id > ? ORDER BY id
"""


@dataclass(frozen=True)
class PushedReports:
    """What units of one model pushed; `model` is its UUID, empty for those that say none."""

    inbox: Inbox
    model: str = ''

    def report(self, unit: str) -> DatedReport | None:
        """Return the unit's latest report, `None` if it never pushed one.

        Raises:
            FileError: it cannot be read.
        """
        latest = self.inbox.latest(unit, self.model)
        if latest is None:
            return None
        # A report may have lain in the unit's spool for long before it came.
        held = held_seconds(latest.sent_at, latest.report.reported_at)
        return DatedReport(latest.report, latest.received_at, held, 'push')

    def reports(self, unit: str) -> Generator[DatedReport]:
        """Yield the unit's reports, the latest first, as `Inbox.backwards` does."""
        return self.inbox.backwards(unit, self.model)

    def units(self) -> tuple[str, ...]:
        """Return the names of the units of the model that ever pushed a report, sorted.

        Raises:
            FileError: that cannot be read.
        """
        return tuple(unit for _model, unit in self.inbox.units(self.model))


class Inbox:
    """The store; safe to use from several threads and processes.

    Its directory `root` is made if need be; only its owner may read it.
    """

    def __init__(self, root: Path) -> None:
        self._database = Database(root)
        self._former = FormerInbox(root)

    def accept(
        self, unit: str, model: str, sent_at: datetime | None, lines: Sequence[bytes]
    ) -> Ack:
        """Keep the reports of a unit that has proven who it is, and return what became of each.

        Raises:
            FileError: they cannot be kept; the unit has to send them again.
        """
        (ack,) = self.keep([read_push(unit, model, sent_at, lines)])
        if isinstance(ack, FileError):
            raise ack
        return ack

    def keep(self, pushes: Sequence[Push]) -> list[Ack | FileError]:
        """Keep pushes in one commit, and return each one's acknowledgement, or why it is not kept.

        A database that is corrupt is set aside, and they are kept in one with what can be read
        of it.

        Raises:
            FileError: none can be kept; their units have to send them again.
        """
        try:
            return self._commit(pushes)
        except CorruptError:
            self._database.replace()
        return self._commit(pushes)

    def _commit(self, pushes: Sequence[Push]) -> list[Ack | FileError]:
        acks: list[Ack | FileError] = []
        with self._database.writing() as database:
            received_at = datetime.now(timezone.utc)
            for push in pushes:
                try:
                    acks.append(keep_push(database, self._former, push, received_at))
                except FileError as error:
                    # What is wrong with one unit's files costs no other.
                    acks.append(error)
        return acks

    def latest(self, unit: str, model: str = '') -> LatestReport | None:
        """Return the unit's latest report; `None` if it never sent one.

        Raises:
            FileError: it cannot be read.
        """
        row = self._row(unit, model)
        if row is None:
            return self._former.unit(unit, model).latest
        try:
            received_at, sent_at = parse_time(row[0]), row[1] and parse_time(row[1])
            skew = (received_at - sent_at).total_seconds() if sent_at else None
            # It was decoded with more suspicion when it came.
            return LatestReport(from_json(json.loads(row[2])), received_at, skew)
        except (TypeError, ValueError, RecursionError, ReportError) as error:
            path = self._database.path
            raise FileError(f'cannot read the report of {unit} in {path}: {error}') from error

    def since(self, unit: str, model: str = '', cursor: Cursor | None = None) -> Tail:
        """Return what the unit sent after the cursor, as `charm.kernel.log_files` reads a log.

        Each line is an object with `received_at`, `sent_at` and `report`. A report may be there
        twice: know it by its boot and sequence.

        Raises:
            FileError: it cannot be read.
        """
        with self._database.reading() as database:
            log = None if database is None else _Log.of(database, unit, model)
            if log and cursor and cursor.file == log.file:
                return log.since(cursor.offset, cursor.offset < log.dropped)
            before = self._former.since(unit, model, cursor)
            if not log or before.more:
                return before
            after = log.since(0, before.gap)
            return Tail(before.lines + after.lines, after.cursor, after.gap, after.more)

    def backwards(self, unit: str, model: str = '') -> Generator[DatedReport]:
        """Yield the unit's reports in the database, the latest first; none that make no sense.

        How long each was held before it came is not told. Others wait for whoever has begun to
        read, until he closes this.

        Raises:
            FileError: they cannot be read.
        """
        decode = load('reconciler.values.typed_report:decode')
        with self._database.reading() as database:
            if database is None:
                return
            for received_at, report in database.execute(_BACKWARDS, (model, unit)):
                try:
                    # It was decoded with more suspicion when it came.
                    yield DatedReport(decode(report), parse_time(received_at), None, 'push')
                except ReportError:
                    continue

    def units(self, model: str | None = None) -> tuple[tuple[str, str], ...]:
        """Return the model and the name of each unit that ever sent a report, sorted.

        Those of one model only, if it is given; empty for what says none.

        Raises:
            FileError: that cannot be read.
        """
        found = self._former.units(model)
        with self._database.reading() as database:
            if database is not None:
                rows = database.execute('SELECT model, unit FROM units WHERE bytes > 0')
                found.update(row for row in rows if model in (None, row[0]))
        return tuple(sorted(found))

    def _row(self, unit: str, model: str) -> Any:
        with self._database.reading() as database:
            if database is None:
                return None
            return database.execute(_LATEST, (model, unit)).fetchone()


@dataclass(frozen=True)
class _Log:
    """A unit's reports in the database, read as an agent's log is.

    Attributes:
        file: what stands for it in a cursor, whose offset is the number of a report.
        dropped: the last report that is kept no more.
    """

    database: sqlite3.Connection
    unit: int
    file: str
    dropped: int

    @classmethod
    def of(cls, database: sqlite3.Connection, unit: str, model: str) -> _Log | None:
        """Return the unit's log; `None` if it has none."""
        row = database.execute(
            'SELECT id, tag, dropped FROM units, log WHERE model = ? AND unit = ? AND bytes > 0',
            (model, unit),
        ).fetchone()
        # Generations of files begin at 1.
        return row and cls(database, row[0], f'agent-00000000-{row[1].lower()}.jsonl', row[2])

    def since(self, number: int, gap: bool) -> Tail:
        """Return lines after the report of that number, about as many as a log's reader does."""
        lines: list[bytes] = []
        room = _CHUNK_BYTES
        for found in self.database.execute(_SINCE, (self.unit, number)):
            if room <= 0:
                return Tail(tuple(lines), Cursor(self.file, number), gap, more=True)
            number, received_at, sent_at, report = found
            times = json.dumps({'received_at': received_at, 'sent_at': sent_at})
            lines.append(b'%s, "report": %s}' % (times[:-1].encode(), report))
            room -= len(lines[-1])
        return Tail(tuple(lines), Cursor(self.file, number), gap)

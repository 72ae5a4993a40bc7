"""Agents' logs as they were collected, on disk: each unit's lines, and where to read on.

Each unit's place is `<root>/<controller>/<model>/<application>-<number>/`: `state.json` with the
cursor and the newest report, and `log/` with what was reaped, in the format of an agent's log.
Lines are kept before the cursor moves: a crash in between has some of them twice, and loses none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError, ReportError
from charm.kernel.fields import format_time
from charm.kernel.files import locked, read_whole, set_aside, write_whole
from charm.kernel.log_files import Cursor, LogWriter
from charm.kernel.names import slug
from charm.kernel.report import Report
from charm.kernel.report_json import from_json, to_json

from ..values.by_name import load
from ..values.freshness import DatedReport
from .log_chunk import LogChunk

_LOG_BYTES = 4 * 1024 * 1024
_LOG_FILES = 4
_LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class LogPosition:
    """The position in one unit's log, and the newest report up to it.

    Attributes:
        cursor: how far it has been read; `None` for not at all.
        latest: the newest report in it; `None` if there was none.
    """

    cursor: Cursor | None = None
    latest: Report | None = None

    def held_seconds(self, chunk: LogChunk) -> float | None:
        """Return how old the newest report was when the chunk was read, by the far side's clock.

        That is the clock which counts from boot, which nobody sets: a sequence is the milliseconds
        since boot at which the report was made. `None` for a report of an earlier boot.
        """
        if self.latest is None or chunk.uptime_seconds is None or self.latest.sequence is None:
            return None
        if not chunk.boot_id or self.latest.boot_id != chunk.boot_id:
            return None
        return max(chunk.uptime_seconds - self.latest.sequence / 1000.0, 0.0)


@dataclass(frozen=True)
class LogStore:
    """The reaped logs of one model's units, in the directory `root`, which is made if need be."""

    root: Path
    controller: str = ''
    model: str = ''

    def kept(self, unit: str) -> LogPosition:
        """Return what is known of the unit; nothing if it never was reaped.

        Raises:
            FileError: it cannot be read.
        """
        return _read(self.directory(unit) / 'state.json')

    def keep(self, unit: str, since: Cursor | None, chunk: LogChunk, now: datetime) -> LogPosition:
        """Keep the chunk that follows the cursor `since`, and return what is known now.

        Where another sweep has kept it meanwhile, nothing is kept twice.

        Raises:
            FileError: it cannot be kept; the next sweep will ask for it again.
        """
        place = self.directory(unit)
        with locked(place / 'state.json', Deadline.after(_LOCK_SECONDS)):
            before = self.kept(unit)
            return before if before.cursor != since else self._keep(unit, before, chunk, now)

    def _keep(self, unit: str, before: LogPosition, chunk: LogChunk, now: datetime) -> LogPosition:
        place = self.directory(unit)
        own = [line for line in chunk.lines if line.get('unit') == unit]
        log, gap = place / 'log', [{'kind': 'gap'}] if chunk.gap else []
        if own or gap:
            try:
                _append(log, [{'received_at': format_time(now), **line} for line in (*gap, *own)])
            except (OSError, ValueError) as error:
                raise FileError(f'cannot write to the log in {log}: {error}') from error
        after = LogPosition(chunk.cursor or before.cursor, _latest(own, unit) or before.latest)
        if after != before:
            document = {
                'cursor': after.cursor and str(after.cursor),
                'latest': after.latest and to_json(after.latest),
            }
            text = json.dumps(document, allow_nan=False) + '\n'
            write_whole(place / 'state.json', text.encode(), 0o600)
        return after

    def reports(self, unit: str) -> Generator[DatedReport]:
        """Yield the reports that were reaped of the unit, the last one first.

        Raises:
            FileError: they cannot be read.
        """
        # By its name: a sweep that is not recorded does not need what reads them.
        read: Callable[[Path, str], Generator[DatedReport]] = load(
            'reconciler.ask.reaped:reports_in'
        )
        return read(self.directory(unit) / 'log', unit)

    def directory(self, unit: str) -> Path:
        """Return where a unit's state is, with `log/` in it for `log_files.read_since`."""
        names = (self.controller, self.model, slug(unit))
        return self.root.joinpath(*(_as_file_name(name) for name in names))


def _as_file_name(name: str) -> str:
    """Return a file's name for any name; no two names share one, and none leads elsewhere."""
    return quote(name, safe='').replace('.', '%2E') or '_'


def _latest(lines: Sequence[Mapping[str, Any]], unit: str) -> Report | None:
    """Return the last report in the lines that can be read, and is the unit's."""
    for line in reversed(lines):
        if line.get('kind') == 'report':
            try:
                report = from_json(line.get('report'))
            except ReportError:
                continue
            if report.unit == unit:
                return report
    return None


def _append(directory: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Add lines to what was collected of a unit, in the format of an agent's log.

    Raises:
        FileError: there is no room for them.
        OSError, ValueError: they may not survive a power cut; one is no JSON.
    """
    with closing(LogWriter(directory, _LOG_BYTES, _LOG_FILES)) as writer:
        for line in lines:
            if not writer.write(line):
                raise FileError(f'cannot write to the log in {directory}: is the disk full?')
        writer.sync()


def _read(path: Path) -> LogPosition:
    """Return what the file says; one that makes no sense is set aside, and we begin anew."""
    data = read_whole(path)
    if data is None:
        return LogPosition()
    try:
        document = json.loads(data)
        cursor, latest = document['cursor'], document['latest']
        return LogPosition(
            None if cursor is None else Cursor.parse(cursor),
            None if latest is None else from_json(latest),
        )
    except (ValueError, KeyError, TypeError, RecursionError, ReportError):
        set_aside(path)
        return LogPosition()

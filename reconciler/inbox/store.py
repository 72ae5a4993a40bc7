"""Reports that agents pushed, in files: each unit's latest one, and all of them as a log.

A unit's place is `<root>/<model or _>/<application>-<number>/`. `state.json` is written whole or
not at all; the log is the same as an agent's. A report is logged before it counts as seen, so a
crash in between has it twice in the log, never lost: readers know reports by boot and sequence.

What was seen is known by boot id and sequence, not by any clock. A report that is not newer than
the newest of its boot, or is of a boot before the unit's current one, is a duplicate or a replay;
nothing tells them apart, and neither does harm.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError, HealthError, ReportError
from charm.kernel.fields import Fields, format_time
from charm.kernel.files import locked, read_whole, set_aside, write_whole
from charm.kernel.log_files import Cursor, Tail, read_since
from charm.kernel.names import service_of, slug, unit_of_slug
from charm.kernel.push_contract import check_names
from charm.kernel.report import Report
from charm.kernel.report_json import decode, from_json, to_json

from ..ask.log_store import append
from ..values.freshness import DatedReport, held_seconds
from .boots import MOST_RECENT, Boots, read_earlier, write_earlier

_LOCK_SECONDS = 10.0
_NO_MODEL = '_'
_EARLIER = 'boots'


@dataclass(frozen=True)
class LatestReport:
    """The latest report of a unit.

    Attributes:
        report: what it said.
        received_at: our clock when it came: what its age is counted from.
        skew_seconds: our clock minus the unit's, with the time it travelled; `None` if unsaid.
    """

    report: Report
    received_at: datetime
    skew_seconds: float | None

    @property
    def sent_at(self) -> datetime | None:
        """Return when the unit sent it, by its own clock; `None` if unsaid, or no time."""
        if self.skew_seconds is None:
            return None
        try:
            return self.received_at - timedelta(seconds=self.skew_seconds)
        except (OverflowError, ValueError):
            return None


@dataclass(frozen=True)
class Ack:
    """The acknowledgement of one push, line by line.

    Attributes:
        accepted: how many were new.
        duplicate: how many were not.
        refused: for each of the others, the line's number from 1, and why.
    """

    accepted: int
    duplicate: int
    refused: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class _Seen:
    """The boots of a unit, and its latest report."""

    boots: Boots
    latest: LatestReport | None = None


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

    def units(self) -> tuple[str, ...]:
        """Return the names of the units of the model that ever pushed a report, sorted."""
        return tuple(unit for _model, unit in self.inbox.units(self.model))


class Inbox:
    """The store; safe to use from several threads and processes.

    Its directory `root` is made if need be; only its owner may read it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def accept(
        self, unit: str, model: str, sent_at: datetime | None, lines: Sequence[bytes]
    ) -> Ack:
        """Keep the reports of a unit that has proven who it is, and return what became of each.

        Raises:
            FileError: they cannot be kept; the unit has to send them again.
        """
        place = self._place(unit, model)
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f'cannot make {self._root}: {error.strerror}') from error
        with locked(place / 'state.json', Deadline.after(_LOCK_SECONDS)):
            return self._accept(place, unit, sent_at, lines)

    def latest(self, unit: str, model: str = '') -> LatestReport | None:
        """Return the unit's latest report; `None` if it never sent one.

        Raises:
            FileError: it cannot be read.
        """
        return _read(self._place(unit, model)).latest

    def since(self, unit: str, model: str = '', cursor: Cursor | None = None) -> Tail:
        """Return what the unit sent after the cursor, as `charm.kernel.log_files` reads a log.

        Each line is an object with `received_at`, `sent_at` and `report`. A report may be there
        twice: know it by its boot and sequence.

        Raises:
            FileError: it cannot be read.
        """
        return read_since(self._place(unit, model) / 'log', cursor)

    def units(self, model: str | None = None) -> tuple[tuple[str, str], ...]:
        """Return the model and the name of each unit that ever sent a report, sorted.

        Those of one model only, if it is given; empty for what says none.
        """
        models = '*' if model is None else glob.escape(model or _NO_MODEL)
        found = []
        for state in self._root.glob(f'{models}/*/state.json'):
            name = state.parent.parent.name
            found.append(('' if name == _NO_MODEL else name, unit_of_slug(state.parent.name)))
        return tuple(sorted(found))

    def _place(self, unit: str, model: str) -> Path:
        try:
            check_names(unit, model)
        except (HealthError, ValueError) as error:
            raise FileError(f'cannot keep reports: {error}') from error
        return self._root / (model or _NO_MODEL) / slug(unit)

    def _accept(
        self, place: Path, unit: str, sent_at: datetime | None, lines: Sequence[bytes]
    ) -> Ack:
        seen = before = _read(place, set_bad_aside=True)
        received_at = datetime.now(timezone.utc)
        fresh: list[Report] = []
        refused: list[tuple[int, str]] = []
        duplicate = 0
        skew = None if sent_at is None else (received_at - sent_at).total_seconds()
        for number, line in enumerate(lines, 1):
            try:
                report = _check(line, unit, seen.boots)
            except ReportError as error:
                refused.append((number, error.fault))
                continue
            boot = report.boot_id, report.sequence or 0
            if not seen.boots.is_new(*boot):
                duplicate += 1
                continue
            seen = _Seen(seen.boots.add(*boot), LatestReport(report, received_at, skew))
            fresh.append(report)
        if fresh:
            _log(place / 'log', fresh, received_at, sent_at)
            # First: of a boot that is in both of them, the state tells more.
            if seen.boots.earlier != before.boots.earlier:
                write_earlier(place / _EARLIER, seen.boots.earlier)
            write_whole(place / 'state.json', _to_json(unit, seen), 0o600)
        return Ack(len(fresh), duplicate, tuple(refused))


def _check(line: bytes, unit: str, boots: Boots) -> Report:
    report = decode(line)
    if report.unit != unit:
        raise ReportError('unit', f'{report.unit[:80]!r} is not {unit!r}, who sent it')
    if report.service != service_of(unit):
        raise ReportError('service', f'{report.service[:80]!r} is not the service of {unit!r}')
    if not report.boot_id or len(report.boot_id) > 100:
        raise ReportError('boot_id', 'missing, or longer than 100 characters')
    if report.sequence is None:
        raise ReportError('sequence', 'missing')
    if boots.is_full and not boots.knows(report.boot_id):
        raise ReportError('boot_id', f'one boot too many: forget them, in {_EARLIER} of the inbox')
    return report


def _log(
    directory: Path, reports: list[Report], received_at: datetime, sent_at: datetime | None
) -> None:
    times = {'received_at': format_time(received_at), 'sent_at': format_time(sent_at)}
    try:
        append(directory, [{**times, 'report': to_json(report)} for report in reports])
    except OSError as error:
        raise FileError(f'cannot write to the log in {directory}: {error.strerror}') from error


def _to_json(unit: str, seen: _Seen) -> bytes:
    latest = seen.latest
    document: dict[str, Any] = {'unit': unit, 'boots': [list(boot) for boot in seen.boots.recent]}
    if latest is not None:
        document['received_at'] = format_time(latest.received_at)
        document['skew_seconds'] = latest.skew_seconds
        document['latest'] = to_json(latest.report)
    return json.dumps(document, allow_nan=False).encode()


def _read(place: Path, set_bad_aside: bool = False) -> _Seen:
    path, earlier = place / 'state.json', read_earlier(place / _EARLIER)
    data = read_whole(path)
    if data is None:
        return _Seen(Boots((), earlier))
    try:
        return _from_json(data, earlier)
    except ReportError as error:
        if not set_bad_aside:
            raise FileError(f'cannot read {path}: {error}') from error
        set_aside(path)
        return _Seen(Boots((), earlier))


def _from_json(data: bytes, earlier: frozenset[bytes]) -> _Seen:
    try:
        # Our own file: with the largest report in it, it is larger than what strangers may send.
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReportError('', f'not JSON: {error}') from error
    top = Fields(document, '')
    recent: list[tuple[str, int]] = []
    for index, item in enumerate(top.array('boots', MOST_RECENT)):
        if not isinstance(item, list) or len(item) != 2:
            raise ReportError(f'boots[{index}]', 'not a boot and a sequence')
        recent.append((str(item[0]), int(item[1])))
    boots = Boots(tuple(recent), earlier)
    received_at, latest = top.time('received_at'), top.optional_object('latest')
    if received_at is None or latest is None:
        return _Seen(boots)
    skew = top.number('skew_seconds')
    return _Seen(boots, LatestReport(from_json(latest.values), received_at, skew))

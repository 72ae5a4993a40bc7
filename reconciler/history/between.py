"""What agents reported between two sweeps that are recorded: the looks that no sweep had.

Agents' logs and the inbox keep every report, and a sweep takes the newest. What those before it
said, since the last sweep that was recorded, are looks as well, at their own time. That is told by
our clock: by the time since boot, which nobody sets, as far as the newest one's boot goes, and
before that by how far the unit's clock is off now. What is of before the last sweep, or does not
come before what follows it, is left out: what was recorded stands, and no line is told twice.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from charm.kernel.errors import FileError
from charm.kernel.report import Health, Report, worst

from ..collect.interpret import health_of
from ..values.freshness import DatedReport
from ..values.outcomes import Depth
from ..values.readings import Reading, Snapshot
from .database import Database
from .errors import HistoryError
from .looks import EarlierLook, Look, SweepLooks, message_of, said, state_word
from .moments import to_moment
from .record import last_sweep
from .subject import CHECK, UNIT, Subject

# The reports of a unit, the latest first; see `ask.reaped` and `Inbox.backwards`.
Reports = Callable[[str], Generator[DatedReport]]
# So many changes of a unit are told of between two sweeps; of more, the newest.
MOST_CHANGES = 200
_log = logging.getLogger('juju_health.history')


@dataclass(frozen=True)
class _Told:
    """A report, and when it was made by our clock (UTC)."""

    at: datetime
    report: Report

    @property
    def verdicts(self) -> tuple[object, ...]:
        """Return all that a change is one of."""
        checks = tuple((check.name, check.health) for check in self.report.checks)
        return self.report.health, state_word(self.report.state), checks


def with_between(
    database: Database, sweep: SweepLooks, snapshot: Snapshot, kept: Mapping[str, Reports]
) -> SweepLooks:
    """Return a sweep's looks with those of its units' earlier reports.

    `kept` are where these are, by how the newest was got: the last words of `Reading.via`.
    """
    found: dict[Subject, list[EarlierLook]] = {}
    try:
        since = last_sweep(database, sweep)
    except HistoryError:
        return sweep  # Recording it will fail for the same reason, and say so; or make a new one.
    if since is None:
        return sweep
    for reading in snapshot.readings():
        reports = kept.get(reading.via.rpartition(', ')[2])
        report = reading.report or reading.last
        if reports is None or report is None or reading.made_at is None:
            continue
        newest = _Told(reading.made_at, report)
        try:
            with closing(reports(reading.unit.name)) as backwards:
                told = _told(newest, reading.report is None, backwards, to_moment(since))
        except FileError as error:
            _log.warning('%s: what was between two sweeps is not told', error)
        else:
            found.update(_of_unit(reading, told, to_moment(since)))
    return replace(sweep, between=found)


def _told(
    newest: _Told, with_newest: bool, backwards: Iterable[DatedReport], since: datetime
) -> list[_Told]:
    """Return the reports of a unit after `since`, and the one before those, the oldest first.

    The newest is that of the sweep, whose own look it is unless it is too old for that.
    """
    told = [newest] if with_newest else []
    changes = 0
    for one in _dated(newest, backwards, since):
        changes += bool(told) and one.verdicts != told[-1].verdicts
        told.append(one)
        if one.at <= since or changes >= MOST_CHANGES:
            break
    return told[::-1]


def _dated(newest: _Told, backwards: Iterable[DatedReport], since: datetime) -> Iterator[_Told]:
    """Yield the reports that were made before the newest, each before the one before it."""
    before = newest.at
    for one in backwards:
        ago = _ago(newest.report, one.report)
        if ago is None or newest.at - ago >= before:
            continue
        before = newest.at - ago
        if one.received_at <= since:
            # What had come by then, that sweep has told of, whatever clocks say of its time.
            before = min(before, since)
        yield _Told(before, one.report)


def _of_unit(
    reading: Reading, told: Sequence[_Told], since: datetime
) -> Iterator[tuple[Subject, list[EarlierLook]]]:
    """Yield the unit and each check with what its reports say of them, the oldest first."""
    unit = reading.unit.name
    of_unit = [(one.at, _look(reading, one.report)) for one in told]
    yield Subject(UNIT, unit), _looks(of_unit, since)
    checks: dict[str, list[tuple[datetime, Look]]] = {}
    for one in told:
        for check in one.report.checks:
            look = Look(check.health, message=said(check.health, check.message))
            checks.setdefault(check.name, []).append((one.at, look))
    for name, looks in checks.items():
        yield Subject(CHECK, f'{unit} {name}'), _looks(looks, since)


def _ago(newest: Report, earlier: Report) -> timedelta | None:
    """Return for how long a report had been made when the newest was; `None` if unknown."""
    one, other = newest.sequence, earlier.sequence
    if one is not None and other is not None and newest.boot_id == earlier.boot_id:
        return timedelta(milliseconds=one - other)
    if newest.reported_at is None or earlier.reported_at is None:
        return None
    return newest.reported_at - earlier.reported_at


def _look(reading: Reading, report: Report) -> Look:
    """Return what a report says of its unit, no better than what Juju's word of now allows."""
    own = health_of(report)
    health = worst((own, reading.juju.ceiling if reading.juju else Health.PASSED))
    evidence = reading.evidence if reading.report and reading.evidence else Depth.OWN
    message = said(health, message_of(report.checks, reading.message))
    return Look(health, state_word(report.state or reading.state), evidence.value, message)


def _looks(told: Iterable[tuple[datetime, Look]], since: datetime) -> list[EarlierLook]:
    """Return the first and the last of each row of looks that are alike, and are after `since`."""
    found: list[EarlierLook] = []
    rows = itertools.groupby(told, key=lambda one: (one[1].health, one[1].state))
    for number, (_, members) in enumerate(rows):
        row = [(at, look) for at, look in members if at > since]
        if row:
            found.append(EarlierLook(*row[0], flip=number > 0))
        if len(row) > 1:
            found.append(EarlierLook(*row[-1], times=len(row) - 1))
    return found

"""The runs of a model, after one more sweep."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from charm.kernel.report import Health

from .looks import Look, SweepLooks
from .settle import OpenRun, begin, follow
from .subject import Subject
from .subject_ids import SubjectIds
from .tables import runs


@dataclass(frozen=True)
class RunTimes:
    """When a sweep was. Times are milliseconds since 1970, UTC.

    Attributes:
        at: the sweep.
        ended: until when what was seen before is known to have lasted.
        wanted: after how many looks in a row another health counts.
    """

    at: int
    ended: int
    wanted: int


@dataclass(frozen=True)
class Flip:
    """Another health counts of a subject than before.

    Attributes:
        before: `None` of what is seen for the first time.
        since: when it was first seen so; milliseconds since 1970, UTC.
        message: what was said now; of what is well, nothing.
    """

    subject: Subject
    before: Health | None
    after: Health
    since: int
    message: str = ''


@dataclass(frozen=True)
class RunRows:
    """What is to be written of the runs, all of a kind at once."""

    new: list[dict[str, Any]] = field(default_factory=list)
    ended: list[dict[str, Any]] = field(default_factory=list)
    longer: list[dict[str, Any]] = field(default_factory=list)
    settled: list[dict[str, Any]] = field(default_factory=list)

    def add(self, number: int, was: OpenRun | None, now: OpenRun, times: RunTimes) -> None:
        """Have a subject's run, by its row, be as it is now."""
        if now.id:
            self.longer.append(_longer(now))
        else:
            self.new.append(_new(number, now, times.at))
        if was is None:
            return
        if not now.id:
            self.ended.append({'of': was.id, 'ended': times.ended})
        since = was.doubted or times.at
        if now.settled is not was.settled and since < times.at:
            self.settled.append({'of': number, 'begun': since, 'now': now.settled.value})

    def write(self, connection: Connection) -> None:
        """Write all of it."""
        # What has no rows is not even compiled.
        if self.ended:
            ends = update(runs).where(runs.c.id == bindparam('of'))
            connection.execute(ends.values(until=bindparam('ended')), self.ended)
        if self.longer:
            goes_on = update(runs).where(runs.c.id == bindparam('of'))
            connection.execute(
                goes_on.values(
                    settled=bindparam('now'),
                    looks=bindparam('seen'),
                    doubted=bindparam('begun'),
                    last_message=bindparam('said'),
                ),
                self.longer,
            )
        if self.new:
            connection.execute(insert(runs), self.new)
        if self.settled:
            of_subject = update(runs).where(
                runs.c.subject_id == bindparam('of'), runs.c.since >= bindparam('begun')
            )
            connection.execute(of_subject.values(settled=bindparam('now')), self.settled)


@dataclass(frozen=True)
class RunsKept:
    """What came of a sweep's looks.

    Attributes:
        flips: of which subject another health counts.
        doubted: of which one health was seen, and another counts.
    """

    flips: list[Flip] = field(default_factory=list)
    doubted: list[Subject] = field(default_factory=list)


def keep_runs(
    connection: Connection,
    ids: SubjectIds,
    sweep: SweepLooks,
    times: RunTimes,
    seen: Collection[int] = (),
) -> RunsKept:
    """Write how the run of each subject that was read goes on.

    `seen` are the rows of those whose run is known to have lasted until the sweep, gap or not.
    """
    ids.add(sweep.looks)
    found = connection.execute(_OPEN.where(ids.own(runs))).all()
    left = {row.subject_id: row for row in found if ids.subject(row.subject_id)}
    rows, kept = RunRows(), RunsKept()
    for subject, look in sweep.looks.items():
        number = ids[subject]
        row = left.pop(number, None)
        if row is not None and _is_as_before(row, look):
            continue
        was = None if row is None else _run(row)
        if was is None:
            now = begin(look, times.at, times.wanted)
        else:
            now = follow(was, look, times.at, times.wanted)
        if now.settled is not look.health:
            kept.doubted.append(subject)
        if now != was:
            told = replace(times, ended=times.at) if number in seen else times
            rows.add(number, was, now, told)
        kept.flips.extend(flip_between(subject, was, now, times.at))
    if sweep.whole:
        # What is left of them was not looked at.
        rows.ended.extend({'of': row.id, 'ended': times.ended} for row in left.values())
    rows.write(connection)
    return kept


def open_runs(connection: Connection, own: ColumnElement[bool]) -> dict[int, OpenRun]:
    """Return the runs that last of the subjects of a condition, by their rows."""
    found = connection.execute(_OPEN.where(own)).all()
    return {row.subject_id: _run(row) for row in found}


def flip_between(subject: Subject, was: OpenRun | None, now: OpenRun, at: int) -> Iterator[Flip]:
    """Yield the flip by which `now`, seen at `at`, follows what was, if there is one."""
    if was is None or now.settled is not was.settled:
        since = (was.doubted if was else None) or at
        yield Flip(subject, was.settled if was else None, now.settled, since, now.last_message)


def _longer(now: OpenRun) -> dict[str, Any]:
    return {
        'of': now.id,
        'now': now.settled.value,
        'seen': now.looks,
        'begun': now.doubted,
        'said': now.last_message,
    }


def _new(number: int, now: OpenRun, at: int) -> dict[str, Any]:
    return {
        'subject_id': number,
        'since': at,
        'health': now.look.health.value,
        'settled': now.settled.value,
        'state': now.look.state,
        'evidence': now.look.evidence,
        'looks': now.looks,
        'doubted': now.doubted,
        'message': now.look.message,
        'last_message': now.last_message,
    }


_OPEN = select(
    runs.c.subject_id,
    runs.c.health,
    runs.c.settled,
    runs.c.state,
    runs.c.evidence,
    runs.c.looks,
    runs.c.doubted,
    runs.c.message,
    runs.c.last_message,
    runs.c.id,
).where(runs.c.until.is_(None))


def _is_as_before(row: Any, look: Look) -> bool:
    """Return whether a look adds nothing to a run that is settled; nearly all are so."""
    word = look.health.value
    then = (row.health, row.settled, row.state, row.evidence, row.last_message)
    return then == (word, word, look.state, look.evidence, look.message)


def _run(row: Any) -> OpenRun:
    look = Look(Health(row.health), row.state, row.evidence, row.message)
    settled = Health(row.settled)
    return OpenRun(look, settled, row.looks, row.doubted, row.last_message, row.id)

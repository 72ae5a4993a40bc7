"""What is in a history, and whether it is as it has to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Select, Table, and_, func, or_, select

from ..values.words import counted
from .database import Database
from .find import KnownModel, known_models
from .statements import row_counts
from .tables import facts, points, runs, spells, suppressions

# Clocks of machines that are kept together differ by no more.
_AHEAD = 60_000
_ANEW = 'set the file aside; the next sweep begins a new one, and `history export` may save this'
_FUTURE = '`history prune --future` removes what a clock that was ahead wrote'
_REPORT = 'no sweep writes such rows: keep a copy, and report it'


@dataclass(frozen=True)
class HistoryFault:
    """What is wrong, and what to do about it, in words."""

    what: str
    mend: str


@dataclass(frozen=True)
class KeptModel:
    """What there is of one model. Times are milliseconds since 1970, UTC.

    Attributes:
        since, until: the first sweep that is kept, and the last; `None` if none saw anything.
        sweeps: how many there were.
        rows: how many rows it has, by table.
    """

    model: KnownModel
    since: int | None
    until: int | None
    sweeps: int
    rows: dict[str, int]


@dataclass(frozen=True)
class Examined:
    """A history that was looked through.

    Attributes:
        name: where it is.
        version: of its tables.
        size_bytes: how large it is, with the log that belongs to it.
        models: the one that was recorded first first.
        suppressions: how much of what operators said is in it, also of what has ended.
        faults: what is wrong; empty if nothing is.
    """

    name: str
    version: str
    size_bytes: int
    models: tuple[KeptModel, ...]
    suppressions: int
    faults: tuple[HistoryFault, ...]


def examine(database: Database, now: int) -> Examined:
    """Look through a history; `now` is milliseconds since 1970, UTC.

    Raises:
        HistoryError: it cannot be read, or is of another version.
    """
    with database.reading() as connection:
        faults = list(_in_the_file(connection)) if database.is_sqlite else []
        faults += _in_the_rows(connection, now)
        return Examined(
            database.name,
            database.version(connection),
            _size(database, connection),
            tuple(_kept(connection, model) for model in known_models(connection)),
            connection.execute(select(func.count()).select_from(suppressions)).scalar_one(),
            tuple(faults),
        )


def _size(database: Database, connection: Connection) -> int:
    if database.path is None:
        size = func.pg_database_size(func.current_database())
        return int(connection.execute(select(size)).scalar_one())
    files = [database.path, database.path.with_name(f'{database.path.name}-wal')]
    return sum(path.stat().st_size for path in files if path.exists())


def _kept(connection: Connection, model: KnownModel) -> KeptModel:
    since, until, sweeps = connection.execute(
        select(
            func.min(spells.c.since), func.max(spells.c.until), func.sum(spells.c.sweeps)
        ).where(spells.c.model_id == model.id)
    ).one()
    return KeptModel(model, since, until, int(sweeps or 0), row_counts(connection, model.id))


def _in_the_file(connection: Connection) -> Iterator[HistoryFault]:
    for (said,) in connection.exec_driver_sql('PRAGMA integrity_check(5)').all():
        if said != 'ok':
            yield HistoryFault(f'the file is damaged: {said}', _ANEW)
    broken = connection.exec_driver_sql('PRAGMA foreign_key_check').all()
    if broken:
        rows = f'{counted(len(broken), "row")} of {broken[0][0]} and others'
        yield HistoryFault(f'{rows} belong to nothing', _REPORT)


def _in_the_rows(connection: Connection, now: int) -> Iterator[HistoryFault]:
    wrong: list[tuple[str, Select[int]]] = []
    for table in (runs, facts):
        wrong += [
            (f'{table.name} last twice at once', _open_twice(table)),
            (f'{table.name} begin before the one before ended', _overlapping(table)),
            (f'{table.name} end before they begin', _backwards(table)),
        ]
    for table in (spells, suppressions):
        wrong.append((f'{table.name} end before they begin', _backwards(table)))
    for what, count in wrong:
        number = connection.execute(count).scalar_one()
        if number:
            yield HistoryFault(f'{number} {what}', _REPORT)
    for table, moments in (
        (runs, (runs.c.since, runs.c.until)),
        (facts, (facts.c.since, facts.c.until)),
        (spells, (spells.c.until,)),
        (points, (points.c.at,)),
    ):
        ahead = or_(*(moment > now + _AHEAD for moment in moments))
        number = connection.execute(
            select(func.count()).select_from(table).where(ahead)
        ).scalar_one()
        if number:
            yield HistoryFault(f'{number} {table.name} are of the future', _FUTURE)


def _open_twice(table: Table) -> Select[int]:
    of = (table.c.subject_id, *((table.c.name,) if table is facts else ()))
    several = select(table.c.subject_id).where(table.c.until.is_(None))
    several = several.group_by(*of).having(func.count() > 1)
    return select(func.count()).select_from(several.subquery())


def _overlapping(table: Table) -> Select[int]:
    of = (table.c.subject_id, *((table.c.name,) if table is facts else ()))
    following = func.lead(table.c.since).over(
        partition_by=of, order_by=(table.c.since, table.c.id)
    )
    # One that is open twice is told as such.
    rows = select(table.c.until, following.label('next')).subquery()
    return select(func.count()).where(rows.c.until > rows.c.next)


def _backwards(table: Table) -> Select[int]:
    return select(func.count()).select_from(table).where(and_(table.c.until < table.c.since))

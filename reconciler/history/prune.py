"""Forgetting what is long past, or never was: rows that ended before, and those of the future."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from .find import KnownModel
from .subject import CHECK
from .tables import facts, models, points, runs, series, spells, subjects

_DAY = 86_400_000
# Of points that are older one a day is enough to tell a line.
_ALL_POINTS = 30 * _DAY


@dataclass(frozen=True)
class Pruned:
    """How many rows went, or would go, of each table."""

    models: int = 0
    subjects: int = 0
    runs: int = 0
    facts: int = 0
    spells: int = 0
    points: int = 0

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    def __bool__(self) -> bool:
        return any(astuple(self))


Work = Callable[[Connection], Pruned]


def before(model: KnownModel, until: int, now: int) -> Work:
    """Return what removes all of the model that ended before `until`, in milliseconds.

    What began before that and ended after it stays whole. A model that no sweep saw since goes
    altogether. Of points of more than 30 days one a day stays, and the last of each figure.
    """

    def prune(connection: Connection) -> Pruned:
        last = connection.execute(_last_spell(model)).scalar()
        if last is not None and last < until:
            return _all(connection, model)
        thinned = or_(points.c.at < until, and_(points.c.at < now - _ALL_POINTS, _had_already()))
        return Pruned(
            runs=_gone(connection, delete(runs).where(_of(runs, model), runs.c.until < until)),
            facts=_gone(connection, delete(facts).where(_of(facts, model), facts.c.until < until)),
            spells=_gone(
                connection,
                delete(spells).where(spells.c.model_id == model.id, spells.c.until < until),
            ),
            points=_gone(
                connection, delete(points).where(_of_series(model), thinned, ~_is_last())
            ),
            subjects=_gone(connection, _without_anything(model, until)),
        )

    return prune


def future(model: KnownModel, now: int) -> Work:
    """Return what removes all that was written down for after `now`, when a clock was ahead.

    What lasted beyond `now` lasts still, as it did then.
    """

    def prune(connection: Connection) -> Pruned:
        pruned = Pruned(
            runs=_gone(connection, delete(runs).where(_of(runs, model), runs.c.since > now)),
            facts=_gone(connection, delete(facts).where(_of(facts, model), facts.c.since > now)),
            spells=_gone(
                connection,
                delete(spells).where(spells.c.model_id == model.id, spells.c.since > now),
            ),
            points=_gone(connection, delete(points).where(_of_series(model), points.c.at > now)),
        )
        again = {'until': None, 'looks': 0, 'doubted': None}
        connection.execute(update(runs).where(_of(runs, model), runs.c.until > now).values(again))
        connection.execute(
            update(runs)
            .where(_of(runs, model), runs.c.doubted > now)
            .values(looks=0, doubted=None)
        )
        connection.execute(
            update(facts).where(_of(facts, model), facts.c.until > now).values(until=None)
        )
        connection.execute(
            update(spells)
            .where(spells.c.model_id == model.id, spells.c.until > now)
            .values(until=now, usual=0)
        )
        _set_back_series(connection, model, now)
        return pruned

    return prune


def _all(connection: Connection, model: KnownModel) -> Pruned:
    """Remove the model."""
    rows = {
        'runs': select(func.count()).select_from(runs).where(_of(runs, model)),
        'facts': select(func.count()).select_from(facts).where(_of(facts, model)),
        'subjects': select(func.count()).where(subjects.c.model_id == model.id),
        'spells': select(func.count()).where(spells.c.model_id == model.id),
        'points': select(func.count()).select_from(points).where(_of_series(model)),
    }
    counts = {name: connection.execute(count).scalar_one() for name, count in rows.items()}
    connection.execute(delete(models).where(models.c.id == model.id))
    return Pruned(models=1, **counts)


def _gone(connection: Connection, statement: Delete) -> int:
    return connection.execute(statement).rowcount


def _last_spell(model: KnownModel) -> Select[int]:
    return select(func.max(spells.c.until)).where(spells.c.model_id == model.id)


def _of(table: Table, model: KnownModel) -> ColumnElement[bool]:
    return table.c.subject_id.in_(select(subjects.c.id).where(subjects.c.model_id == model.id))


def _of_series(model: KnownModel) -> ColumnElement[bool]:
    return points.c.series_id.in_(select(series.c.id).where(_of(series, model)))


def _had_already() -> ColumnElement[bool]:
    """Return whether there is an earlier point of the same day."""
    earlier = points.alias()
    midnight = points.c.at - points.c.at % _DAY
    return exists().where(
        earlier.c.series_id == points.c.series_id,
        earlier.c.at >= midnight,
        earlier.c.at < points.c.at,
    )


def _is_last() -> ColumnElement[bool]:
    return exists().where(series.c.id == points.c.series_id, series.c.at == points.c.at)


def _without_anything(model: KnownModel, until: int) -> Delete:
    """Return what removes subjects of which nothing is left but that they are no more.

    A check is told of by its runs alone: what else was said of it, it said itself.
    """
    run = exists().where(runs.c.subject_id == subjects.c.id)
    fact = exists().where(
        facts.c.subject_id == subjects.c.id,
        or_(facts.c.value != '', facts.c.since >= until, facts.c.until.is_not(None)),
    )
    return delete(subjects).where(
        subjects.c.model_id == model.id, ~run, or_(subjects.c.kind == CHECK, ~fact)
    )


def _set_back_series(connection: Connection, model: KnownModel, now: int) -> None:
    """Have each figure's last point be the last that is left; one without any goes."""
    ahead = and_(_of(series, model), series.c.at > now)
    left = exists().where(points.c.series_id == series.c.id)
    connection.execute(delete(series).where(ahead, ~left))
    last = select(points.c.at).where(points.c.series_id == series.c.id)
    value = select(points.c.value).where(points.c.series_id == series.c.id)
    connection.execute(
        update(series)
        .where(ahead)
        .values(
            at=last.order_by(points.c.at.desc()).limit(1).scalar_subquery(),
            value=value.order_by(points.c.at.desc()).limit(1).scalar_subquery(),
        )
    )

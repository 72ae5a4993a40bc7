"""Forgetting what is long past, or never was: rows that ended before, and those of the future."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from .find import KnownModel, last_look
from .incident_tables import incidents
from .parts import forget_parts
from .statements import of_model, points_of_model, row_counts
from .subject import CHECK
from .tables import facts, models, points, runs, series, spells, subjects, suppressions

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
    suppressions: int = 0
    incidents: int = 0

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
    own_runs, own_facts = of_model(runs, model.id), of_model(facts, model.id)

    def prune(connection: Connection) -> Pruned:
        last = last_look(connection, model)
        if last is not None and last < until:
            return _all(connection, model)
        forget_parts(connection, model.id)
        thinned = or_(points.c.at < until, and_(points.c.at < now - _ALL_POINTS, _had_already()))
        return Pruned(
            runs=_gone(connection, delete(runs).where(own_runs, runs.c.until < until)),
            facts=_gone(connection, delete(facts).where(own_facts, facts.c.until < until)),
            spells=_gone(
                connection,
                delete(spells).where(spells.c.model_id == model.id, spells.c.until < until),
            ),
            points=_gone(
                connection, delete(points).where(points_of_model(model.id), thinned, ~_is_last())
            ),
            subjects=_gone(connection, _without_anything(model, until)),
            incidents=_gone(connection, _incidents_of(model.id, incidents.c.until < until)),
        )

    return prune


def of_no_model_before(until: int) -> Work:
    """Return what removes what is of no one model and ended before `until`, in milliseconds.

    That is what operators said, and incidents of controllers.
    """
    said = delete(suppressions).where(suppressions.c.until < until)
    ended = _incidents_of(None, incidents.c.until < until)
    return lambda connection: Pruned(
        suppressions=_gone(connection, said), incidents=_gone(connection, ended)
    )


def _incidents_of(model_id: int | None, which: ColumnElement[bool]) -> Delete:
    """Return what removes incidents with all that was said of them; of no model, for `None`."""
    return delete(incidents).where(incidents.c.model_id.is_not_distinct_from(model_id), which)


def future(model: KnownModel, now: int) -> Work:
    """Return what removes all that was written down for after `now`, when a clock was ahead.

    What lasted beyond `now` lasts still, as it did then.
    """
    own_runs, own_facts = of_model(runs, model.id), of_model(facts, model.id)

    def prune(connection: Connection) -> Pruned:
        forget_parts(connection, model.id)
        pruned = Pruned(
            runs=_gone(connection, delete(runs).where(own_runs, runs.c.since > now)),
            facts=_gone(connection, delete(facts).where(own_facts, facts.c.since > now)),
            spells=_gone(
                connection,
                delete(spells).where(spells.c.model_id == model.id, spells.c.since > now),
            ),
            points=_gone(
                connection, delete(points).where(points_of_model(model.id), points.c.at > now)
            ),
            incidents=_gone(connection, _incidents_of(model.id, incidents.c.since > now)),
        )
        again = {'until': None, 'looks': 0, 'doubted': None}
        connection.execute(update(runs).where(own_runs, runs.c.until > now).values(again))
        connection.execute(
            update(runs).where(own_runs, runs.c.doubted > now).values(looks=0, doubted=None)
        )
        connection.execute(update(facts).where(own_facts, facts.c.until > now).values(until=None))
        connection.execute(
            update(spells)
            .where(spells.c.model_id == model.id, spells.c.until > now)
            .values(until=now, usual=0)
        )
        _set_back_series(connection, model, now)
        own_incidents = incidents.c.model_id == model.id
        again = {'until': None, 'misses': 0, 'missed': None, 'at': now}
        connection.execute(
            update(incidents).where(own_incidents, incidents.c.at > now).values(again)
        )
        return pruned

    return prune


def _all(connection: Connection, model: KnownModel) -> Pruned:
    """Remove the model."""
    own = select(func.count()).where(spells.c.model_id == model.id)
    counts = {
        **row_counts(connection, model.id),
        'spells': connection.execute(own).scalar_one(),
    }
    connection.execute(delete(models).where(models.c.id == model.id))
    return Pruned(models=1, **counts)


def _gone(connection: Connection, statement: Delete) -> int:
    return connection.execute(statement).rowcount


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
    ahead = and_(of_model(series, model.id), series.c.at > now)
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

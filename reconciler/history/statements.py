"""Pieces of statements that several readers and writers of the history have in common."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Table,
    func,
    select,
)

from .tables import facts, points, runs, series, subjects


def of_model(table: Table, model_id: int) -> ColumnElement[bool]:
    """Return the condition of rows whose subjects are of the model."""
    return table.c.subject_id.in_(select(subjects.c.id).where(subjects.c.model_id == model_id))


def points_of_model(model_id: int) -> ColumnElement[bool]:
    """Return the condition of points whose series are of the model."""
    return points.c.series_id.in_(select(series.c.id).where(of_model(series, model_id)))


def before_it(health: str) -> ScalarSelect[str]:
    """Return, of each run, that health of the run before it, `health` or `settled`, or null."""
    former = runs.alias('former')
    return (
        select(former.c[health])
        .where(former.c.subject_id == runs.c.subject_id, former.c.since < runs.c.since)
        .order_by(former.c.since.desc())
        .limit(1)
        .scalar_subquery()
    )


def row_counts(connection: Connection, model_id: int) -> dict[str, int]:
    """Return how many rows a model has, by table."""
    counts = {
        'subjects': select(func.count()).where(subjects.c.model_id == model_id),
        'runs': select(func.count()).select_from(runs).where(of_model(runs, model_id)),
        'facts': select(func.count()).select_from(facts).where(of_model(facts, model_id)),
        'points': select(func.count()).select_from(points).where(points_of_model(model_id)),
    }
    return {name: connection.execute(count).scalar_one() for name, count in counts.items()}

"""Points of figures: only those that tell more than the last one kept.

A figure that hardly moves has hardly any. One that moves has a point for each step it takes, at
once, so that what fills fast is seen to; and one every six hours where it moved at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, insert, select, update

from .statements import ANY_MODEL, of_model
from .subject import Subject
from .subject_ids import SubjectIds
from .tables import points, series

# Of memory in use much is always in motion; disks fill.
_STEPS = {'memory used': 0.1}
_STEP = 0.02
_LEAST_STEP = 0.001
_LONG = 6 * 3600 * 1000
_DIGITS = 4


def keep_figures(
    connection: Connection,
    ids: SubjectIds,
    figures: Mapping[Subject, Mapping[str, float]],
    at: int,
) -> None:
    """Write the points of a sweep that tell more than those before."""
    ids.add(figures)
    known = {
        (subject_id, name): (number, last_at, value)
        for subject_id, name, number, last_at, value in connection.execute(_SERIES, ids.of_model)
    }
    told = [
        (ids[subject], name, round(value, _DIGITS))
        for subject, values in figures.items()
        for name, value in values.items()
    ]
    new = [
        {'subject_id': subject_id, 'name': name, 'at': at, 'value': value}
        for subject_id, name, value in told
        if (subject_id, name) not in known
    ]
    moved = [
        {'of': known[subject_id, name][0], 'point_at': at, 'point_value': value}
        for subject_id, name, value in told
        if (subject_id, name) in known
        and is_worth_a_point(name, value, at, *known[subject_id, name][1:])
    ]
    added = [(point['of'], point['point_value']) for point in moved]
    if new:
        made = insert(series).returning(series.c.id, sort_by_parameter_order=True)
        numbers = connection.execute(made, new).scalars().all()
        added += [(number, row['value']) for number, row in zip(numbers, new, strict=True)]
    if moved:
        latest = update(series).where(series.c.id == bindparam('of'))
        connection.execute(
            latest.values(at=bindparam('point_at'), value=bindparam('point_value')), moved
        )
    if added:
        rows = [{'series_id': number, 'at': at, 'value': value} for number, value in added]
        connection.execute(insert(points), rows)


def is_worth_a_point(name: str, value: float, at: int, last_at: int, last: float) -> bool:
    """Return whether a figure is to be kept beside its last point; times in milliseconds."""
    moved = abs(value - last)
    if moved >= _STEPS.get(name, _STEP):
        return True
    return moved >= _LEAST_STEP and at - last_at >= _LONG


_SERIES = select(
    series.c.subject_id, series.c.name, series.c.id, series.c.at, series.c.value
).where(of_model(series, ANY_MODEL))

"""Points of figures: only those that tell more than the last one kept.

A figure that hardly moves has hardly any. One that moves has a point for each step it takes, at
once, so that what fills fast is seen to; and one every six hours where it moved at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from .subject import CHECK, Subject
from .subject_ids import SubjectIds
from .tables import points, series, subjects

# Of memory in use much is always in motion; disks fill.
_STEPS = {'memory used': 0.1}
_STEP = 0.02
_LEAST_STEP = 0.001
_LONG = 6 * 3600 * 1000
_DIGITS = 4
# Less than this is no step, however it is rounded.
_HARDLY = _LEAST_STEP - 10**-_DIGITS


def keep_figures(
    connection: Connection,
    ids: SubjectIds,
    figures: Mapping[Subject, Mapping[str, float]],
    at: int,
) -> None:
    """Write the points of a sweep that tell more than those before."""
    known = _last_points(connection, ids.model_id)
    unknown: list[tuple[Subject, str, float]] = []
    moved: list[dict[str, Any]] = []
    for subject, values in figures.items():
        for name, told in values.items():
            last = known.get((subject.name, name))
            if last is not None and abs(told - last[2]) < _HARDLY:
                continue
            value = round(told, _DIGITS)
            if last is None:
                unknown.append((subject, name, value))
            elif is_worth_a_point(name, value, at, *last[1:]):
                moved.append({'of': last[0], 'point_at': at, 'point_value': value})
    added = [(point['of'], point['point_value']) for point in moved]
    ids.add(subject for subject, _, _ in unknown)
    new = [
        {'subject_id': ids[subject], 'name': name, 'at': at, 'value': value}
        for subject, name, value in unknown
    ]
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


def _last_points(
    connection: Connection, model_id: int
) -> dict[tuple[str, str], tuple[int, int, float]]:
    """Return row, moment and value of the last point of each check's figures, by both names."""
    wanted = (
        select(subjects.c.name, series.c.name, series.c.id, series.c.at, series.c.value)
        .join(series, series.c.subject_id == subjects.c.id)
        .where(subjects.c.model_id == model_id, subjects.c.kind == CHECK)
    )
    return {
        (check, name): (number, at, value)
        for check, name, number, at, value in connection.execute(wanted).all()
    }

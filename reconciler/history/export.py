"""All of a history as documents, one after the other: of each model, then what operators said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from .find import KnownModel, inventory
from .incident_tables import deliveries, incidents, messages
from .moments import time_text
from .tables import facts, points, runs, series, spells, subjects, suppressions

# So many rows are in memory at once.
_AT_ONCE = 1000
_Row = Mapping[str, Any]
# What each kind of document has; docs/history.md says what it means.
_OWN: Mapping[str, Sequence[str]] = {
    'model': ('since', 'until', 'sweeps'),
    'gap': ('since', 'until'),
    'run': (
        *('kind', 'name', 'since', 'until', 'health', 'settled', 'state', 'evidence'),
        *('message', 'last_message'),
    ),
    'fact': ('kind', 'name', 'since', 'until', 'fact', 'before', 'value'),
    'point': ('kind', 'name', 'at', 'figure', 'value'),
    'incident': ('incident', 'kind', 'name', 'since', 'until', 'opened', 'notice'),
    'message': (
        *('incident', 'number', 'kind', 'at', 'route', 'channel', 'state', 'attempts', 'answer'),
    ),
    'suppression': ('id', 'kind', 'target', 'check', 'since', 'until', 'reason', 'by'),
}
_OF_ALL = ('type', 'model', 'uuid')
COLUMNS = (*_OF_ALL, *dict.fromkeys(key for keys in _OWN.values() for key in keys))
_TIMES = ('since', 'until', 'at', 'opened')


@dataclass(frozen=True)
class Period:
    """From when to when is wanted, in milliseconds since 1970, UTC; `None` for all.

    What lasted at any moment of it is in it.
    """

    since: int | None = None
    until: int | None = None

    def has(self, begin: Any, end: Any) -> Any:
        """Return the condition of what began and ended then; an end that is null is to come."""
        wanted = [begin.is_not(None)]
        if self.since is not None:
            wanted.append(or_(end.is_(None), end >= self.since))
        if self.until is not None:
            wanted.append(begin <= self.until)
        return and_(*wanted)


def documents(
    connection: Connection, known: Sequence[KnownModel], period: Period
) -> Iterator[_Row]:
    """Yield every document of these models, model by model, each kind in the order of time."""
    for model in known:
        for kind, statement in _statements(model, period).items():
            found = connection.execute(
                statement, execution_options={'stream_results': True, 'yield_per': _AT_ONCE}
            )
            for row in found.mappings():
                yield _document(kind, model.name, model.uuid, dict(row))


def documents_of_no_model(connection: Connection, period: Period) -> Iterator[_Row]:
    """Yield the incidents of no one model, such as of a controller, and what was said of them."""
    for kind, statement in _of_incidents(None, period).items():
        for row in connection.execute(statement).mappings():
            yield _document(kind, '', '', dict(row))


def _document(kind: str, model: str, uuid: str, row: _Row) -> _Row:
    own = {key: _told(key, row[key]) for key in _OWN[kind]}
    return {'type': kind, 'model': model, 'uuid': uuid, **own}


def said_documents(
    connection: Connection, known: Sequence[KnownModel] | None, period: Period
) -> Iterator[_Row]:
    """Yield what operators said, in that order: of these models, or whatever it is about."""
    # What began when it was said has no beginning here.
    began = func.coalesce(suppressions.c.since, 0)
    wanted = select(suppressions).where(period.has(began, suppressions.c.until))
    theirs = None if known is None else [inventory(connection, model) for model in known]
    for row in connection.execute(wanted.order_by(suppressions.c.id)).mappings():
        of = row['model']
        if theirs is None or not of or any(model.is_meant_by(of) for model in theirs):
            yield _document('suppression', of, '', dict(row))


def _told(key: str, value: Any) -> Any:
    return time_text(value) if key in _TIMES else value


def _statements(model: KnownModel, period: Period) -> Mapping[str, Select[Any]]:
    return {
        'model': select(
            func.min(spells.c.since).label('since'),
            func.max(spells.c.until).label('until'),
            func.coalesce(func.sum(spells.c.sweeps), 0).label('sweeps'),
        ).where(spells.c.model_id == model.id),
        'gap': _gaps(model, period),
        'run': _of(model, runs, period, runs.c.since, runs.c.until),
        'fact': _of(model, facts, period, facts.c.since, facts.c.until),
        'point': _points(model, period),
        **_of_incidents(model.id, period),
    }


def _of_incidents(model_id: int | None, period: Period) -> Mapping[str, Select[Any]]:
    own = incidents.c.model_id.is_not_distinct_from(model_id)
    named = (incidents.c.name.label('incident'), incidents.c.node.label('name'))
    told = [incidents.c[name] for name in ('kind', 'since', 'until', 'opened', 'notice')]
    said = [deliveries.c[name] for name in ('route', 'channel', 'state', 'attempts', 'answer')]
    return {
        'incident': select(*named, *told)
        .where(own, period.has(incidents.c.since, incidents.c.until))
        .order_by(incidents.c.id),
        'message': select(named[0], messages.c.number, messages.c.kind, messages.c.at, *said)
        .join(messages, messages.c.incident_id == incidents.c.id)
        .join(deliveries, deliveries.c.message_id == messages.c.id)
        .where(own, period.has(messages.c.at, messages.c.at))
        .order_by(deliveries.c.id),
    }


def _gaps(model: KnownModel, period: Period) -> Select[Any]:
    """Return the times between two spells, in which nobody knows how the model was."""
    following = func.lead(spells.c.since).over(order_by=spells.c.since)
    rows = (
        select(spells.c.until.label('since'), following.label('until'))
        .where(spells.c.model_id == model.id)
        .subquery()
    )
    return (
        select(rows.c.since, rows.c.until)
        .where(rows.c.until.is_not(None), period.has(rows.c.since, rows.c.until))
        .order_by(rows.c.since)
    )


def _of(model: KnownModel, table: Any, period: Period, begin: Any, end: Any) -> Select[Any]:
    own = [
        column.label('fact' if table is facts and column.name == 'name' else column.name)
        for column in table.c
        if column.name not in ('id', 'subject_id')
    ]
    return (
        select(subjects.c.kind, subjects.c.name, *own)
        .join(subjects, subjects.c.id == table.c.subject_id)
        .where(subjects.c.model_id == model.id, period.has(begin, end))
        .order_by(begin, table.c.id)
    )


def _points(model: KnownModel, period: Period) -> Select[Any]:
    figure = series.c.name.label('figure')
    return (
        select(subjects.c.kind, subjects.c.name, points.c.at, figure, points.c.value)
        .join(series, series.c.id == points.c.series_id)
        .join(subjects, subjects.c.id == series.c.subject_id)
        .where(subjects.c.model_id == model.id, period.has(points.c.at, points.c.at))
        .order_by(points.c.at, points.c.series_id)
    )


def as_json_lines(found: Iterator[_Row]) -> Iterator[str]:
    """Yield each document as a line of JSON."""
    for row in found:
        yield json.dumps(row, ensure_ascii=False, allow_nan=False) + '\n'


def as_csv(found: Iterator[_Row]) -> Iterator[str]:
    """Yield the line of names, then each document as a line; what it does not have is empty."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator='\n')
    writer.writeheader()
    yield buffer.getvalue()
    for row in found:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(row)
        yield buffer.getvalue()


EXPORTS: Mapping[str, Callable[[Iterator[_Row]], Iterator[str]]] = {
    'json': as_json_lines,
    'csv': as_csv,
}

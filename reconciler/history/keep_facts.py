"""The facts of a model, after one more sweep, and which of them are not as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from .changes import Change
from .facts import FAULT, RELATION, THERE
from .subject import Subject
from .subject_ids import SubjectIds
from .tables import facts


@dataclass(frozen=True)
class KeptAt:
    """When facts were seen.

    Attributes:
        at: milliseconds since 1970, UTC.
        first: nothing is known of the model from before, so nothing is a change.
        whole: what is not told is gone.
    """

    at: int
    first: bool
    whole: bool


class _OpenFact(NamedTuple):
    id: int
    value: str


@dataclass(frozen=True)
class _Rows:
    new: list[dict[str, Any]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def keep_facts(
    connection: Connection,
    ids: SubjectIds,
    told: Mapping[Subject, Mapping[str, str]],
    kept: KeptAt,
) -> tuple[Change, ...]:
    """Write what is so now of the subjects that were read, and return what was otherwise."""
    ids.add(told)
    known = _open_facts(connection, ids)
    rows = _Rows()
    for subject, values in told.items():
        was = known.get(subject, {})
        gone = [name for name in was if name not in values and _is_told_each_time(name)]
        for name, value in {**values, **dict.fromkeys(gone if kept.whole else (), '')}.items():
            _keep(rows, ids, (subject, name, value), was, kept)
    for subject, was in known.items() if kept.whole else ():
        if subject not in told and THERE in was:
            _keep(rows, ids, (subject, THERE, ''), was, kept)
            rows.ended.extend(fact.id for name, fact in was.items() if name != THERE)
    if rows.ended:
        ends = update(facts).where(facts.c.id == bindparam('of')).values(until=kept.at)
        connection.execute(ends, [{'of': number} for number in rows.ended])
    if rows.new:
        connection.execute(insert(facts), rows.new)
    return tuple(rows.changes)


def _keep(
    rows: _Rows,
    ids: SubjectIds,
    told: tuple[Subject, str, str],
    known: Mapping[str, _OpenFact],
    kept: KeptAt,
) -> None:
    subject, name, value = told
    was = known.get(name)
    if was is not None and (was.value == value or (name == FAULT and was.value and value)):
        # Of sweeps that fail the first reason is kept: the others are one outage with it.
        return
    before = was.value if was else None
    if was is None and not kept.first and (name == THERE or (known and _appears(name))):
        # What was not there is a change as well; a scalar fact that nobody told before is none.
        before = ''
    if was is None and not value:
        before = None
    if was is not None:
        rows.ended.append(was.id)
    rows.new.append(
        {
            'subject_id': ids[subject],
            'name': name,
            'value': value,
            'before': before,
            'since': kept.at,
        }
    )
    if before is not None:
        rows.changes.append(Change(subject, name, before, value, kept.at))


def _is_told_each_time(name: str) -> bool:
    return name == THERE or name.startswith(RELATION)


def _appears(name: str) -> bool:
    """Return whether a fact comes into being, where others have another value."""
    return name == FAULT or name.startswith(RELATION)


_OPEN = select(facts.c.subject_id, facts.c.name, facts.c.id, facts.c.value).where(
    facts.c.until.is_(None)
)


def _open_facts(
    connection: Connection, ids: SubjectIds
) -> Mapping[Subject, Mapping[str, _OpenFact]]:
    found: dict[Subject, dict[str, _OpenFact]] = {}
    for subject_id, name, number, value in connection.execute(_OPEN.where(ids.own(facts))).all():
        subject = ids.subject(subject_id)
        if subject is not None:
            found.setdefault(subject, {})[name] = _OpenFact(number, value)
    return found

"""What was told last of each part of a model, so that rows of what is as then are not read.

A part is all that has the same first word in its name: a unit with its checks, a service, a
machine. Of each a digest is kept of what was told of it last, once nothing would be written if
that were told again. The rows stay the truth: a part without a digest is read, and all of them
are where a writer that knows of no digests came between. That of the model itself has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from .looks import SweepLooks
from .subject import Subject
from .tables import parts, spells

_Value = TypeVar('_Value')
_Told = Mapping[str, list[tuple[Subject, Any]]]
# Where more parts than this are not as before, all of the model is read at once.
_MANY = 64
# Of a billion different ones two are alike with a probability of 1 in 10^11.
_DIGEST_BYTES = 12
_encode = msgspec.json.Encoder().encode


class Kept(NamedTuple):
    """Digests of what is known of a part; `None` where its rows have to be read."""

    looks: str | None = None
    facts: str | None = None


_UNKNOWN, _NOTHING = Kept(), Kept('', '')


@dataclass(frozen=True)
class News:
    """What a sweep tells that is not known to be as before.

    Attributes:
        sweep: that alone.
        parts: of which parts it is; `None` for all.
        known: what was known of parts before; `None` if that does not count.
        now: what is known of the parts that are told of now, if nothing of them is doubted.
    """

    sweep: SweepLooks
    parts: Collection[str] | None
    known: Mapping[str, Kept] | None
    now: Mapping[str, Kept]


def part_of(subject: Subject) -> str:
    """Return the part that a subject belongs to; `sql.first_word` says it to databases."""
    return subject[1].partition(' ')[0]


def news(connection: Connection, model_id: int, sweep: SweepLooks, sound: bool) -> News:
    """Return what of a sweep is to be compared with rows; all of it unless digests are `sound`."""
    known = _known(connection, model_id) if sound else None
    looks, facts = _by_part(sweep.looks), _by_part(sweep.facts)
    before = known or {}
    told = {*looks, *facts}
    if sweep.whole or sweep.whole_inventory:
        told.update(before)
    now = {}
    for part in told:
        kept = before.get(part, _UNKNOWN)
        now[part] = Kept(
            _digest(looks.get(part), sweep.whole, kept.looks),
            _digest(facts.get(part), sweep.whole_inventory, kept.facts),
        )
    touched = {part for part in told if not part or now[part] != before.get(part, _UNKNOWN)}
    # What was reported as before changes no row of what has settled.
    touched |= {part_of(of) for of, was in sweep.between.items() if any(one.flip for one in was)}
    if known is None or len(touched) > _MANY:
        return News(sweep, None, known, now)
    between = {of: was for of, was in sweep.between.items() if part_of(of) in touched}
    own = replace(sweep, looks=_of(looks, touched), facts=_of(facts, touched), between=between)
    return News(own, touched, known, now)


def keep_parts(
    connection: Connection,
    model_id: int,
    told: News,
    subjects: Iterable[Subject],
    doubted: Iterable[Subject],
) -> None:
    """Write what is known from now on, after what was `told` was written.

    `subjects` are all of the parts that were read, told of or not, and `doubted` those of which
    the same look once more would change a row.
    """
    before = told.known or {}
    whole = told.sweep.whole and told.sweep.whole_inventory
    # Of a part that has no digests, as it has no row, nothing lasts: unless they do not count.
    untold = _NOTHING if whole or told.known is not None else _UNKNOWN
    now = dict(told.now if told.parts is None else {part: told.now[part] for part in told.parts})
    for part in {*map(part_of, subjects)} - now.keys():
        now[part] = before.get(part, untold)
    for part in map(part_of, doubted):
        now[part] = now[part]._replace(looks=None)
    now.pop('', None)
    other = {part: kept for part, kept in now.items() if kept != before.get(part)}
    if told.known is None:
        connection.execute(delete(parts).where(parts.c.model_id == model_id))
    elif other.keys() & before.keys():
        gone = delete(parts).where(parts.c.model_id == model_id, parts.c.name == bindparam('of'))
        connection.execute(gone, [{'of': part} for part in other.keys() & before.keys()])
    rows = [
        {'model_id': model_id, 'name': part, **kept._asdict()}
        for part, kept in other.items()
        if kept != _NOTHING
    ]
    if rows:
        connection.execute(insert(parts), rows)


def forget_parts(connection: Connection, model_id: int) -> None:
    """Have the next sweep read all rows: they were changed by other hands."""
    connection.execute(update(spells).where(spells.c.model_id == model_id).values(remembered=None))


def _known(connection: Connection, model_id: int) -> dict[str, Kept]:
    wanted = select(parts.c.name, parts.c.looks, parts.c.facts)
    rows = connection.execute(wanted.where(parts.c.model_id == model_id)).all()
    return {name: Kept(looks, facts) for name, looks, facts in rows}


def _by_part(told: Mapping[Subject, _Value]) -> dict[str, list[tuple[Subject, _Value]]]:
    found: defaultdict[str, list[tuple[Subject, _Value]]] = defaultdict(list)
    for item in told.items():
        # As `part_of` does; a call for each check of a large model is felt.
        found[item[0][1].partition(' ')[0]].append(item)
    return found


def _of(told: _Told, wanted: Iterable[str]) -> dict[Subject, Any]:
    return {subject: value for part in wanted for subject, value in told.get(part, ())}


def _digest(told: list[tuple[Subject, Any]] | None, whole: bool, kept: str | None) -> str | None:
    """Return the digest of what was told of a part; empty of nothing at all.

    With what is `whole`, all that is not told has ended. What was told so and is told again in
    part changes nothing, so `kept` still holds.
    """
    if told is None:
        return '' if whole else kept
    digest = blake2b(_encode(told), digest_size=_DIGEST_BYTES)
    of_all = digest.hexdigest()
    if whole or kept == of_all:
        return of_all
    digest.update(b'in part')
    return digest.hexdigest()

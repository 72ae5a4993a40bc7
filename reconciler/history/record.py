"""Recording a sweep: what it saw goes on with what was, in one transaction.

Rows are written for what changed. A sweep in which all is as before writes one: how far the spell
reaches now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, insert, select, text, update

from charm.kernel.deadline import Deadline

from . import settle, spell
from .answers import answer_to, keep_answer
from .changes import Change
from .database import Database
from .facts import FAULT
from .find import KnownModel, known_models
from .keep_between import keep_between, strictly_between
from .keep_facts import KeptAt, keep_facts
from .keep_figures import keep_figures
from .keep_runs import Flip, RunTimes, keep_runs
from .looks import SweepLooks
from .moments import to_number
from .parts import keep_parts, news
from .spell import Spell
from .storable import storable
from .subject import MODEL, Subject
from .subject_ids import SubjectIds
from .tables import models, spells

_MODEL = Subject(MODEL, '')


@dataclass(frozen=True)
class HistoryRules:
    """What the operator may say of the history.

    Attributes:
        looks: after how many looks in a row another health counts.
        longest_pause: the longest pause between sweeps that is no gap, in milliseconds; `None`
            for what usual ones tell.
    """

    looks: int = settle.LOOKS
    longest_pause: int | None = None


DEFAULT_RULES = HistoryRules()


@dataclass(frozen=True)
class Recorded:
    """What a sweep added to the history.

    Attributes:
        model_id: the model's row.
        at: when the sweep counts as made; milliseconds since 1970, UTC.
        first: it is the first one of this model.
        gap: for how long nobody had looked before, in milliseconds; 0 if that is no gap.
        set_back: by how much our clock is behind that of an earlier sweep, in milliseconds.
        flips: of which subject another health counts from now on, and as of when.
        changes: the facts that are not as they were.
    """

    model_id: int
    at: int
    first: bool = False
    gap: int = 0
    set_back: int = 0
    flips: tuple[Flip, ...] = ()
    changes: tuple[Change, ...] = ()


def last_sweep(database: Database, sweep: SweepLooks) -> int | None:
    """Return when the model of a sweep was last seen by one; `None` if it never was.

    Raises:
        HistoryError: the history cannot be read, or there is none.
    """
    with database.reading() as connection:
        known = _known(connection, storable(sweep))
        last = last_spell(connection, known.id) if known else None
    return last.until if last else None


def record(
    database: Database, sweep: SweepLooks, until: Deadline, rules: HistoryRules = DEFAULT_RULES
) -> Recorded:
    """Write down what a sweep saw, once; when this returns, it survives a power cut.

    Where the word that it was written is lost, what was answered to the first try is returned.

    Raises:
        HistoryError: it cannot be written; nothing of it was.
    """
    kept, key = storable(sweep), uuid4().hex
    return database.write(lambda connection: _once(connection, kept, rules, key), until)


def _once(connection: Connection, sweep: SweepLooks, rules: HistoryRules, key: str) -> Recorded:
    model_id, first = _model(connection, sweep)
    # Now that others wait: a try before this one may have been in the middle of its commit.
    answered = answer_to(connection, key)
    if answered is not None:
        return msgspec.json.decode(answered, type=Recorded)
    recorded = _record(connection, sweep, rules, (model_id, first))
    answer = msgspec.json.encode(recorded).decode()
    keep_answer(connection, key, model_id, recorded.at, answer)
    return recorded


def _record(
    connection: Connection, sweep: SweepLooks, rules: HistoryRules, model: tuple[int, bool]
) -> Recorded:
    model_id, first = model
    last = last_spell(connection, model_id)
    at = to_number(sweep.at)
    # Sweeps follow each other, whatever our clock was set to meanwhile.
    set_back = max(last.until + 1 - at, 0) if last else 0
    at += set_back
    if not sweep.seen:
        ids = SubjectIds(connection, model_id, {_MODEL.name})
        fault = {_MODEL: {FAULT: '; '.join(sweep.faults) or 'nothing was seen'}}
        changes = keep_facts(connection, ids, fault, KeptAt(at, first=first, whole=False))
        return Recorded(model_id, at, first, 0, set_back, (), changes)
    now = spell.follow(last, at, rules.longest_pause)
    gap = at - last.until if last and not now.id else 0
    _keep_spell(connection, model_id, now)
    facts: dict[Subject, Mapping[str, str]] = dict(sweep.facts)
    facts[_MODEL] = {**facts.get(_MODEL, {}), FAULT: ''}
    sweep = strictly_between(replace(sweep, facts=facts), last.until if last else at, at)
    told = news(connection, model_id, sweep, sound=_is_sound(last))
    ids = SubjectIds(connection, model_id, told.parts)
    # What a run saw last before a gap is known until then, and no longer.
    ended = at - gap
    times = RunTimes(at, ended, rules.looks)
    earlier = keep_between(connection, ids, told.sweep, times)
    runs = keep_runs(connection, ids, told.sweep, times, earlier.seen)
    kept_at = KeptAt(at, first, sweep.whole_inventory)
    changes = keep_facts(connection, ids, told.sweep.facts, kept_at)
    keep_parts(connection, model_id, told, ids, runs.doubted)
    keep_figures(connection, ids, sweep.figures, at)
    flips = (*earlier.flips, *runs.flips)
    return Recorded(model_id, at, first, gap, set_back, flips, changes)


def _is_sound(last: Spell | None) -> bool:
    """Return whether no writer came after the digests of `parts` who knows of none."""
    return last is not None and last.remembered == last.sweeps


def _model(connection: Connection, sweep: SweepLooks) -> tuple[int, bool]:
    """Return the model's row, and whether it is a new one; others who write wait from here on.

    One whose UUID is another is another model, made anew under an old name. Where the UUID is not
    known it is the one that had this name last.
    """
    known = _known(connection, sweep)
    if known is None and connection.dialect.name == 'postgresql':
        # Two may record a first sweep at once. SQLite has one writer at any time.
        connection.execute(text('LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE'))
        known = _known(connection, sweep)
    if known is None:
        values = {'uuid': sweep.uuid, 'name': sweep.model}
        (made,) = connection.execute(insert(models).returning(models.c.id), values).one()
        return made, True
    own = models.c.id == known.id
    connection.execute(select(models.c.id).where(own).with_for_update())
    values = {'name': sweep.model if sweep.uuid else known.name, 'uuid': sweep.uuid or known.uuid}
    if values != {'name': known.name, 'uuid': known.uuid}:
        connection.execute(update(models).where(own), values)
    return known.id, False


def _known(connection: Connection, sweep: SweepLooks) -> KnownModel | None:
    newest = list(reversed(known_models(connection)))
    if sweep.uuid:
        same = [model for model in newest if model.uuid == sweep.uuid]
        # One that was recorded while its UUID could not be told.
        same += [model for model in newest if not model.uuid and model.is_meant_by(sweep.model)]
        return same[0] if same else None
    return next((model for model in newest if model.is_meant_by(sweep.model)), None)


def last_spell(connection: Connection, model_id: int) -> Spell | None:
    """Return the latest time in which sweeps followed each other; `None` before the first."""
    wanted = (spells.c.since, spells.c.until, spells.c.sweeps, spells.c.usual, spells.c.id)
    row = connection.execute(
        select(*wanted, spells.c.remembered)
        .where(spells.c.model_id == model_id)
        .order_by(spells.c.until.desc())
        .limit(1)
    ).first()
    return Spell(*row) if row else None


def _keep_spell(connection: Connection, model_id: int, now: Spell) -> None:
    values = {'until': now.until, 'sweeps': now.sweeps, 'usual': now.usual}
    values['remembered'] = now.sweeps
    if now.id:
        connection.execute(update(spells).where(spells.c.id == now.id), values)
    else:
        connection.execute(insert(spells), {**values, 'model_id': model_id, 'since': now.since})

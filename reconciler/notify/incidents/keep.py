"""Incidents after a sweep that was recorded, and what is to be said: in one transaction."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from sqlalchemy import Connection

from charm.kernel.deadline import Deadline

from ...config.alerts import AlertsConfig
from ...config.settings import Config
from ...history.before_trouble import before_those
from ...history.changes import Change, changes_between
from ...history.database import Database
from ...history.dialects import Lock, alone
from ...history.find import KnownModel, known_models
from ...history.moments import to_moment
from ...history.record import last_spell
from ...sweeps.fleet import Fleet
from ...values.model import Model
from ...values.node import NodeKind
from ...values.readings import Snapshot
from ...values.words import duration_text
from ..notice import Notice, NoticeKind
from ..topology import Topology
from .advance import Advance, Past
from .incident import FLAP_SPAN, Incident, Look
from .lines import alike, line_of
from .outages import Outage, Seen, seen_of
from .plan import Plan, Said, messages, plan
from .quiet import Hold, holds
from .store import late, put, said_of, save

# No event keeps anybody quiet for longer.
_LATE = 86_400_000
# So many names are asked for at once; SQLite takes no condition that is very deep.
_AT_ONCE = 50


@dataclass(frozen=True)
class SweepKept:
    """A sweep that the history has.

    Attributes:
        found: what it found.
        whole: all of each model was asked.
        at: when it counts as made; milliseconds since 1970, UTC.
        model_ids: the rows of its models, by full name; of one alone, by ''.
    """

    found: Snapshot | Fleet
    whole: bool
    at: int
    model_ids: Mapping[str, int]


@dataclass(frozen=True)
class Kept:
    """What there is after a sweep.

    Attributes:
        incidents: those that are not over.
        lines: who was told of each service that is unwell, or why nobody is.
        usual: what usually is between two sweeps, in seconds; 0 before there were two.
    """

    incidents: tuple[Incident, ...]
    lines: Mapping[str, str]
    usual: float = 0.0


def keep(database: Database, sweep: SweepKept, config: Config, until: Deadline) -> Kept:
    """Write down how incidents go on, and what is to be said of them.

    Nothing is sent here. When this returns, all that is to be said survives a power cut.

    Raises:
        HistoryError: it cannot be written; nothing of it was.
    """
    step = _Step(sweep, config)
    return database.write(step.taken, until)


class _Step:
    def __init__(self, sweep: SweepKept, config: Config) -> None:
        self._sweep = sweep
        self._config = config
        self._alerts = config.alerts or AlertsConfig()
        self._seen: Seen = seen_of(sweep.found)
        ends = map(self._alerts.quiet.milliseconds, ('restart', 'flapping'))
        self._look = Look(sweep.at, config.history.looks, *ends)

    def taken(self, connection: Connection) -> Kept:
        """Take the step, all of it or nothing."""
        alone(connection, Lock.STEPPING)
        before = late(connection, self._sweep.at - FLAP_SPAN)
        known = {model.id: model for model in known_models(connection)}
        now = {one.key: one for one in before if one.until is None}
        own = {None, *self._sweep.model_ids.values()}
        near = [one for one in before if one.model_id in own]
        steps = self._advance(connection, near, known).incidents()
        for one in self._with_changes(connection, steps, known):
            now[one.key] = replace(one, id=save(connection, one))
        kept_ones = [one for one in now.values() if one.id]
        told = said_of(connection, [one.id for one in kept_ones])
        lines: dict[str, str] = {}
        for one in kept_ones:
            now[one.key], line = self._say(connection, one, told[one.id])
            if one.model_id in own and self._is_shown(one):
                lines = {**alike(one, line), **lines}
        spells = (last_spell(connection, model) for model in self._sweep.model_ids.values())
        usual = max((spell.usual for spell in spells if spell), default=0)
        lasting = tuple(now[one.key] for one in kept_ones if one.until is None and not one.lingers)
        return Kept(lasting, lines, usual / 1000)

    def _is_shown(self, one: Incident) -> bool:
        return one.until is None and not one.lingers and bool(self._alerts.channels)

    def _advance(
        self,
        connection: Connection,
        before: Sequence[Incident],
        known: Mapping[int, KnownModel],
    ) -> Advance:
        @functools.cache
        def changes(model_id: int | None) -> Sequence[Change]:
            if model_id is None:
                return ()
            at = self._sweep.at
            return changes_between(connection, model_id, at - _LATE, at)

        def notice(outage: Outage) -> Notice:
            model = known.get(self._sweep.model_ids.get(outage.place, 0))
            return self._notice(outage, model.uuid if model else '')

        def quiet(outage: Outage, late: Sequence[Change], since: int) -> Iterator[Hold]:
            return holds(outage, self._seen.model, late, since, self._alerts.quiet)

        past = Past(before, changes, self._sweep.model_ids)
        return Advance(self._seen, past, self._look, self._sweep.whole, notice, quiet)

    def _notice(self, outage: Outage, uuid: str) -> Notice:
        units = [reading.unit.name for reading in outage.unwell]
        about_service = outage.node.kind is NodeKind.SERVICE
        unit = units[0] if about_service and len(units) == 1 else ''
        labels = self._config.for_model(self._model_of(outage)).labels(outage.name)
        at = to_moment(self._sweep.at)
        return Notice(
            incident=uuid4().hex[:12],
            number=0,
            kind=NoticeKind.FIRING,
            topology=Topology.of(self._seen.model, outage.node, uuid, unit),
            cause=outage.node,
            health=outage.health,
            evidence=outage.evidence,
            since=at,
            at=at,
            certainty=outage.certainty,
            victims=outage.victims,
            advice=outage.advice,
            own_labels=labels if about_service else {},
        )

    def _model_of(self, outage: Outage) -> Model:
        parts = self._sweep.found.snapshots if isinstance(self._sweep.found, Fleet) else {}
        return parts[outage.place].model if outage.place in parts else self._seen.model

    def _with_changes(
        self, connection: Connection, steps: Sequence[Incident], known: Mapping[int, KnownModel]
    ) -> Iterator[Incident]:
        """Yield the incidents, those that open just now with what changed before they began."""
        nodes: dict[int, list[str]] = {}
        for one in steps:
            if one.opened == self._sweep.at and one.model_id is not None:
                nodes.setdefault(one.model_id, []).append(one.node)
        told = {
            (model_id, trouble.name): trouble
            for model_id, names in nodes.items()
            for begin in range(0, len(names), _AT_ONCE)
            for trouble in before_those(
                connection, known[model_id], names[begin : begin + _AT_ONCE]
            )
        }
        for one in steps:
            trouble = told.get((one.model_id or 0, one.node))
            if one.opened != self._sweep.at or trouble is None:
                yield one
                continue
            changes = tuple(
                f'{words}, {duration_text(seconds)} before' for seconds, words in trouble.changes
            )
            yield replace(one, notice=replace(one.notice, changes=changes))

    def _say(
        self, connection: Connection, one: Incident, before: Sequence[Said]
    ) -> tuple[Incident, str]:
        """Put what is to be said of an incident into the outbox.

        Return it as it is then, and its line.
        """
        at = self._sweep.at
        found = Plan() if one.opened is None else plan(one, before, self._alerts, at)
        for notice in messages(one, found, before, at):
            put(connection, one.id, notice, found.targets[notice.kind], at)
        now = replace(one, number=one.number + len(found.targets))
        if now != one:
            save(connection, now)
        return now, line_of(one, before, found)

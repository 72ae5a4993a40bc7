"""What happened to a model, on one line of time: flips of health, changes, and gaps.

A flip for the worse names what changed just before it in the same service, on its machine, in the
model, or in what it is related to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from charm.kernel.names import service_of
from charm.kernel.report import Health

from .changes import Change, changes_between
from .facts import RELATION
from .find import KnownModel, is_about
from .statements import before_it
from .subject import CHECK, MACHINE, MODEL, SERVICE, UNIT, Subject
from .tables import facts, runs, spells, subjects

# A change this long before a flip, in milliseconds, may have brought it about.
JUST_BEFORE = 30 * 60 * 1000
# More is no line of time that anybody reads.
MOST = 10_000


@dataclass(frozen=True)
class FlipSeen:
    """Another health of a subject than before. Times are milliseconds since 1970, UTC.

    Attributes:
        before: `None` where nothing was known of it.
        at: when it was first seen so.
        until: when it was another again; `None` if it is so still.
        message: what was said at the first look.
        last_message: what was said at the last one, if that is something else.
        just_before: what changed before, the last first.
    """

    subject: Subject
    before: Health | None
    after: Health
    at: int
    until: int | None = None
    message: str = ''
    last_message: str = ''
    just_before: tuple[Change, ...] = ()

    @property
    def worse(self) -> bool:
        """Return whether it is worse than it was, or than well if nothing was known."""
        return self.after.rank > (self.before or Health.PASSED).rank


@dataclass(frozen=True)
class Gap:
    """A time in which nobody looked; milliseconds since 1970, UTC. `until` is the next sweep."""

    at: int
    until: int


Happening = FlipSeen | Change | Gap


@dataclass(frozen=True)
class Timeline:
    """What happened, in the order of time; of one moment, changes before flips.

    Attributes:
        model: whose.
        since, until: of which time, in milliseconds since 1970, UTC.
        happened: all of it.
        more: whether there was more than `MOST`, and what was before is left out.
    """

    model: KnownModel
    since: int
    until: int
    happened: tuple[Happening, ...] = ()
    more: bool = False


@dataclass(frozen=True)
class Span:
    """Which part of a history; milliseconds since 1970, UTC, and the names that `find` knows."""

    since: int
    until: int
    names: Sequence[str] = ()
    raw: bool = False


def timeline(connection: Connection, model: KnownModel, span: Span) -> Timeline:
    """Return what happened to what the names mean; with `raw`, as it was seen, not as settled."""
    changed = changes_between(connection, model.id, span.since - JUST_BEFORE, span.until)
    own = _OwnNames(connection, model, span.names)
    near = Neighbours.read(connection, model)
    flips = [
        replace(flip, just_before=near.just_before(flip, changed)) if flip.worse else flip
        for flip in _flips(connection, model, span)
    ]
    shown = [change for change in changed if change.at >= span.since and own.has(change.subject)]
    happened: list[Happening] = [*shown, *flips, *_gaps(connection, model, span)]
    happened.sort(key=lambda each: (each.at, _ORDER.index(type(each))))
    kept = tuple(happened[-MOST:])
    return Timeline(model, span.since, span.until, kept, len(happened) > MOST)


_ORDER = (Gap, Change, FlipSeen)


class _OwnNames:
    """Whose changes are shown: those of the subjects that are meant; all, where all are."""

    def __init__(self, connection: Connection, model: KnownModel, names: Sequence[str]) -> None:
        self._all = not names
        wanted = select(subjects.c.kind, subjects.c.name).where(
            subjects.c.model_id == model.id, is_about(names)
        )
        self._meant = set() if self._all else {Subject(*row) for row in connection.execute(wanted)}

    def has(self, subject: Subject) -> bool:
        return self._all or subject in self._meant or subject.kind == MODEL


def _runs(connection: Connection, model: KnownModel, span: Span) -> Sequence[Any]:
    """Return the runs that began in the span, each with what was before it."""
    health = 'health' if span.raw else 'settled'
    wanted = (
        select(
            *(subjects.c.kind, subjects.c.name, runs.c.since, runs.c.until, runs.c[health]),
            *(runs.c.message, runs.c.last_message, before_it(health)),
        )
        .join(subjects, subjects.c.id == runs.c.subject_id)
        .where(
            subjects.c.model_id == model.id,
            is_about(span.names),
            subjects.c.kind != MODEL,
            runs.c.since.between(span.since, span.until),
        )
        .order_by(runs.c.since, runs.c.id)
    )
    return connection.execute(wanted).all()


def _flips(connection: Connection, model: KnownModel, span: Span) -> Iterator[FlipSeen]:
    latest: dict[Subject, FlipSeen] = {}
    for kind, name, since, until, now, message, last, before in _runs(connection, model, span):
        subject = Subject(kind, name)
        running = latest.get(subject)
        if before == now and running is not None:
            latest[subject] = replace(running, until=until, last_message=last)
            continue
        if before == now:
            continue
        if running is not None:
            yield replace(running, until=since)
        was_so = Health(before) if before else None
        if was_so is None and now == Health.PASSED.value:
            # That something new is well is no news.
            latest.pop(subject, None)
            continue
        latest[subject] = FlipSeen(subject, was_so, Health(now), since, until, message, last)
    yield from latest.values()


def _gaps(connection: Connection, model: KnownModel, span: Span) -> Iterator[Gap]:
    wanted = (
        select(spells.c.since, spells.c.until)
        .where(spells.c.model_id == model.id, spells.c.until >= span.since)
        .order_by(spells.c.since)
    )
    earlier = select(spells.c.until).where(
        spells.c.model_id == model.id, spells.c.until < span.since
    )
    before = connection.execute(earlier.order_by(spells.c.until.desc()).limit(1)).scalar()
    for since, until in connection.execute(wanted).all():
        if before is not None and before <= span.until:
            yield Gap(before, since)
        before = until


@dataclass(frozen=True)
class Neighbours:
    """What is near what: a unit's machine, and what a service is related to, as of now."""

    machines: Mapping[str, str]
    related: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, connection: Connection, model: KnownModel) -> Neighbours:
        """Return those of a model."""
        wanted = (
            select(subjects.c.kind, subjects.c.name, facts.c.name, facts.c.value)
            .join(subjects, subjects.c.id == facts.c.subject_id)
            .where(
                subjects.c.model_id == model.id,
                facts.c.until.is_(None),
                or_(
                    and_(subjects.c.kind == UNIT, facts.c.name == 'machine'),
                    facts.c.name.startswith(RELATION, autoescape=True),
                ),
            )
        )
        machines: dict[str, str] = {}
        related: dict[str, set[str]] = {}
        for kind, name, fact, value in connection.execute(wanted).all():
            if kind == UNIT:
                machines[name] = value
            elif value:
                related.setdefault(name, set()).add(fact.rpartition(' ')[2])
        return cls(machines, {name: frozenset(others) for name, others in related.items()})

    def just_before(self, flip: FlipSeen, changes: Sequence[Change]) -> tuple[Change, ...]:
        """Return what changed near a subject just before it flipped: the nearest, last first."""
        found = [
            (distance, -change.at, number)
            for number, change in enumerate(changes)
            if flip.at - JUST_BEFORE <= change.at <= flip.at and change.may_break
            for distance in [self._distance(flip.subject, change.subject)]
            if distance is not None
        ]
        return tuple(changes[number] for _, _, number in sorted(found)[:3])

    def _distance(self, subject: Subject, changed: Subject) -> int | None:
        """Return how far from a subject something changed; `None` for too far."""
        service, unit = _whose(subject)
        its_machines = {
            machine for name, machine in self.machines.items() if service_of(name) == service
        }
        if subject == changed:
            return 0
        if subject.kind == MACHINE:
            its_machines = {subject.name}
        if changed.kind == MACHINE:
            on = {self.machines.get(unit, '')} if unit else its_machines
            return 1 if changed.name in on else None
        if changed.kind == MODEL:
            return 2
        other, _ = _whose(changed)
        if other == service:
            return 1
        return 3 if other in self.related.get(service, ()) else None


def _whose(subject: Subject) -> tuple[str, str]:
    """Return the service and the unit of a subject, empty where it has none."""
    if subject.kind == SERVICE:
        return subject.name, ''
    if subject.kind in (UNIT, CHECK):
        unit = subject.name.partition(' ')[0]
        return service_of(unit), unit
    return '', ''

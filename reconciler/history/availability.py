"""For how long services were up, by time and not by counts of looks.

`passed` and `warn` are up, `fail` is down, as settled. `unknown`, and whatever no sweep looked at,
is neither: it stands beside them, and no percentage has it in it. What is down while an operator
announced maintenance of it is planned, and costs no budget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from charm.kernel.report import Health

from .facts import MAINTENANCE
from .find import KnownModel, is_about
from .sql import greatest, least
from .statements import before_it
from .subject import SERVICE, VIEW, Subject
from .tables import facts, runs, spells, subjects

_UP = (Health.PASSED, Health.WARN)
_WITH_SLO = (SERVICE, VIEW)


@dataclass(frozen=True)
class Period:
    """A time to tell of: milliseconds since 1970, UTC.

    Attributes:
        name: how people call it.
        told: until when there is anything to tell: the rest of it is still to come.
    """

    name: str
    since: int
    until: int
    told: int

    @property
    def length(self) -> int:
        """Return how long it is, in milliseconds."""
        return self.until - self.since


@dataclass(frozen=True)
class Availability:
    """How long a subject was what, in a period; milliseconds.

    Attributes:
        up, down: as settled, and as far as anybody looked.
        planned: of `down`, what maintenance had been announced for.
        unknown: sweeps looked, and could not tell.
        outages: how often it went down.
        slo: what part of the time it is to be up, from 0 to 1; `None` if nobody said.
    """

    subject: Subject
    period: Period
    up: int = 0
    down: int = 0
    planned: int = 0
    unknown: int = 0
    outages: int = 0
    slo: float | None = None

    @property
    def not_looked(self) -> int:
        """Return for how long no sweep looked at it."""
        told = self.period.told - self.period.since
        return max(told - self.up - self.down - self.unknown, 0)

    @property
    def ratio(self) -> float | None:
        """Return the part of the time that counts in which it was up; `None` of no time."""
        counted = self.up + self.down - self.planned
        return self.up / counted if counted > 0 else None

    @property
    def budget(self) -> int | None:
        """Return for how long it may be down in the whole period; `None` without an SLO."""
        return None if self.slo is None else round((1 - self.slo) * self.period.length)

    @property
    def left(self) -> int | None:
        """Return what is left of that, below 0 when it is overdrawn."""
        return None if self.budget is None else self.budget - (self.down - self.planned)


def availability(
    connection: Connection,
    model: KnownModel,
    period: Period,
    names: Sequence[str] = (),
    slo: Callable[[str], float | None] = lambda name: None,
) -> tuple[Availability, ...]:
    """Return that of all services and views, or of what the names mean, by name."""
    meant = and_(
        subjects.c.model_id == model.id,
        is_about(names) if names else subjects.c.kind.in_(_WITH_SLO),
    )
    found: dict[Subject, Availability] = {}
    for kind, name, settled, length in _lengths(connection, meant, period):
        subject = Subject(kind, name)
        was = found.setdefault(subject, Availability(subject, period))
        found[subject] = _add(was, Health(settled), int(length))
    for kind, name, count in _outages(connection, meant, period):
        subject = Subject(kind, name)
        if subject in found:
            found[subject] = replace(found[subject], outages=count)
    for kind, name, length in _planned(connection, meant, period):
        subject = Subject(kind, name)
        planned = min(int(length), found[subject].down)
        found[subject] = replace(found[subject], planned=planned)
    return tuple(
        replace(found[subject], slo=slo(subject.name) if subject.kind in _WITH_SLO else None)
        for subject in sorted(found)
    )


def _add(was: Availability, settled: Health, length: int) -> Availability:
    if settled in _UP:
        return replace(was, up=was.up + length)
    if settled is Health.FAIL:
        return replace(was, down=was.down + length)
    return replace(was, unknown=was.unknown + length)


def _lengths(
    connection: Connection, meant: ColumnElement[bool], period: Period
) -> Sequence[Row[str, str, str, int]]:
    """Return for each subject and settled health how long that was while sweeps looked."""
    # What lasts still is known until the last sweep: where the last spell ends.
    end = least(func.coalesce(runs.c.until, period.until), spells.c.until, period.until)
    begin = greatest(runs.c.since, spells.c.since, period.since)
    wanted = (
        select(subjects.c.kind, subjects.c.name, runs.c.settled, func.sum(end - begin))
        .select_from(subjects)
        .join(runs, runs.c.subject_id == subjects.c.id)
        .join(spells, spells.c.model_id == subjects.c.model_id)
        .where(
            meant,
            runs.c.since < period.until,
            func.coalesce(runs.c.until, period.until) > period.since,
            end > begin,
        )
        .group_by(subjects.c.kind, subjects.c.name, runs.c.settled)
    )
    return connection.execute(wanted).all()


def _outages(
    connection: Connection, meant: ColumnElement[bool], period: Period
) -> Sequence[Row[str, str, int]]:
    """Return how often each subject went down within the period."""
    wanted = (
        select(subjects.c.kind, subjects.c.name, func.count())
        .join(runs, runs.c.subject_id == subjects.c.id)
        .where(
            meant,
            runs.c.settled == Health.FAIL.value,
            runs.c.since.between(period.since, period.until - 1),
            func.coalesce(before_it('settled'), '') != Health.FAIL.value,
        )
        .group_by(subjects.c.kind, subjects.c.name)
    )
    return connection.execute(wanted).all()


def _planned(
    connection: Connection, meant: ColumnElement[bool], period: Period
) -> Sequence[Row[str, str, int]]:
    """Return for how long each service was down while that was announced, and looked at."""
    end = least(
        func.coalesce(runs.c.until, period.until),
        func.coalesce(facts.c.until, period.until),
        spells.c.until,
        period.until,
    )
    begin = greatest(runs.c.since, facts.c.since, spells.c.since, period.since)
    wanted = (
        select(subjects.c.kind, subjects.c.name, func.sum(end - begin))
        .select_from(subjects)
        .join(facts, facts.c.subject_id == subjects.c.id)
        .join(runs, runs.c.subject_id == subjects.c.id)
        .join(spells, spells.c.model_id == subjects.c.model_id)
        .where(
            meant,
            facts.c.name == MAINTENANCE,
            facts.c.value != '',
            runs.c.settled == Health.FAIL.value,
            end > begin,
        )
        .group_by(subjects.c.kind, subjects.c.name)
    )
    return connection.execute(wanted).all()

"""When disks and memory of a model will be full, and certificates expire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, Select, func, select

from charm.kernel.fields import parse_time

from .facts import CERTIFICATE, THERE
from .find import KnownModel, is_about, last_look
from .line import FULL, Line, Point, line_of, may_fill
from .moments import to_number
from .statements import of_model
from .subject import CHECK, UNIT
from .tables import facts, points, runs, series, subjects

_DAY = 86_400_000
# Of what was before, a line tells nothing that it does not tell since.
_LOOKED_BACK = 90 * _DAY
# What nobody could look at for longer may have changed meanwhile.
_UNSEEN = 7 * _DAY
# What is nearer cannot wait.
URGENT = 7 * _DAY
# So many figures are asked for at once; databases take no more parameters than tens of thousands.
_AT_ONCE = 1000
# As a figure is kept: of what is as full as this, nothing is left.
_AS_GOOD_AS_FULL = 0.9995
# Of the row of each check that is still looked at: its name, and when it was seen last.
_Seen = Mapping[int, tuple[str, int]]


@dataclass(frozen=True)
class Forecast:
    """What is full, or expires, at some time. Times are milliseconds since 1970, UTC.

    Attributes:
        model: whose check it is.
        check: its unit's name and its own, such as `mysql/0 disk`.
        figure: what it tells of, such as `/var used`, `memory used` or `certificate`.
        at: when it is likely to be full, or expires; of what is full, when it was seen last.
        value: how full it was then; `None` of a certificate.
        line: how it grows; `None` of a certificate, and of what is full.
    """

    model: KnownModel
    check: str
    figure: str
    at: int
    value: float | None = None
    line: Line | None = None


@dataclass(frozen=True)
class Forecasts:
    """What is ahead. Times are milliseconds since 1970, UTC.

    Attributes:
        at: what is now.
        within: how far ahead was looked, in milliseconds.
        found: the next first.
    """

    at: int
    within: int
    found: tuple[Forecast, ...]

    @property
    def urgent(self) -> bool:
        """Return whether something is full, expired, or will be so within a week."""
        return any(self.is_urgent(one) for one in self.found)

    def is_urgent(self, one: Forecast) -> bool:
        """Return whether that is full, expired, or likely to be so within a week."""
        return one.at <= self.at + URGENT


def forecast(
    connection: Connection,
    known: Sequence[KnownModel],
    names: Sequence[str],
    now: int,
    within: int,
) -> Forecasts:
    """Return what may be full, or expires, within so many milliseconds; the next first.

    What already is full or has expired is among them. Only what was seen within the last week of
    sweeps counts, of units that are still there.
    """
    found: list[Forecast] = []
    for model in known:
        seen = _seen(connection, model, names)
        found += _figures(connection, model, seen)
        found += _certificates(connection, model, seen)
    ahead = [one for one in found if (one.line.earliest if one.line else one.at) <= now + within]
    ahead.sort(key=lambda one: (one.at, one.model.name, one.check, one.figure))
    return Forecasts(now, within, tuple(ahead))


def _seen(connection: Connection, model: KnownModel, names: Sequence[str]) -> _Seen:
    end = last_look(connection, model)
    if end is None:
        return {}
    until = func.max(func.coalesce(runs.c.until, end))
    wanted = (
        select(subjects.c.id, subjects.c.name, until)
        .join(runs, runs.c.subject_id == subjects.c.id)
        .where(subjects.c.model_id == model.id, subjects.c.kind == CHECK)
        .group_by(subjects.c.id, subjects.c.name)
        .having(until >= end - _UNSEEN)
    )
    if names:
        wanted = wanted.where(is_about(names))
    gone = _gone(connection, model)
    return {
        number: (name, last)
        for number, name, last in connection.execute(wanted)
        if name.partition(' ')[0] not in gone
    }


def _gone(connection: Connection, model: KnownModel) -> set[str]:
    """Return the units that are there no more."""
    wanted = (
        select(subjects.c.name)
        .join(facts, facts.c.subject_id == subjects.c.id)
        .where(subjects.c.model_id == model.id, subjects.c.kind == UNIT)
        .where(facts.c.name == THERE, facts.c.until.is_(None), facts.c.value == '')
    )
    return set(connection.execute(wanted).scalars())


def _figures(connection: Connection, model: KnownModel, seen: _Seen) -> Iterator[Forecast]:
    kept = {}
    for number, subject_id, figure, value in connection.execute(_series(model)):
        if subject_id in seen:
            check, until = seen[subject_id]
            if value >= _AS_GOOD_AS_FULL:
                yield Forecast(model, check, figure, until, FULL)
            else:
                kept[number] = (check, until, figure, value)
    first = min((until for _, until, _, _ in kept.values()), default=0) - _LOOKED_BACK
    wanted = [
        number
        for number, lowest, highest in connection.execute(_ranges(model, first))
        if number in kept and may_fill(lowest, highest)
    ]
    rows = (
        row
        for some in range(0, len(wanted), _AT_ONCE)
        for row in connection.execute(_points(wanted[some : some + _AT_ONCE], first)).all()
    )
    for number, group in groupby(rows, key=lambda row: row.series_id):
        check, until, figure, value = kept[number]
        line = line_of([Point(at, value) for _, at, value in group], until)
        if line is not None:
            yield Forecast(model, check, figure, line.full, value, line)


def _series(model: KnownModel) -> Select[int, int, str, float]:
    return (
        select(series.c.id, series.c.subject_id, series.c.name, series.c.value)
        .join(subjects, subjects.c.id == series.c.subject_id)
        .where(subjects.c.model_id == model.id)
    )


def _ranges(model: KnownModel, first: int) -> Select[int, float, float]:
    return (
        select(points.c.series_id, func.min(points.c.value), func.max(points.c.value))
        .join(series, series.c.id == points.c.series_id)
        .where(of_model(series, model.id), points.c.at >= first)
        .group_by(points.c.series_id)
    )


def _points(wanted: Sequence[int], first: int) -> Select[int, int, float]:
    return (
        select(points.c.series_id, points.c.at, points.c.value)
        .where(points.c.series_id.in_(wanted), points.c.at >= first)
        .order_by(points.c.series_id, points.c.at)
    )


def _certificates(connection: Connection, model: KnownModel, seen: _Seen) -> Iterator[Forecast]:
    wanted = (
        select(facts.c.subject_id, facts.c.value)
        .join(subjects, subjects.c.id == facts.c.subject_id)
        .where(subjects.c.model_id == model.id, subjects.c.kind == CHECK)
        .where(facts.c.name == CERTIFICATE, facts.c.until.is_(None))
    )
    for number, value in connection.execute(wanted):
        if number not in seen:
            continue
        try:
            expires = to_number(parse_time(value))
        except (ValueError, OverflowError):
            # It is what a unit said, and may be anything.
            continue
        yield Forecast(model, seen[number][0], CERTIFICATE, expires)

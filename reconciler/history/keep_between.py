"""The runs of units and checks, after what they reported between two sweeps.

One more look of each is taken at a time, so that runs begin, settle and end as if sweeps had been
there. Where a gap is between the sweeps it stays one: a run from before it is known to its
beginning, unless the first that was reported in it goes on with that run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from .keep_runs import Flip, RunRows, RunTimes, flip_between, open_runs
from .looks import EarlierLook, SweepLooks
from .moments import to_number
from .settle import OpenRun, begin, follow
from .subject import Subject
from .subject_ids import SubjectIds


@dataclass(frozen=True)
class BetweenKept:
    """What came of what was reported between two sweeps.

    Attributes:
        flips: of which subject another health counts, in the order of its time.
        seen: the rows of subjects whose run is known to have lasted until this sweep.
    """

    flips: list[Flip] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)


def strictly_between(sweep: SweepLooks, last: int, at: int) -> SweepLooks:
    """Return the sweep with earlier looks at what it has itself, after `last` and before `at`.

    Both are milliseconds since 1970, UTC.
    """
    kept = {
        of: within
        for of, looks in sweep.between.items()
        if of in sweep.looks
        and (within := [one for one in looks if last < to_number(one.at) < at])
    }
    return replace(sweep, between=kept)


def keep_between(
    connection: Connection, ids: SubjectIds, sweep: SweepLooks, times: RunTimes
) -> BetweenKept:
    """Write how runs went on before the sweep at `times`."""
    kept = BetweenKept()
    ids.add(sweep.between)
    for looks in _one_by_one(sweep.between):
        rows = RunRows()
        runs = open_runs(connection, ids.only(looks))
        for subject, one in looks.items():
            number = ids[subject]
            was = runs.get(number)
            if not one.flip and not (was and was.is_like(one.look)):
                # So it was at the last sweep too, which saw it otherwise: Juju's word counts, say.
                continue
            at = to_number(one.at)
            ended = at if number in kept.seen else min(times.ended, at)
            now = _after(was, one, replace(times, at=at, ended=ended))
            kept.seen.add(number)
            if now != was:
                rows.add(number, was, now, replace(times, at=at, ended=ended))
            kept.flips.extend(flip_between(subject, was, now, at))
        rows.write(connection)
    return kept


def _one_by_one(
    between: Mapping[Subject, Sequence[EarlierLook]],
) -> Iterator[Mapping[Subject, EarlierLook]]:
    """Yield the first look of each, then the second of those that have one, and so on."""
    for number in range(max(map(len, between.values()), default=0)):
        yield {of: looks[number] for of, looks in between.items() if number < len(looks)}


def _after(was: OpenRun | None, one: EarlierLook, times: RunTimes) -> OpenRun:
    """Return the run after all of the reports that said so."""
    now = begin(one.look, times.at, times.wanted) if was is None else was
    # More than settle it change nothing.
    for _ in range(min(one.times, times.wanted) - (was is None)):
        now = follow(now, one.look, times.at, times.wanted)
    return now

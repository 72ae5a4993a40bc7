"""The use case: one sweep over one model, from the inventory to the snapshot."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from charm.command import kill_running
from charm.deadline import Deadline

from .conclude import Evidence, conclude
from .config import NOTHING, Config
from .errands import Errand, plan_errands
from .errors import UsageError
from .fanout import Limits, Return, run_errands
from .interpret import read_answer, silent_reading
from .maintenance import Entry
from .model import Model, Unit
from .reach.base import Reach
from .readings import Outcome, Reading, Snapshot

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Sweep:
    """What to sweep and how.

    Attributes:
        model: the inventory.
        reach: how bytes travel.
        limits: how hard to try.
        local: this machine stands for the one unit of the model.
        progress: called with (units known, units asked) as answers come.
        config: what the operator configured.
        suppressions: what operators said beside it.
    """

    model: Model
    reach: Reach
    limits: Limits
    local: bool = False
    progress: Progress = lambda known, asked: None
    config: Config = NOTHING
    suppressions: Sequence[Entry] = ()


def select(model: Model, patterns: Sequence[str]) -> tuple[Unit, ...]:
    """Return the units that any of the patterns names; all of them if there are no patterns.

    A pattern is an application, a unit, a machine (with its containers) or a glob of any of these.

    Raises:
        UsageError: a pattern names nothing in the model.
    """
    units = tuple(model.units())
    if not patterns:
        return units
    chosen: set[str] = set()
    for pattern in patterns:
        found = {unit.name for unit in units if _names(pattern, unit, model)}
        if not found and not _names_application(pattern, model):
            raise UsageError(
                f'cannot select {pattern!r}: no application, unit or machine of '
                f'{model.name or "the model"} has that name'
            )
        chosen |= found
    return tuple(unit for unit in units if unit.name in chosen)


def _names(pattern: str, unit: Unit, model: Model) -> bool:
    machine = unit.machine
    while machine:
        if fnmatch.fnmatchcase(machine, pattern):
            return True
        known = model.machines.get(machine)
        machine = known.parent if known else ''
    return fnmatch.fnmatchcase(unit.name, pattern) or fnmatch.fnmatchcase(
        unit.application, pattern
    )


def _names_application(pattern: str, model: Model) -> bool:
    return bool(fnmatch.filter(model.applications, pattern))


def survey(sweep: Sweep, patterns: Sequence[str], deadline: Deadline) -> Snapshot:
    """Ask every selected unit and return what is known by the deadline.

    Ends early, with what arrived, when the operator interrupts it.

    Raises:
        UsageError: a pattern names nothing.
    """
    started_at, started = datetime.now(timezone.utc), time.monotonic()
    units = select(sweep.model, patterns)
    readings, complete = _collect(sweep, units, deadline)
    evidence = Evidence(
        model=sweep.model,
        readings=readings,
        started_at=started_at,
        duration_seconds=time.monotonic() - started,
        complete=complete,
    )
    return conclude(evidence, patterns, sweep.config, sweep.suppressions)


def _collect(
    sweep: Sweep, units: Sequence[Unit], deadline: Deadline
) -> tuple[dict[str, Reading], bool]:
    """Return every unit's reading by its name, and whether each machine was waited for."""
    model = sweep.model
    hook_seconds = max(1.0, sweep.limits.timeout_seconds - 5.0)
    errands = plan_errands(model, units, hook_seconds, sweep.local)
    readings: dict[str, Reading] = {}
    expected = sum(len(errand.asked) for errand in errands)
    sweep.progress(0, expected)
    interrupted = False
    try:
        for returned in run_errands(errands, sweep.reach, sweep.limits, deadline):
            for reading in read_return(model, returned, sweep.reach.name):
                readings[reading.unit.name] = reading
            sweep.progress(len(readings), expected)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        kill_running()
    late = _late(model, errands, readings, interrupted)
    homeless = [unit for unit in units if not unit.machine and not model.is_k8s]
    for unit in homeless:
        readings[unit.name] = silent_reading(
            model, unit, Outcome.UNASSIGNED, '', datetime.now(timezone.utc)
        )
    return {**readings, **late}, not late


def _late(
    model: Model, errands: Iterable[Errand], readings: dict[str, Reading], interrupted: bool
) -> dict[str, Reading]:
    message = 'interrupted before it answered' if interrupted else ''
    now = datetime.now(timezone.utc)
    return {
        asked.unit.name: silent_reading(
            model, asked.unit, Outcome.DEADLINE, message, now, asked.request.path
        )
        for errand in errands
        for asked in errand.asked
        if asked.unit.name not in readings
    }


def read_return(model: Model, returned: Return, reach: str) -> list[Reading]:
    """Return the readings of one errand's units: of the answer, else of the fault."""
    now = datetime.now(timezone.utc)
    readings = []
    for asked, answer in zip(returned.errand.asked, returned.answers, strict=True):
        if returned.fault is not None and not (answer.complete or answer.exit_code is not None):
            reading = silent_reading(
                model,
                asked.unit,
                returned.fault.outcome,
                str(returned.fault),
                now,
                asked.request.path,
            )
        else:
            reading = read_answer(model, asked, answer, f'{reach}, hook', now)
        readings.append(
            replace(
                reading,
                duration_seconds=returned.duration_seconds,
                attempts=returned.attempts,
            )
        )
    return readings

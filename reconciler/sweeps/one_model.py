"""The use case: one sweep over one model, from the inventory to the snapshot."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from charm.kernel.deadline import Deadline

from ..collect.collect import CollectPlan, Progress, collect
from ..config.settings import NOTHING, Config
from ..config.suppressions import SuppressionEntry
from ..judge.conclude import Evidence, conclude
from ..values.cost import COLLATION
from ..values.errors import NothingSelected
from ..values.model import Model, Unit, machine_chain
from ..values.readings import Snapshot
from .near_names import hint


@dataclass(frozen=True)
class SweepPlan:
    """What to sweep and how.

    Attributes:
        model: the inventory.
        way: how its readings come.
        progress: called with (units known, units asked) as answers come.
        config: what the operator configured.
        suppressions: what operators said beside it.
    """

    model: Model
    way: CollectPlan
    progress: Progress = lambda known, asked: None
    config: Config = NOTHING
    suppressions: Sequence[SuppressionEntry] = ()


def select(model: Model, patterns: Sequence[str]) -> tuple[Unit, ...]:
    """Return the units that any of the patterns names; all of them if there are no patterns.

    A pattern is an application, a unit, a machine (with its containers) or a glob of any of these.

    Raises:
        NothingSelected: a pattern names nothing in the model.
    """
    units = tuple(model.units())
    if not patterns:
        return units
    chosen: set[str] = set()
    for pattern in patterns:
        found = {unit.name for unit in units if _names(pattern, unit, model)}
        if not found and not fnmatch.filter(model.applications, pattern):
            raise NothingSelected(pattern, model.name, hint(pattern, model))
        chosen |= found
    return tuple(unit for unit in units if unit.name in chosen)


def _names(pattern: str, unit: Unit, model: Model) -> bool:
    names = (unit.name, unit.application, *machine_chain(model.machines, unit.machine))
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def survey(sweep: SweepPlan, patterns: Sequence[str], deadline: Deadline) -> Snapshot:
    """Ask every selected unit and return what is known by the deadline.

    Ends early, with what arrived, when the operator interrupts it.

    Raises:
        NothingSelected: a pattern names nothing.
    """
    started_at, started = datetime.now(timezone.utc), time.monotonic()
    units = select(sweep.model, patterns)
    collected = collect(sweep.way, sweep.model, units, deadline, sweep.progress)
    evidence = Evidence(
        model=sweep.model,
        readings=collected.readings,
        started_at=started_at,
        duration_seconds=time.monotonic() - started,
        complete=collected.complete,
        faults=collected.faults,
    )
    with sweep.way.cost.step(COLLATION):
        return conclude(evidence, patterns, sweep.config, sweep.suppressions)

"""The use case: one sweep over one model, from the inventory to the snapshot."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from charm.kernel.deadline import Deadline

from ..ask.base import Asker
from ..ask.errands import BY_HOOK
from ..ask.modes import AskMode
from ..ask.script import ScriptAsker
from ..collect.collect import CollectPlan, collect
from ..collect.collect import Progress as Progress
from ..collect.fanout import FanoutLimits
from ..config.settings import NOTHING, Config
from ..config.suppressions import SuppressionEntry
from ..inbox.store import PushedReports
from ..judge.conclude import Evidence, conclude
from ..reach.base import Reach
from ..values.errors import NothingSelected
from ..values.model import Model, Unit
from ..values.readings import Snapshot


@dataclass(frozen=True)
class SweepPlan:
    """What to sweep and how.

    Attributes:
        model: the inventory.
        reach: how bytes travel.
        limits: how hard to try.
        local: this machine stands for the one unit of the model.
        progress: called with (units known, units asked) as answers come.
        config: what the operator configured.
        suppressions: what operators said beside it.
        shared: other sweeps run in this process, so that their commands are left alone.
        mode: what is asked of each unit.
        asker: asks instead of a script over the reach; `None` for that.
        pushed: where pushed reports are looked for; `None` for nowhere.
    """

    model: Model
    reach: Reach
    limits: FanoutLimits
    local: bool = False
    progress: Progress = lambda known, asked: None
    config: Config = NOTHING
    suppressions: Sequence[SuppressionEntry] = ()
    shared: bool = False
    mode: AskMode = BY_HOOK
    asker: Asker | None = None
    pushed: PushedReports | None = None


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
        if not found and not _names_application(pattern, model):
            raise NothingSelected(pattern, model.name)
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


def survey(sweep: SweepPlan, patterns: Sequence[str], deadline: Deadline) -> Snapshot:
    """Ask every selected unit and return what is known by the deadline.

    Ends early, with what arrived, when the operator interrupts it.

    Raises:
        NothingSelected: a pattern names nothing.
    """
    started_at, started = datetime.now(timezone.utc), time.monotonic()
    units = select(sweep.model, patterns)
    way = CollectPlan(
        sweep.asker or ScriptAsker(sweep.reach, sweep.limits.time),
        sweep.limits,
        sweep.mode,
        sweep.pushed,
        sweep.local,
        sweep.shared,
    )
    collected = collect(way, sweep.model, units, deadline, sweep.progress)
    evidence = Evidence(
        model=sweep.model,
        readings=collected.readings,
        started_at=started_at,
        duration_seconds=time.monotonic() - started,
        complete=collected.complete,
        faults=collected.faults,
    )
    return conclude(evidence, patterns, sweep.config, sweep.suppressions)

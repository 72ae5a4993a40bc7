"""Every unit's reading, by the deadline: of what was pushed, else of asking its machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from charm.kernel.report_json import decode
from charm.kernel.running import kill_running

from ..ask.base import Asker
from ..ask.errands import BY_HOOK, MachineRequest, UnitRequest, plan_errands
from ..ask.frames import UnitAnswer
from ..ask.modes import AUTO, PUSH, AskMode
from ..ask.probe import BY_PROBE
from ..reach.lanes import Pace
from ..values.cost import ASKING, FAR_SIDE, LOGIN, READING, SweepCost
from ..values.freshness import DatedReport, is_fresh, newest
from ..values.model import Model, Unit
from ..values.readings import Outcome, Reading
from ..values.words import natural_order
from .fanout import FanoutLimits, MachineResult, run_errands
from .interpret import (
    IS_GONE,
    Decode,
    dated_reading,
    decoder,
    is_whole,
    read_answer,
    silent_reading,
)
from .probed import probed, read_probe
from .removed_units import absent, left_behind, strangers
from .reporter_evidence import principals, vouched

if TYPE_CHECKING:
    from ..inbox.store import PushedReports

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CollectPlan:
    """The ways by which readings come.

    Attributes:
        asker: asks the units of one machine.
        limits: how hard to try.
        mode: what is asked of each unit.
        pushed: where pushed reports are looked for; `None` for nowhere.
        local: this machine stands for the one unit of the model.
        shared: other sweeps run in this process, so that their commands are left alone.
        pace: what earlier sweeps of the model took.
        cost: counts where the time goes.
        decode: reads what is printed; `collect` chooses.
    """

    asker: Asker
    limits: FanoutLimits
    mode: AskMode = BY_HOOK
    pushed: PushedReports | None = None
    local: bool = False
    shared: bool = False
    pace: Pace = field(default_factory=Pace)
    cost: SweepCost = field(default_factory=SweepCost)
    decode: Decode = decode


@dataclass(frozen=True)
class Collection:
    """The readings of a sweep, and what was found beside them.

    Attributes:
        readings: every unit's, by its name.
        complete: each machine was waited for.
        faults: what was found beside them, one line each: units that Juju does not have.
    """

    readings: dict[str, Reading]
    complete: bool
    faults: tuple[str, ...] = ()


def collect(
    way: CollectPlan,
    model: Model,
    units: Sequence[Unit],
    deadline: Deadline,
    progress: Progress = lambda known, asked: None,
) -> Collection:
    """Return every unit's reading.

    Ends early, with what arrived, when the operator interrupts it.
    """
    wanted = {unit.name for unit in units}
    if way.mode.name == PUSH and not way.mode.checks:
        # They cost nothing, and their reports tell of who made them.
        units = (*units, *principals(units, model.units()))
    readings = _homeless(model, units)
    housed = [unit for unit in units if unit.name not in readings]
    readings.update(_of_inbox(way, model, housed))
    asked = [unit for unit in housed if unit.name not in readings]
    way = replace(way, decode=decoder(len(asked)))
    errands = plan_errands(model, asked, way.limits.time.hook_seconds, way.local, way.mode)
    known, interrupted = 0, False
    faults = _strangers(way, model)
    progress(known, len(asked))
    try:
        came = run_errands(errands, way.asker, way.limits, deadline, pace=way.pace)
        for returned in way.cost.waiting(ASKING, came):
            for reading in _of_return(way, model, returned):
                readings[reading.unit.name] = reading
                known += 1
            # The machine may think so of one that Juju does have.
            orphans = absent(model, returned.orphans)
            if orphans:
                errand = returned.errand
                faults.append(left_behind(model, errand.place, errand.target, orphans))
            progress(known, len(asked))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        if not way.shared:
            kill_running()
    late = _late(model, errands, readings, interrupted)
    known_now = vouched({**readings, **late})
    found = {name: reading for name, reading in known_now.items() if name in wanted}
    return Collection(found, not late, tuple(sorted(faults, key=natural_order)))


def _homeless(model: Model, units: Sequence[Unit]) -> dict[str, Reading]:
    """Return the readings of units that nobody can ask or hear of: no machine is known of them."""
    if model.is_k8s:
        return {}
    return {
        unit.name: silent_reading(model, unit, Outcome.UNASSIGNED, '', _now())
        for unit in units
        if not unit.machine
    }


def _inbox(way: CollectPlan) -> PushedReports | None:
    """Return where pushed reports are looked for on this mode."""
    looks = way.mode.name in (AUTO, PUSH) and not way.mode.checks
    return way.pushed if looks else None


def _of_inbox(way: CollectPlan, model: Model, units: Sequence[Unit]) -> dict[str, Reading]:
    """Return the readings that need no asking: all of them where only pushes count."""
    inbox = _inbox(way)
    if inbox is None:
        return {}
    found: dict[str, Reading] = {}
    now, limit = _now(), way.mode.max_age_seconds
    for unit in units:
        message = ''
        try:
            dated = inbox.report(unit.name)
        except FileError as error:
            dated, message = None, str(error)
        if dated is not None and (way.mode.name == PUSH or is_fresh(dated, now, limit)):
            found[unit.name] = dated_reading(model, unit, dated, now, limit)
        elif way.mode.name == PUSH:
            found[unit.name] = silent_reading(model, unit, Outcome.NOT_PUSHED, message, now)
    return found


def _of_return(way: CollectPlan, model: Model, returned: MachineResult) -> list[Reading]:
    """Return the readings of one errand's units: of the answer, else of the fault."""
    for share, seconds in ((LOGIN, returned.login_seconds), (FAR_SIDE, returned.far_seconds)):
        if seconds is not None:
            way.cost.add_machine(share, seconds)
    with way.cost.step(READING):
        return _read_return(way, model, returned)


def _read_return(way: CollectPlan, model: Model, returned: MachineResult) -> list[Reading]:
    look = read_probe(returned.probed, f'{way.asker.name}, {BY_PROBE}', _now())
    readings = []
    for asked, answer in zip(returned.errand.asked, returned.answers, strict=True):
        reading = _of_answer(way, model, returned, asked, answer)
        readings.append(
            replace(
                probed(model, reading, look) if asked.looked and look else reading,
                duration_seconds=returned.duration_seconds,
                attempts=returned.attempts,
            )
        )
    return readings


def _of_answer(
    way: CollectPlan, model: Model, returned: MachineResult, asked: UnitRequest, answer: UnitAnswer
) -> Reading:
    now, fault = _now(), returned.fault
    if asked.unit.name in returned.gone:
        return silent_reading(model, asked.unit, Outcome.LEAVING, IS_GONE, now, asked.hook)
    if fault is not None and not (answer.complete or is_whole(answer)):
        return silent_reading(
            model, asked.unit, fault.outcome, str(fault), now, asked.hook, fault.advice
        )
    via = f'{way.asker.name}, {answer.by or asked.request.by}'
    limit = way.mode.max_age_seconds
    reading = read_answer(model, asked, answer, via, now, limit, way.decode)
    if reading.report is None or way.mode.name != AUTO:
        return reading
    # A report may have been pushed while we asked, or before an older one was put in the cache.
    came = DatedReport(reading.report, now, reading.age_seconds, via)
    chosen = newest([came, *_pushed(way, asked.unit.name)], now)
    if chosen is None or chosen.via == via:
        return reading
    return dated_reading(model, asked.unit, chosen, now, limit, asked.hook)


def _pushed(way: CollectPlan, unit: str) -> list[DatedReport]:
    try:
        found = way.pushed.report(unit) if way.pushed and not way.mode.checks else None
    except FileError:
        return []
    return [found] if found else []


def _strangers(way: CollectPlan, model: Model) -> list[str]:
    """Return that units push which the model does not have: their agents still run."""
    inbox = _inbox(way)
    if inbox is None or not inbox.model:
        # Who does not say of which model it is may be another's.
        return []
    now, limit = _now(), way.mode.max_age_seconds
    try:
        known = inbox.units()
    except FileError:
        # Each unit that is wanted of it says so.
        return []
    pushing = [
        unit
        for unit in absent(model, known)
        if (dated := _pushed(way, unit)) and is_fresh(dated[0], now, limit)
    ]
    return [strangers(pushing)] if pushing else []


def _late(
    model: Model,
    errands: Iterable[MachineRequest],
    readings: dict[str, Reading],
    interrupted: bool,
) -> dict[str, Reading]:
    message = 'interrupted before it answered' if interrupted else ''
    return {
        asked.unit.name: silent_reading(
            model, asked.unit, Outcome.DEADLINE, message, _now(), asked.hook
        )
        for errand in errands
        for asked in errand.asked
        if asked.unit.name not in readings
    }


def _now() -> datetime:
    return datetime.now(timezone.utc)

"""The use case of several models: all of them swept at once, by one deadline and one budget."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.gather import gather
from charm.kernel.report import Health
from charm.kernel.running import kill_running

from ..ask.base import Asker, MachineAnswer
from ..ask.frames import Request, UnitAnswer
from ..reach.base import NOTHING, ReachError
from ..values.errors import JujuError, ReconcilerError, UsageError
from ..values.model import Model
from ..values.readings import Outcome, Snapshot
from ..values.time_budget import TimeBudget
from .cross_model import join
from .fleet import Fleet
from .one_model import SweepPlan, survey

MOST_AT_ONCE = 8
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class FleetPlan:
    """What to sweep and how.

    Attributes:
        inventories: gets each model by its full name, within a deadline.
        prepare: makes of a model the sweep of it, with so many workers.
        workers: machines asked at once, over all the models.
        faults: what is wrong already, such as a controller that did not answer.
        is_there: whether a model of which there is no status is still meant to be there.
    """

    inventories: Mapping[str, Callable[[Deadline], Model]]
    prepare: Callable[[str, Model, int], SweepPlan]
    workers: int = 16
    faults: tuple[str, ...] = ()
    is_there: Callable[[str, Deadline], bool] = lambda name, until: True


def survey_all(plan: FleetPlan, patterns: Sequence[str], deadline: Deadline) -> Fleet:
    """Return what is known of all the models by the deadline; a fault costs only its model.

    A model in which the patterns name nothing is left out.

    Raises:
        UsageError: they name nothing in any model.
    """
    started_at, started = datetime.now(timezone.utc), time.monotonic()
    abreast = max(1, min(MOST_AT_ONCE, len(plan.inventories), plan.workers))
    rounds = math.ceil(len(plan.inventories) / abreast) if plan.inventories else 1
    known = _inventories(plan, abreast, TimeBudget.status(deadline))
    workers = max(1, plan.workers // abreast)
    sweeps = {
        name: plan.prepare(name, model, workers)
        for name, model in known.items()
        if isinstance(model, Model)
    }
    failed = {n: e for n, e in known.items() if isinstance(e, ReconcilerError)}
    gone = _gone(plan, failed, deadline)
    share = deadline.remaining_seconds / rounds
    found = _surveys(sweeps, patterns, abreast, deadline, share)
    missing = {n: e for n, e in found.items() if isinstance(e, UsageError)}
    if patterns and missing and not any(isinstance(result, Snapshot) for result in found.values()):
        raise next(iter(missing.values()))
    snapshots = {}
    for name in plan.inventories:
        result = found.get(name, failed.get(name))
        if isinstance(result, Snapshot):
            snapshots[name] = result
        elif name not in missing and name not in gone:
            snapshots[name] = failure(name, started_at, result)
    notes = tuple(f'{name}: left out: it is being removed, or is gone' for name in gone)
    fleet = Fleet(snapshots, started_at, time.monotonic() - started, plan.faults, notes)
    told = next(iter(sweeps.values()), None)
    return fleet if told is None else join(fleet, patterns, told.config, told.suppressions)


def _gone(
    plan: FleetPlan, failed: Mapping[str, ReconcilerError], deadline: Deadline
) -> tuple[str, ...]:
    """Return the models that went while we looked, which is no fault of anybody.

    Models come and go all the time where tests make them; only juju's own word counts.
    """
    gone = []
    for name, error in failed.items():
        with suppress(JujuError):
            if isinstance(error, JujuError) and not plan.is_there(name, deadline):
                gone.append(name)
    return tuple(gone)


def failure(name: str, at: datetime, error: ReconcilerError | None = None) -> Snapshot:
    """Return the snapshot of a model that could not be swept: nothing but why is known."""
    controller, _, model = name.rpartition(':')
    late = ('cannot sweep it: the deadline came first',)
    return Snapshot(
        model=Model(model.split('/')[-1], controller),
        services=(),
        health=Health.UNKNOWN,
        started_at=at,
        duration_seconds=0.0,
        complete=False,
        faults=error.lines if error else late,
    )


def _inventories(
    plan: FleetPlan, abreast: int, deadline: Deadline
) -> dict[str, Model | ReconcilerError]:
    calls: dict[str, Callable[[], Model]] = {
        name: partial(get, deadline) for name, get in plan.inventories.items()
    }
    found: dict[str, Model | ReconcilerError] = {}
    until = Deadline(deadline.at + TimeBudget.grace_seconds, deadline.clock)
    for done in gather(calls, until, abreast):
        if isinstance(done.error, ReconcilerError):
            found[done.key] = done.error
        elif done.error is not None:
            raise done.error
        elif done.value is not None:
            found[done.key] = done.value
    return found


def _surveys(
    sweeps: Mapping[str, SweepPlan],
    patterns: Sequence[str],
    abreast: int,
    deadline: Deadline,
    share_seconds: float,
) -> dict[str, Snapshot | ReconcilerError]:
    stop = threading.Event()
    begun: dict[str, threading.Event] = {}
    found: dict[str, Snapshot | ReconcilerError] = {}

    def sweep_one(name: str) -> None:
        begun[name] = threading.Event()
        way = sweeps[name].way
        way = replace(way, asker=StoppableAsker(way.asker, stop), shared=True)
        try:
            own = replace(sweeps[name], way=way)
            snapshot = survey(own, patterns, deadline.within(share_seconds))
            # Kept here and not handed over, so that it counts after an interrupt too.
            found[name] = replace(snapshot, complete=False) if stop.is_set() else snapshot
        except ReconcilerError as error:
            found[name] = error
        finally:
            begun[name].set()

    calls: dict[str, Callable[[], None]] = {name: partial(sweep_one, name) for name in sweeps}
    until = Deadline(deadline.at + TimeBudget.grace_seconds, deadline.clock)
    try:
        for done in gather(calls, until, abreast):
            if done.error is not None:
                raise done.error
    except KeyboardInterrupt:
        stop.set()
        kill_running()
        _await(begun.values())
    finally:
        kill_running()
    return dict(found)


def _await(begun: Iterable[threading.Event]) -> None:
    """Wait for sweeps that were stopped, and kill what they began in the same moment."""
    until = Deadline.after(TimeBudget.grace_seconds)
    for ended in list(begun):
        while not (ended.wait(_POLL_SECONDS) or until.passed):
            kill_running()


@dataclass(frozen=True)
class StoppableAsker:
    """An asker that asks nobody any more once `stop` is set, and says so."""

    asker: Asker
    stop: threading.Event

    @property
    def name(self) -> str:
        """Return what readings call it."""
        return self.asker.name

    def ask(self, target: str, requests: Sequence[Request], deadline: Deadline) -> MachineAnswer:
        """Ask all of them, unless it was stopped before."""
        if self.stop.is_set():
            return MachineAnswer(tuple(UnitAnswer() for _ in requests), self._stopped())
        came = self.asker.ask(target, requests, deadline)
        if self.stop.is_set() and came.fault is not None:
            return replace(came, fault=self._stopped(came.fault.completed))
        return came

    @staticmethod
    def _stopped(completed: Completed = NOTHING) -> ReachError:
        return ReachError(Outcome.DEADLINE, 'interrupted before it answered', completed)

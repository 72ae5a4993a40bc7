"""`--all-models`: every model of every controller that this user knows, in one document."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from charm.kernel.deadline import Deadline
from charm.kernel.gather import gather
from reconciler.collect.collect import Progress
from reconciler.config.suppressions import SuppressionEntry
from reconciler.juju.command import Juju
from reconciler.sweeps.all_models import MOST_AT_ONCE, FleetPlan, survey_all
from reconciler.sweeps.fleet import Fleet
from reconciler.sweeps.one_model import SweepPlan
from reconciler.values.errors import JujuError, UsageError
from reconciler.values.model import Model
from reconciler.values.safe_names import is_controller, is_model
from reconciler.values.time_budget import TimeBudget

from ..options.askers import sweep_of
from ..options.sweeping import SweepOptions


@dataclass(frozen=True)
class FleetOptions:
    """The options of several models."""

    all_models: bool = False
    controllers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.all_models

    def check(self, asking: SweepOptions) -> None:
        """Refuse what does not go together.

        Raises:
            UsageError: with the two options that do not.
        """
        if self.controllers and not self.all_models:
            raise UsageError('cannot use --controller without --all-models')
        for name, given in (
            ('--model', asking.model),
            ('--status', asking.status_file),
            ('--reach local', asking.is_local),
        ):
            if self.all_models and given:
                raise UsageError(f'cannot use --all-models with {name}')


def once(
    asking: SweepOptions,
    many: FleetOptions,
    patterns: Sequence[str],
    until: Deadline,
    progress: Progress,
) -> Fleet:
    """Return what one sweep of all the models found, by `until` at the latest.

    Raises:
        UsageError: the patterns name nothing in any model.
        JujuError: not one controller could be asked for its models.
    """
    names, faults = _names(asking.door, many, until)
    plan = FleetPlan(
        {name: replace(asking, model=name).inventory for name in names},
        partial(_prepare, asking, _Sum(progress), asking.suppressions(until)),
        asking.workers,
        faults,
        asking.door.is_there,
    )
    return survey_all(plan, patterns, until)


def _names(door: Juju, many: FleetOptions, until: Deadline) -> tuple[list[str], tuple[str, ...]]:
    """Return the models' full names, and which controllers did not tell theirs.

    What is not a name is told as well, and left out: no command line gets it.
    """
    asking_for = TimeBudget.listing(until)
    # What the operator names is the operator's.
    listed = () if many.controllers else door.controllers(asking_for)
    controllers = [*many.controllers, *filter(is_controller, listed)]
    faults = [
        f'juju controllers: {name!r} is not the name of a controller'
        for name in listed
        if name not in controllers
    ]
    if not controllers:
        raise UsageError('cannot find a controller: juju controllers lists none')
    calls: dict[str, Callable[[], tuple[str, ...]]] = {
        name: partial(door.models_of, name, asking_for) for name in controllers
    }
    told: dict[str, tuple[str, ...]] = {}
    errors: list[JujuError] = []
    for done in gather(calls, until, MOST_AT_ONCE):
        if isinstance(done.error, JujuError):
            errors.append(done.error)
            faults.append(f'controller {done.key}: {done.error}')
        elif done.error is not None:
            raise done.error
        else:
            told[done.key] = done.value or ()
    if errors and not told:
        raise errors[0]
    names = []
    for controller in controllers:
        for full in told.get(controller, ()):
            model = full.removeprefix(f'{controller}:')
            if is_model(model):
                names.append(full)
            else:
                faults.append(f'controller {controller}: {model!r} is not the name of a model')
    return names, tuple(sorted(faults))


def _prepare(
    asking: SweepOptions,
    known: _Sum,
    said: Sequence[SuppressionEntry],
    name: str,
    model: Model,
    workers: int,
) -> SweepPlan:
    own = replace(asking, model=name, workers=workers)
    return sweep_of(own, model, partial(known.update, name), said)


class _Sum:
    """The sum of the progress of sweeps that run side by side."""

    def __init__(self, update: Progress) -> None:
        self._update = update
        self._parts: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def update(self, name: str, known: int, asked: int) -> None:
        """Take one model's progress."""
        with self._lock:
            self._parts[name] = (known, asked)
            parts = self._parts.values()
            self._update(sum(k for k, _ in parts), sum(n for _, n in parts))

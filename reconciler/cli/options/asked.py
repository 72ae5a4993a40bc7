"""From what the options say of whom to ask, to the sweep of one model."""

from __future__ import annotations

from reconciler.sweeps.one_model import Progress, SweepPlan
from reconciler.values.model import Model

from .askers import asker_of, pushed_of
from .common import SweepOptions


def sweep_of(asking: SweepOptions, model: Model, progress: Progress) -> SweepPlan:
    """Return the sweep of a model as the options want it."""
    reach = asking.way(model)
    return SweepPlan(
        model,
        reach,
        asking.limits,
        asking.is_local,
        progress,
        asking.config,
        asking.suppressions(),
        road=asking.road,
        asker=asker_of(asking, model, reach),
        pushed=pushed_of(asking, model),
    )

"""From what the options say of whom to ask, to the sweep of one model."""

from __future__ import annotations

from reconciler.model import Model
from reconciler.survey import Progress, Sweep

from .askers import asker_of, pushed_of
from .options import Asking


def sweep_of(asking: Asking, model: Model, progress: Progress) -> Sweep:
    """Return the sweep of a model as the options want it."""
    reach = asking.way(model)
    return Sweep(
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

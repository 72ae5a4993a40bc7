"""`reconcile-health explain`: why one service or unit is as it is, and what to do next."""

from __future__ import annotations

from functools import partial
from typing import Any

from charm.kernel.deadline import Deadline
from charm.kernel.exit_codes import EXIT_CODES
from reconciler.causes.explain import explain as look_into
from reconciler.causes.explanation import Explanation
from reconciler.causes.graph import DeclaredDependencies
from reconciler.render.people.explain import render
from reconciler.sweeps.near_names import hint
from reconciler.values.errors import UsageError
from reconciler.values.model import Model
from reconciler.values.node import Node, NodeKind

from ..options.history import past_troubles
from ..options.output import print_document
from ..options.printing import view
from ..options.progress import progress_bar
from ..options.saved import read_saved
from ..options.sweeping import SweepOptions
from ..options.told import told_by
from .sweep import once


def explain(name: str, saved: str | None, history: str, **given: Any) -> int:
    """Print why a service or unit is as it is, and return the exit code of its health."""
    asking = told_by(SweepOptions, given)
    until = Deadline.after(asking.deadline)
    if saved:
        snapshot = read_saved(saved)
    else:
        with progress_bar(asking.quiet) as update:
            snapshot = once(asking, (), until, update, partial(_refuse_unknown, name))
    model = snapshot.model
    own = asking.config.for_model(model)
    declared = DeclaredDependencies(own.requires(model), own.any_of(model), own.provides(model))
    found = look_into(snapshot, name, declared)
    past = () if saved else past_troubles(history, asking.config, model, _named(name, found))
    print_document(render(found, view(), past))
    return EXIT_CODES[found.health]


def _named(name: str, found: Explanation) -> tuple[str, ...]:
    """Return what history may tell of: what is explained, and its cause."""
    cause = found.cause.node.name if found.cause else ''
    return tuple(filter(None, (name, found.service.name, cause)))


def _refuse_unknown(name: str, model: Model) -> None:
    """Refuse a name that is of nothing in the model, before any unit is asked.

    Raises:
        UsageError: it is none, nor may it be that of a cause.
    """
    known = {*model.applications, *model.machines, *model.saas}
    known.update(unit.name for unit in model.units())
    # Of what else may be a cause only the sweep knows whether it is one.
    if name not in known and Node.read(name).kind is NodeKind.SERVICE:
        reason = f'{model.name} has no such service or unit{hint(name, model)}'
        raise UsageError(f'cannot explain {name!r}: {reason}')

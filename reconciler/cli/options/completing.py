"""What a shell is offered for a word: names of the model, of models, controllers and checks.

Juju is asked anew each time, for two seconds at most, and nothing is kept: whoever completes
wants what is there now. Where nothing can be learnt, nothing is offered, and nothing said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.kernel.deadline import Deadline
from reconciler.config.suppressions import NO_REPORT
from reconciler.juju import status
from reconciler.juju.command import Juju
from reconciler.values.model import Model
from reconciler.values.readings import JUJU_STATUS
from reconciler.values.safe_names import is_model, is_name

from .juju_door import door
from .saved import read_saved, read_status

_SECONDS = 2.0
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completer(words: Callable[[click.Context, str], Iterable[str]]) -> Completer:
    """Return what click calls for a word that is `incomplete`."""

    def complete(
        context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            known = sorted(words(context, incomplete))
        except Exception:  # noqa: BLE001 - the boundary: who completes a word wants no complaint
            return []
        return [CompletionItem(word) for word in known if word.startswith(incomplete)]

    return complete


def _door(context: click.Context) -> Juju:
    return door(context.params.get('juju') or 'juju', context.params.get('model') or '')


def _model(context: click.Context) -> Model:
    """Return the model that the words before tell of: a live one, or a saved one."""
    told = context.params
    for option, read in (
        ('saved', lambda name: read_saved(name).model),
        ('status_file', read_status),
    ):
        # What is on stdin is for the command itself.
        if told.get(option) not in (None, '-'):
            return read(told[option])
    return status.decode(_door(context).status(Deadline.after(_SECONDS)))


def _units(context: click.Context, _incomplete: str) -> Iterable[str]:
    return [unit.name for unit in _model(context).units()]


def _services(context: click.Context, incomplete: str) -> Iterable[str]:
    """Return applications; the units of one once it is typed, and machines once a digit is."""
    if '/' in incomplete and not incomplete[:1].isdigit():
        return _units(context, incomplete)
    model = _model(context)
    return model.machines if incomplete[:1].isdigit() else model.applications


def _targets(context: click.Context, incomplete: str) -> Iterable[str]:
    target, colon, _ = incomplete.partition(':')
    if not colon:
        return _services(context, incomplete)
    return [f'{target}:{check}' for check in (*BUILT_IN_CHECKS, NO_REPORT, JUJU_STATUS)]


def _models(context: click.Context, incomplete: str) -> Iterable[str]:
    """Return the models of the current controller, or of that which is typed.

    Of this user's own models the owner is left out unless it is typed, as juju takes them.
    """
    juju, until = _door(context), Deadline.after(_SECONDS)
    controller, colon, typed = incomplete.rpartition(':')
    found = juju.models_of(controller, until) if colon else juju.models(until)
    own = '' if '/' in typed else f'{juju.whoami(until).get("user")}/'
    begin = f'{controller}{colon}'
    names = (full.removeprefix(begin) for full in found)
    return [begin + name.removeprefix(own) for name in names if is_model(name)]


def _controllers(context: click.Context, _incomplete: str) -> Iterable[str]:
    return filter(is_name, _door(context).controllers(Deadline.after(_SECONDS)))


units = _completer(_units)
services = _completer(_services)
targets = _completer(_targets)
models = _completer(_models)
controllers = _completer(_controllers)
# What a unit has beside these, only the unit knows.
checks = _completer(lambda _context, _incomplete: BUILT_IN_CHECKS)

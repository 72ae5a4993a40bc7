"""What is said of units that Juju has removed, but that left something or still report."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from charm.kernel.names import tag_of

from ..ask.orphans import CODE
from ..values.advice import Advice, there
from ..values.model import Model
from ..values.words import first_few, natural_order

_MOST = 10


def absent(model: Model, units: Collection[str]) -> tuple[str, ...]:
    """Return those of the units that the model does not have."""
    if not units:
        return ()
    known = {unit.name for unit in model.units()}
    return tuple(unit for unit in units if unit not in known)


def left_behind(model: Model, place: str, target: str, units: Sequence[str]) -> str:
    """Return the fault of files that removed units left on the machine `place`, with the remedy.

    `target` is a unit on it that Juju has, for `juju ssh`.
    """
    return f'machine {place}: {whose(units)}; {mend(model, target, units)}'


def whose(units: Sequence[str]) -> str:
    """Return whose files are there still."""
    are, their = ('is', 'its') if len(units) == 1 else ('are', 'their')
    return f'{", ".join(units[:_MOST])} {are} gone from Juju, and {their} files are there still'


def mend(model: Model, target: str, units: Sequence[str]) -> Advice:
    """Return what removes them: mostly the agent itself."""
    launcher = f'{CODE}/{tag_of(units[0])}/current/hooks/health-agent'
    return Advice(
        'where an agent runs it removes them within two minutes; else',
        there(model.full_name, target, 'sudo', launcher, 'remove-orphans'),
    )


def strangers(units: Sequence[str]) -> str:
    """Return the fault of reports from units that the model does not have."""
    named = first_few(sorted(units, key=natural_order), _MOST)
    return f'reports of units that the status does not have: {named}'

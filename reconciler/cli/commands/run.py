"""`reconcile-health run UNIT CHECK...`: run checks of one unit now, by their names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import click

from charm.kernel.deadline import Deadline
from reconciler.ask.modes import AskMode
from reconciler.sweeps.one_model import survey
from reconciler.values.errors import UsageError

from ..options.askers import sweep_of
from ..options.printing import PrintOptions, printing_options
from ..options.sweeping import SweepOptions, asking_options
from ..options.told import told_by

# What a check may be called; above all it is no option, and no command.
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}')


@click.command('run')
@click.argument('unit')
@click.argument('checks', nargs=-1, required=True, metavar='CHECK...')
@printing_options
@asking_options
def run(unit: str, checks: tuple[str, ...], **given: Any) -> int:
    """Run checks of one unit now, and print their results.

    Its agent runs them if there is one, else its health hook does. Checks go by name; no command
    ever travels. `reconcile-health --unit UNIT` shows which checks a unit has.
    """
    asking, printing = told_by(SweepOptions, given), told_by(PrintOptions, given)
    for name in checks:
        if not _NAME.fullmatch(name):
            raise UsageError(f'cannot run {name!r}: that is not the name of a check')
    until = Deadline.after(asking.deadline)
    model = asking.inventory(until)
    if unit not in {known.name for known in model.units()}:
        raise UsageError(f'cannot run checks of {unit!r}: {model.name} has no such unit')
    # By ssh or here, whatever the options for sweeps say.
    own = replace(asking, ask='hook', agent_token_file='', agent_ca='')
    sweep = sweep_of(own, model, progress=lambda known, asked: None)
    way = replace(sweep.way, mode=AskMode(checks=checks))
    snapshot = survey(replace(sweep, way=way), [unit], until)
    return printing.show(snapshot, unit_detail=True)

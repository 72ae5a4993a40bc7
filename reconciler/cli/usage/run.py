"""`reconcile-health run UNIT CHECK...`: run checks of one unit now, by their names."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import asking_options
from .completing import checks, units
from .printing import printing_options
from .sections import Sectioned


@click.command('run', Sectioned)
@click.argument('unit', shell_complete=units)
@click.argument('checks', nargs=-1, required=True, metavar='CHECK...', shell_complete=checks)
@printing_options
@asking_options
def run(**given: Any) -> Any:
    """Run checks of one unit now, and print their results.

    Its agent runs them if there is one, else its health hook does. Checks go by name; no command
    ever travels. `reconcile-health --unit UNIT` shows which checks a unit has.
    """
    return load('reconciler.cli.commands.run:run')(**given)

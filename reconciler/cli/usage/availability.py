"""`reconcile-health availability`: for how long services were up."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import model_option
from .looking_back import looking_back
from .sections import Sectioned


@click.command('availability', Sectioned)
@click.argument('names', nargs=-1, metavar='[APP|UNIT|CHECK|MACHINE|VIEW]...')
@model_option('Whose; by default the only one with a history.')
@click.option(
    '--month',
    'months',
    multiple=True,
    metavar='YYYY-MM',
    help='A calendar month; may be repeated.  [default: the last one and this one]',
)
@click.option('--since', default='', metavar='TIME', help='Instead: from when, such as 30d.')
@click.option('--until', default='now', metavar='TIME', show_default=True, help='Until when.')
@click.option(
    '--timezone',
    'zone',
    default='',
    metavar='ZONE',
    help="Whose months, such as Europe/Berlin.  [default: this machine's]",
)
@looking_back
def availability(**given: Any) -> Any:
    """Show for how long services and views were up, and what is left of what they may be down.

    Time counts, not looks: `passed` and `warn` are up, `fail` is down. What nobody looked at, or
    could tell, is neither. What was announced by `maintain` costs nothing. health.yaml says how
    much each may be down: `slo: 99.9`.

    Exit codes: 0 all SLOs are kept, 2 one is not, 3 it cannot be told.
    """
    return load('reconciler.cli.commands.availability:availability')(**given)

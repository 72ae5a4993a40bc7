"""`reconcile-health timeline`: what happened, on one line of time."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import model_option
from .looking_back import looking_back
from .sections import Sectioned


@click.command('timeline', Sectioned)
@click.argument('names', nargs=-1, metavar='[APP|UNIT|CHECK|MACHINE|VIEW]...')
@model_option('Whose; by default the only one with a history.')
@click.option(
    '--since',
    default='24h',
    metavar='TIME',
    show_default=True,
    help='From when: a moment, or so long ago.',
)
@click.option('--until', default='now', metavar='TIME', show_default=True, help='Until when.')
@click.option(
    '--raw', is_flag=True, help='Every look as it was, not only what was seen often enough.'
)
@looking_back
def timeline(**given: Any) -> Any:
    """Show what happened: flips of health, what changed before them, and when nobody looked.

    It tells of sweeps that were recorded: `reconcile-health sweep --record`.

    Exit codes: 0 it was told, whatever happened, 3 it cannot be.
    """
    return load('reconciler.cli.commands.timeline:timeline')(**given)

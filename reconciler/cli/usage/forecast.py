"""`reconcile-health forecast`: when something will be full, or expires."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import history_option, model_option
from .configured import config_option
from .durations import Duration
from .printing import format_option, output_option
from .sections import Sectioned


@click.command('forecast', Sectioned)
@click.argument('names', nargs=-1, metavar='[APP|UNIT|CHECK]...')
@model_option('Only this model, by its name or UUID; by default, every one in the history.')
@history_option
@click.option(
    '--within',
    type=Duration(0, 3660 * 86400),
    metavar='DURATION',
    default='90d',
    show_default=True,
    # For how long a gate waits, which the configuration may say, is something else.
    is_eager=True,
    help='How far ahead to look.',
)
@format_option(('table', 'json'))
@output_option
@config_option
def forecast(**given: Any) -> Any:
    """Say when disks and memory will be full, and certificates expire, by the recorded sweeps.

    Only what grows along a line is told of; its range holds with a probability of 95 %.

    Exit codes: 0 nothing within the time, 1 something, 2 something within a week, or it is full or
    expired, 3 the history cannot be used.
    """
    return load('reconciler.cli.commands.forecast:forecast')(**given)

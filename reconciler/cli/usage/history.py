"""`reconcile-health history`: look after what is recorded."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import history_option, model_option
from .configured import config_option
from .durations import Duration, duration_option
from .printing import output_option

_DAY = 86400
_model_option = model_option('Only this model, by its name or UUID.')


@click.group('history')
def history() -> None:
    """Check, prune, export or upgrade the history."""


@history.command('check', short_help='Say what is in it, and whether it is sound.')
@history_option
@config_option
def check(**given: Any) -> Any:
    """Say where the history is, what is in it, and what is wrong with it and mends it.

    Exit codes: 0 nothing is wrong, 2 something is, 3 it cannot be used.
    """
    return load('reconciler.cli.commands.history:check')(**given)


@history.command('prune', short_help='Forget what is long past.')
@duration_option(
    '--older-than',
    Duration(0, 36600 * _DAY),
    400 * _DAY,
    'Forget what ended so long ago; of figures, one point a day stays after 30 days.',
)
@click.option('--future', is_flag=True, help='Forget instead what a clock that was ahead wrote.')
@_model_option
@click.option('--dry-run', is_flag=True, help='Only say what would go.')
@history_option
@config_option
def prune(**given: Any) -> Any:
    """Forget what ended long ago, and models of which no sweep was recorded since.

    What lasts stays, however long ago it began. The space is given back.
    """
    return load('reconciler.cli.commands.history:prune')(**given)


@history.command('export', short_help='Print all of it, for programs.')
@click.option('--since', default='', metavar='TIME', help='Only what lasted after that.')
@click.option('--until', default='', metavar='TIME', help='Only what began before that.')
@_model_option
@click.option(
    '--format',
    'form',
    type=click.Choice(['json', 'csv']),
    default='json',
    show_default=True,
    help='A JSON object a line, or CSV.',
)
@output_option
@history_option
@config_option
def export(**given: Any) -> Any:
    """Print the history: each model, gap, run, fact and point, as one object.

    A TIME is such as "2026-11-25 18:00", or 24h for so long ago.
    """
    return load('reconciler.cli.commands.history:export')(**given)


@history.command('upgrade', short_help='Bring its tables up to date.')
@history_option
@config_option
def upgrade(**given: Any) -> Any:
    """Make the tables, or bring those of an earlier version up to date.

    A file of SQLite is upgraded by the next sweep that is recorded; a server only by this, as
    others may still use it with an earlier version, which then refuses.
    """
    return load('reconciler.cli.commands.history:upgrade')(**given)

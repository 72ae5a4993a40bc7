"""`reconcile-health schedule`: have sweeps made by the clock, see them, and end them."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import model_option
from .durations import Duration, duration_option
from .sections import Sectioned

dry_run_option = click.option(
    '--dry-run', is_flag=True, help='Print the files, and change nothing.'
)


@click.group('schedule')
def schedule() -> None:
    """Have sweeps made by systemd or cron, see them, and end them."""


@schedule.command('install', Sectioned, short_help='Have a model swept by the clock.')
@click.argument('options', nargs=-1, metavar='[-- OPTION OF A SWEEP]...')
@model_option('The Juju model to sweep.')
@click.option('--all-models', is_flag=True, help='Sweep every model of every controller.')
@duration_option(
    '--every',
    Duration(60, 86400, whole=True),
    300,
    'From the start of one sweep to the start of the next: a part of an hour or a day.',
)
@click.option(
    '--system/--user',
    'system',
    default=None,
    help="For the system, or for this user.  [default: the system's for root]",
)
@click.option(
    '--with',
    'kind',
    type=click.Choice(['systemd', 'cron']),
    help='Who starts the sweeps.  [default: systemd where it runs]',
)
@click.option(
    '--as', 'as_user', default='', metavar='USER', help='With --system: whose juju and ssh keys.'
)
@click.option(
    '--name', default='', metavar='NAME', help='What to call it.  [default: as the model]'
)
@dry_run_option
def install(**given: Any) -> Any:
    """Have a model swept by the clock, recorded, and told of when something changes.

    What follows `--` is for each sweep, such as `-- --reach direct --ping URL`. What was
    installed by the same name is replaced. Exit codes: 0 installed, 1 something is left to do,
    3 not installed.
    """
    return load('reconciler.cli.commands.schedule:install')(**given)


@schedule.command('show', short_help='List what is scheduled, and how it went.')
@click.option(
    '--format',
    'form',
    type=click.Choice(['text', 'json']),
    default='text',
    show_default=True,
    help='How to print it.',
)
def show(**given: Any) -> Any:
    """List this user's schedules and the system's: the last run, its result, and the next.

    Exit codes: 0 all run, 1 one does not or its last run failed, 3 they cannot be looked at.
    """
    return load('reconciler.cli.commands.schedule:show')(**given)


@schedule.command('remove', short_help='End schedules, and remove all of them.')
@click.argument('names', nargs=-1, metavar='NAME...')
@click.option('--all', 'everything', is_flag=True, help='All that this user may remove.')
def remove(**given: Any) -> Any:
    """End schedules, and undo all that installing them did."""
    return load('reconciler.cli.commands.schedule:remove')(**given)

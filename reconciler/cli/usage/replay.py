"""`reconcile-health replay`: what a sweep found or would have found, from what was saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from charm.kernel.fields import parse_time
from reconciler.values.by_name import load

from .completing import files
from .configured import config_option
from .durations import Duration, duration_option
from .printing import printing_options
from .sections import Sectioned

# Longer than any archive is kept, and no more than what dates can tell of.
_CENTURY = 36500 * 86400.0


def _moment(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        reason = f'{text!r} is no time: write such as 2026-11-23T08:00:00Z'
        raise click.BadParameter(reason) from error


@click.command('replay', Sectioned)
@click.argument('paths', nargs=-1, metavar='[PATH]...', shell_complete=files)
@click.option(
    '--status',
    'status_file',
    metavar='FILE',
    shell_complete=files,
    help='The saved `juju status`, JSON or YAML; else it is looked for in the paths.',
)
@click.option(
    '--reports',
    multiple=True,
    metavar='DIR',
    shell_complete=files,
    help='Where saved reports are; may be repeated.',
)
@click.option(
    '-m', '--model', default='', metavar='MODEL', help='Which model, where the paths hold several.'
)
@click.option(
    '--select',
    'patterns',
    multiple=True,
    metavar='APP|UNIT|MACHINE|GLOB',
    help='Only these; may be repeated.',
)
@click.option('--unit', 'units', multiple=True, metavar='UNIT', help='Show every check of a unit.')
@click.option(
    '--at',
    type=_moment,
    metavar='TIME',
    help='When it was saved; else the newest time in it. Ages are told against this.',
)
@duration_option(
    '--max-age', Duration(0, _CENTURY), 900, 'A report that was older then tells nothing.'
)
@printing_options
@config_option
def replay(**given: Any) -> Any:
    """Show what the operator saw: from a saved sweep, or from a support archive.

    PATH is a sweep saved with `--format json` or a `juju status`, where - is stdin, or directories
    of juju-crashdump or sosreport. Conclusions are drawn from an archive as a sweep draws them.
    """
    return load('reconciler.cli.commands.replay:replay')(**given)

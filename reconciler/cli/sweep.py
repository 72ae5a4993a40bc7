"""`reconcile-health`: one sweep, one document on stdout; the talk goes to stderr."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime, timezone
from typing import Any

import click

from charm.deadline import Deadline
from charm.report import Health
from reconciler.exit_codes import exit_code
from reconciler.render import RENDERERS, Options
from reconciler.survey import Sweep, survey

from .options import Asking, asking_options
from .output import colour, print_document
from .progress import Progress


@click.command('sweep')
@click.argument('names', nargs=-1, metavar='[APP|UNIT|MACHINE|GLOB]...')
@click.option('--unit', 'units', multiple=True, metavar='UNIT', help='Show every check of a unit.')
@click.option(
    '--format',
    'form',
    type=click.Choice(list(RENDERERS)),
    default='table',
    show_default=True,
    help='How to print it.',
)
@click.option(
    '--fail-on',
    type=click.Choice(['warn', 'unknown', 'fail']),
    default='warn',
    show_default=True,
    help='The least that is not exit code 0.',
)
@asking_options
def sweep(
    names: tuple[str, ...], units: tuple[str, ...], form: str, fail_on: str, **asking: Any
) -> int:
    """Ask every unit of a Juju model how it is, and print what is wrong per service."""
    told = Asking(**asking)
    until = Deadline.after(told.deadline)
    model = told.inventory(until)
    with Progress(enabled=not told.quiet and sys.stderr.isatty()) as progress:
        snapshot = survey(
            Sweep(model, told.way(model), told.limits, told.is_local, progress.update),
            [*names, *units],
            until,
        )
    options = Options(
        colour=colour(),
        width=shutil.get_terminal_size((100, 24)).columns,
        unit_detail=bool(units),
        now=datetime.now(timezone.utc),
    )
    print_document(RENDERERS[form](snapshot, options))
    return exit_code(snapshot, Health(fail_on))

"""`reconcile-health watch`: sweep again and again, and show the table as it changes."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import asking_options, fleet_options, selecting_options
from .durations import Duration, duration_option
from .printing import table_options
from .sections import Sectioned


@click.command('watch', Sectioned)
@selecting_options
@duration_option(
    '--every', Duration(1), 30, 'From the start of one sweep to the start of the next.'
)
@table_options
@fleet_options
@asking_options
def watch(**given: Any) -> Any:
    """Sweep again and again, and show the table on the whole terminal, until q or Ctrl-C.

    The last line has the keys: to filter, to see only problems, or what changed, and more. The
    exit code is that of the last sweep.
    """
    return load('reconciler.cli.commands.watch:watch')(**given)

"""`reconcile-health enrol`: give units a credential of their own, and tell them where to push."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.values.by_name import load

from .asking import asking_options
from .completing import services
from .sections import Sectioned

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command('enrol', Sectioned)
@click.argument('names', nargs=-1, metavar='[APP|UNIT|MACHINE|GLOB]...', shell_complete=services)
@click.option('--url', required=True, metavar='https://HOST:8642', help='Where `receive` listens.')
@click.option(
    '--ca',
    type=_FILE,
    help="Who signed the receiver's certificate, as PEM.  [default: made by receive --init]",
)
@click.option(
    '--master-key-file', type=_FILE, help='As for `receive`.  [default: made by receive --init]'
)
@asking_options
def enrol(**given: Any) -> Any:
    """Have units push their reports: all of the model, or those named.

    Writes each unit's file in /etc/juju-health/units.d over ssh, and starts or reloads its
    machine's agent. The credential is good for that unit alone, and travels on stdin.
    """
    return load('reconciler.cli.commands.enrol:enrol')(**given)

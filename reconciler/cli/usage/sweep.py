"""`reconcile-health`: one sweep, one document on stdout; the talk goes to stderr."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import asking_options, fleet_options, selecting_options
from .printing import printing_options
from .sections import Sectioned
from .unattended import unattended_options
from .waiting import waiting_options


@click.command('sweep', Sectioned)
@selecting_options
@printing_options
@waiting_options
@unattended_options
@fleet_options
@asking_options
@click.option('--timing', is_flag=True, help='Say on stderr, at the end, where the time went.')
def sweep(**given: Any) -> Any:
    """Ask every unit of a Juju model how it is, and print what is wrong per service."""
    return load('reconciler.cli.commands.sweep:sweep')(**given)

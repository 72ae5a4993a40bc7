"""`reconcile-health explain`: why one service or unit is as it is, and what to do next."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import asking_options, history_option
from .completing import files, services
from .sections import Sectioned


@click.command('explain', Sectioned)
@click.argument('name', metavar='SERVICE|UNIT', shell_complete=services)
@click.option(
    '--saved',
    metavar='FILE',
    shell_complete=files,
    help='Explain a sweep that was saved with --format json, rather than ask; - is stdin.',
)
@history_option
@asking_options
def explain(**given: Any) -> Any:
    """Say why a service or a unit is as it is: rule, evidence, cause, and what to do next.

    The whole model is asked, as the cause may be anywhere in it. Where sweeps were recorded, it
    says what had changed before. The exit code is that of the
    service or unit.
    """
    return load('reconciler.cli.commands.explain:explain')(**given)

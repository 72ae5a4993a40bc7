"""`reconcile-health alerts`: try who is told of trouble."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .configured import config_option


@click.group('alerts')
def alerts() -> None:
    """Try the channels and routes of health.yaml."""


@alerts.command('test', short_help='Send a trial message, and its end.')
@click.argument('names', nargs=-1, metavar='[CHANNEL|ROUTE]...')
@click.option('--dry-run', is_flag=True, help='Print the message, and where it would go.')
@config_option
def test(**given: Any) -> Any:
    """Send a trial message and its end by the channels that are named, or those of a route.

    Without a name, by all of them. The message says that nothing is wrong.

    Exit codes: 0 every channel took both, 2 one did not, 3 there is none of that name.
    """
    return load('reconciler.cli.commands.alerts:test')(**given)

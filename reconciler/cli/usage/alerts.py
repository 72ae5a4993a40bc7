"""`reconcile-health alerts`: who is told of trouble, who was, and why nobody is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from reconciler.values.by_name import load

from .asking import history_option
from .configured import config_option
from .looking_back import looking_back

Command = TypeVar('Command', bound=Callable[..., Any])


def _since_option(default: str, told: str) -> Callable[[Command], Command]:
    shown = bool(default)
    return click.option('--since', default=default, metavar='TIME', show_default=shown, help=told)


@click.group('alerts')
def alerts() -> None:
    """Show who was told of what, and why nobody is; try the channels and routes of health.yaml.

    Sweeps that are recorded tell: `reconcile-health sweep --record`, or `schedule install`.
    """


@alerts.command('list', short_help='Show what is wrong: who was told, or why nobody is.')
@looking_back
def listing(**given: Any) -> Any:
    """Show each cause that is not over, of all models, and who was told of it, or why nobody is.

    Exit codes: 0 it was told, whatever is wrong, 3 it cannot be.
    """
    return load('reconciler.cli.commands.alerts:listing')(**given)


@alerts.command('explain', short_help='Show who was told of one thing, or why nobody is.')
@click.argument('name', metavar='APP|UNIT|MACHINE')
@_since_option('7d', 'Also what ended since then.')
@looking_back
def explain(**given: Any) -> Any:
    """Show who was told of a service, unit or machine, or why nobody is, and all that was said.

    Exit codes: 0 it was told, whatever is wrong, 3 it cannot be.
    """
    return load('reconciler.cli.commands.alerts:explain')(**given)


@alerts.command('log', short_help='Show each message: when, to whom, taken or not.')
@_since_option('24h', 'From when: a moment, or so long ago.')
@looking_back
def log(**given: Any) -> Any:
    """Show each message on each channel: for which cause, by which route, and what came of it.

    Exit codes: 0 it was told, 3 it cannot be.
    """
    return load('reconciler.cli.commands.alerts:log')(**given)


@alerts.command('test', short_help='Send a trial message, and its end.')
@click.argument('names', nargs=-1, metavar='[CHANNEL|ROUTE]...')
@click.option('--dry-run', is_flag=True, help='Print the message, and where it would go.')
@_since_option('', 'With --dry-run: what would have been sent of what was recorded since.')
@history_option
@config_option
def test(**given: Any) -> Any:
    """Send a trial message and its end by the channels that are named, or those of a route.

    Without a name, by all of them. The message says that nothing is wrong. With --dry-run and
    --since nothing is sent: what the routes would have told of all that was recorded is shown.

    Exit codes: 0 every channel took both, 2 one did not, 3 there is none of that name.
    """
    return load('reconciler.cli.commands.alerts:test')(**given)

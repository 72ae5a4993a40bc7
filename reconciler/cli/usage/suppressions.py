"""`reconcile-health suppressions`: what was said, listed or taken back."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .configured import config_option


@click.group('suppressions', invoke_without_command=True)
@click.pass_context
def suppressions(context: click.Context) -> None:
    """List what was said by `maintain` and `ack`, or clear it."""
    if context.invoked_subcommand is None:
        # As if it were typed, so that its options have what they have by default.
        with listing.make_context('list', [], parent=context) as own:
            listing.invoke(own)


@suppressions.command('list', short_help='List what was said.')
@click.option(
    '--format',
    'form',
    type=click.Choice(['table', 'json']),
    default='table',
    show_default=True,
    help='How to print it.',
)
@config_option
def listing(**given: Any) -> None:
    """List what was said; what ended is forgotten after a week.

    It is shared where health.yaml names the history's database; else it is this user's own.
    """
    load('reconciler.cli.commands.maintain:listing')(**given)


@suppressions.command('clear', short_help='Take back what was said.')
@click.argument('names', nargs=-1, required=True, metavar='ID|TARGET...')
@config_option
def clearing(**given: Any) -> None:
    """Take back what was said, by the number or the target that the list shows."""
    load('reconciler.cli.commands.maintain:clearing')(**given)

"""`reconcile-health suppressions`: what was said, listed or taken back."""

from __future__ import annotations

import click

from reconciler.values.by_name import load


@click.group('suppressions', invoke_without_command=True)
@click.pass_context
def suppressions(context: click.Context) -> None:
    """List what was said by `maintain` and `ack`, or clear it."""
    if context.invoked_subcommand is None:
        context.invoke(listing)


@suppressions.command('list', short_help='List what was said on this machine.')
@click.option(
    '--format',
    'form',
    type=click.Choice(['table', 'json']),
    default='table',
    show_default=True,
    help='How to print it.',
)
def listing(form: str = 'table') -> None:
    """List what was said on this machine; what ended is forgotten after a week."""
    load('reconciler.cli.commands.maintain:listing')(form)


@suppressions.command('clear', short_help='Take back what was said.')
@click.argument('names', nargs=-1, required=True, metavar='ID|TARGET...')
def clearing(names: tuple[str, ...]) -> None:
    """Take back what was said, by the number or the target that the list shows."""
    load('reconciler.cli.commands.maintain:clearing')(names)

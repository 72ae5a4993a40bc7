"""`reconcile-health help COMMAND`: the help of a command, as `COMMAND --help` shows it."""

from __future__ import annotations

import click

from charm.kernel.names import nearest
from reconciler.values.errors import UsageError

from ..options.output import print_document


def help_command(words: tuple[str, ...]) -> None:
    """Print the help of the command that the words lead to."""
    context = click.get_current_context().find_root()
    for word in words:
        group = context.command
        known = group.commands if isinstance(group, click.Group) else {}
        if word not in known:
            told = nearest(word, known, 'there are ') if known else '; it has no others in it'
            raise UsageError(f'cannot help with {" ".join(words)!r}: no such command{told}')
        context = click.Context(known[word], context, word)
    print_document(context.get_help())

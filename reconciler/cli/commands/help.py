"""`reconcile-health help COMMAND`: the help of a command, as `COMMAND --help` shows it."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from charm.kernel.names import nearest
from reconciler.values.errors import UsageError

from ..options.output import print_document


def _commands(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the commands in the group that the words before lead to."""
    group = context.find_root().command
    for word in context.params.get('words') or ():
        group = group.commands.get(word, group) if isinstance(group, click.Group) else group
    known = group.commands if isinstance(group, click.Group) else {}
    return [CompletionItem(name) for name in known if name.startswith(incomplete)]


@click.command('help', short_help='Show the help of a command.')
@click.argument('words', nargs=-1, metavar='[COMMAND]...', shell_complete=_commands)
def help_command(words: tuple[str, ...]) -> None:
    """Show the help of a command, such as `help explain` or `help config check`."""
    context = click.get_current_context().find_root()
    for word in words:
        group = context.command
        known = group.commands if isinstance(group, click.Group) else {}
        if word not in known:
            told = nearest(word, known, 'there are ') if known else '; it has no others in it'
            raise UsageError(f'cannot help with {" ".join(words)!r}: no such command{told}')
        context = click.Context(known[word], context, word)
    print_document(context.get_help())

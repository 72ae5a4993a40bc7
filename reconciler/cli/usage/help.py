"""`reconcile-health help COMMAND`: the help of a command, as `COMMAND --help` shows it."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from reconciler.values.by_name import load


def _commands(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the commands in the group that the words before lead to."""
    group = context.find_root().command
    for word in context.params.get('words') or ():
        group = group.commands.get(word, group) if isinstance(group, click.Group) else group
    known = group.commands if isinstance(group, click.Group) else {}
    return [CompletionItem(name) for name in known if name.startswith(incomplete)]


@click.command('help')
@click.argument('words', nargs=-1, metavar='[COMMAND]...', shell_complete=_commands)
def help_command(**given: Any) -> Any:
    """Show the help of a command, such as `help explain` or `help config check`."""
    return load('reconciler.cli.commands.help:help_command')(**given)

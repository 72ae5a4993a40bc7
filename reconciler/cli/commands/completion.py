"""`reconcile-health completion SHELL`: the script that completes our words there."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ..options.output import print_document
from ..options.sections import Sectioned

SHELLS = ('bash', 'zsh', 'fish')
# What click looks for when the shell asks it for words; made of the program's name.
_VARIABLE = '_RECONCILE_HEALTH_COMPLETE'


@click.command('completion', Sectioned, short_help='Print the completion script for a shell.')
@click.argument('shell', type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print the script that completes our words in a shell.

    In bash: eval "$(reconcile-health completion bash)" in ~/.bashrc; zsh likewise in ~/.zshrc. In
    fish: reconcile-health completion fish > ~/.config/fish/completions/reconcile-health.fish
    """
    kind = get_completion_class(shell)
    if kind is None:  # click knows them all
        raise click.UsageError(f'cannot complete in {shell}')
    context = click.get_current_context()
    group = context.parent.command if context.parent else context.command
    print_document(kind(group, {}, 'reconcile-health', _VARIABLE).source())
    return 0

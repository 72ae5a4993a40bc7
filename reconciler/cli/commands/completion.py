"""`reconcile-health completion SHELL`: the script that completes our words there."""

from __future__ import annotations

import click
from click.shell_completion import (
    get_completion_class,
)

from ..options.output import print_document

# What click looks for when the shell asks it for words; made of the program's name.
_VARIABLE = '_RECONCILE_HEALTH_COMPLETE'


def completion(shell: str) -> int:
    """Print the script for a shell, and return 0."""
    kind = get_completion_class(shell)
    if kind is None:  # click knows them all
        raise click.UsageError(f'cannot complete in {shell}')
    context = click.get_current_context()
    group = context.parent.command if context.parent else context.command
    print_document(kind(group, {}, 'reconcile-health', _VARIABLE).source())
    return 0

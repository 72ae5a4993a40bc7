"""`reconcile-health completion SHELL`: the script that completes our words there."""

from __future__ import annotations

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
)

from ..options.output import print_document
from ..options.sections import Sectioned


class _Bash(BashComplete):
    """Completion where bash splits words at colons, as it does unless it was told otherwise.

    `lab:pr` comes as three words, and what is offered takes the place of the last one.
    """

    _begin = ''

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the whole words before the one that is incomplete, and that one."""
        split, last = super().get_completion_args()
        words: list[str] = []
        for word in [*split, last]:
            glued = words and word and (word == ':' or words[-1].endswith(':'))
            words[-1:] = [words[-1] + word] if glued else [*words[-1:], word]
        *before, incomplete = words
        if incomplete != last or last == ':':
            self._begin = incomplete[: incomplete.rindex(':') + 1]
        return before, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """Return what the script takes, without what bash leaves as it is."""
        return f'{item.type},{item.value.removeprefix(self._begin)}'


# As click finds it by its name.
add_completion_class(_Bash, 'bash')
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

"""`reconcile-health completion SHELL`: the script that completes our words there."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .sections import Sectioned

SHELLS = ('bash', 'zsh', 'fish')


@click.command('completion', Sectioned)
@click.argument('shell', type=click.Choice(SHELLS))
def completion(**given: Any) -> Any:
    """Print the script that completes our words in a shell.

    In bash: eval "$(reconcile-health completion bash)" in ~/.bashrc; zsh likewise in ~/.zshrc. In
    fish: reconcile-health completion fish > ~/.config/fish/completions/reconcile-health.fish
    """
    return load('reconciler.cli.commands.completion:completion')(**given)

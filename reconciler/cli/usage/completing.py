"""What a shell is offered for a word; what the words are is looked up when a shell asks."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from reconciler.values.by_name import load

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _looked_up(name: str) -> Completer:
    """Return what click calls for a word that is `incomplete`: the completer of that name."""

    def complete(
        context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        offered: list[CompletionItem] = load(name)(context, parameter, incomplete)
        return offered

    return complete


units = _looked_up('reconciler.cli.options.completing:units')
services = _looked_up('reconciler.cli.options.completing:services')
targets = _looked_up('reconciler.cli.options.completing:targets')
models = _looked_up('reconciler.cli.options.completing:models')
controllers = _looked_up('reconciler.cli.options.completing:controllers')
checks = _looked_up('reconciler.cli.options.completing:checks')


def files(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Have the shell offer names of files."""
    return [CompletionItem(incomplete, type='file')]

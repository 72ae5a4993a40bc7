"""`reconcile-health diff OLD NEW`: what changed between two saved sweeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.values.by_name import load

from .printing import format_option, output_option
from .sections import Sectioned


@click.command('diff', Sectioned)
@click.argument('old', type=click.Path(dir_okay=False, allow_dash=True))
@click.argument('new', type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    '--in',
    'directory',
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help='Take OLD and NEW as times: the last sweep in this directory that began by then.',
)
@format_option(('table', 'json'))
@output_option
def diff(**given: Any) -> Any:
    """Compare two saved sweeps: OLD and NEW are files of `--format json`; one may be -, stdin.

    With --in they are times, such as `2026-11-25 18:00`, `1h` for an hour ago, or `now`.

    Exit codes: 0 nothing changed, 1 something changed and nothing is worse, 2 something is worse,
    3 they cannot be compared.
    """
    return load('reconciler.cli.commands.diff:diff')(**given)

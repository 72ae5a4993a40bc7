"""`reconcile-health diff OLD NEW`: what changed between two saved sweeps."""

from __future__ import annotations

import click

from reconciler.diff import diff as compare
from reconciler.render.changes import CHANGES

from .output import write_document
from .printing import format_option, output_option, view
from .saved import read_saved

SAME, CHANGED, WORSE = 0, 1, 2


@click.command('diff', short_help='Say what changed between two saved sweeps.')
@click.argument('old', type=click.Path(dir_okay=False, allow_dash=True))
@click.argument('new', type=click.Path(dir_okay=False, allow_dash=True))
@format_option(CHANGES)
@output_option
def diff(old: str, new: str, form: str, output: str) -> int:
    """Compare two saved sweeps: OLD and NEW are files of `--format json`; one may be -, stdin.

    Exit codes: 0 nothing changed, 1 something changed and nothing is worse, 2 something is worse,
    3 they cannot be compared.
    """
    found = compare(read_saved(old), read_saved(new))
    write_document(CHANGES[form](found, view(output)), output)
    if found.worse:
        return WORSE
    return CHANGED if found.changes else SAME

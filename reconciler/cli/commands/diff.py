"""`reconcile-health diff OLD NEW`: what changed between two saved sweeps."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click

from reconciler.render.people.changes import CHANGES
from reconciler.saved.diff import diff as compare

from ..options.output import write_document
from ..options.printing import format_option, output_option, view
from ..options.saved import read_at, read_saved
from ..options.sections import Sectioned

SAME, CHANGED, WORSE = 0, 1, 2


@click.command('diff', Sectioned, short_help='Say what changed between two saved sweeps.')
@click.argument('old', type=click.Path(dir_okay=False, allow_dash=True))
@click.argument('new', type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    '--in',
    'directory',
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help='Take OLD and NEW as times: the last sweep in this directory that began by then.',
)
@format_option(CHANGES)
@output_option
def diff(old: str, new: str, directory: Path | None, form: str, output: str) -> int:
    """Compare two saved sweeps: OLD and NEW are files of `--format json`; one may be -, stdin.

    With --in they are times, such as `2026-11-25 18:00`, `1h` for an hour ago, or `now`.

    Exit codes: 0 nothing changed, 1 something changed and nothing is worse, 2 something is worse,
    3 they cannot be compared.
    """
    if directory is None:
        found = compare(read_saved(old), read_saved(new))
    else:
        now = datetime.now(timezone.utc)
        found = compare(read_at(directory, old, now), read_at(directory, new, now))
    write_document(CHANGES[form](found, view(output)), output)
    if found.worse:
        return WORSE
    return CHANGED if found.changes else SAME

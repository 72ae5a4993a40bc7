"""`reconcile-health replay`: what a sweep found or would have found, from what was saved."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from charm.kernel.fields import parse_time
from reconciler.saved import status_document
from reconciler.saved.replay import SavedSweep, find
from reconciler.saved.replay import replay as conclude
from reconciler.saved.sweep_document import decode_any
from reconciler.sweeps.fleet import Fleet
from reconciler.values.errors import SavedError, UsageError
from reconciler.values.readings import Snapshot

from ..options.completing import files
from ..options.config_option import config_option
from ..options.durations import Duration, duration_option
from ..options.printing import PrintOptions, printing_options
from ..options.saved import read_bytes
from ..options.sections import Sectioned
from ..options.told import told_by

# Longer than any archive is kept, and no more than what dates can tell of.
_CENTURY = 36500 * 86400.0


def _moment(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        reason = f'{text!r} is no time: write such as 2026-11-23T08:00:00Z'
        raise click.BadParameter(reason) from error


@click.command('replay', Sectioned, short_help='Show a saved sweep, or a support archive.')
@click.argument('paths', nargs=-1, metavar='[PATH]...', shell_complete=files)
@click.option(
    '--status',
    'status_file',
    metavar='FILE',
    shell_complete=files,
    help='The saved `juju status`, JSON or YAML; else it is looked for in the paths.',
)
@click.option(
    '--reports',
    multiple=True,
    metavar='DIR',
    shell_complete=files,
    help='Where saved reports are; may be repeated.',
)
@click.option(
    '-m', '--model', default='', metavar='MODEL', help='Which model, where the paths hold several.'
)
@click.option(
    '--select',
    'patterns',
    multiple=True,
    metavar='APP|UNIT|MACHINE|GLOB',
    help='Only these; may be repeated.',
)
@click.option('--unit', 'units', multiple=True, metavar='UNIT', help='Show every check of a unit.')
@click.option(
    '--at',
    type=_moment,
    metavar='TIME',
    help='When it was saved; else the newest time in it. Ages are told against this.',
)
@duration_option(
    '--max-age', Duration(0, _CENTURY), 900, 'A report that was older then tells nothing.'
)
@printing_options
@config_option
def replay(
    paths: tuple[str, ...],
    reports: tuple[str, ...],
    patterns: tuple[str, ...],
    units: tuple[str, ...],
    **given: Any,
) -> int:
    """Show what the operator saw: from a saved sweep, or from a support archive.

    PATH is a sweep saved with `--format json` or a `juju status`, where - is stdin, or directories
    of juju-crashdump or sosreport. Conclusions are drawn from an archive as a sweep draws them.
    """
    printing = told_by(PrintOptions, given)
    places = [*paths, *reports]
    if not places and not given['status_file']:
        raise UsageError('cannot replay nothing: name a saved sweep, or directories')
    chosen = [*patterns, *units]
    alone = len(paths) == 1 and not reports and not given['status_file']
    saved = _saved(paths[0]) if alone else None
    if isinstance(saved, Snapshot | Fleet):
        if chosen:
            raise UsageError('cannot select from a saved sweep: what it shows is concluded')
        ended = saved.started_at + timedelta(seconds=saved.duration_seconds)
        return printing.show(saved, at=ended)
    status_file = Path(given['status_file']) if given['status_file'] else None
    found = saved or find([Path(place) for place in places], status_file, given['model'])
    at = given['at'] or found.taken_at()
    snapshot = conclude(found, chosen, at, given['max_age'], given['config'])
    return printing.show(snapshot, unit_detail=bool(units), at=at)


def _saved(place: str) -> Snapshot | Fleet | SavedSweep | None:
    """Return the sweep in the file, or the model of a status document; `None` for a directory."""
    if place != '-' and Path(place).is_dir():
        return None
    data = read_bytes(place)
    try:
        return decode_any(data)
    except SavedError as error:
        # A status document has no schema; anything that has one was meant as a sweep.
        in_json = data.lstrip()[:1] == b'{'
        # One with a log's lines before it or after it is no JSON as a whole.
        if not in_json or (error.path in ('', 'schema') and b'"applications"' in data):
            return SavedSweep(status_document.decode(data, place), {})
        raise SavedError(error.path, error.reason, place) from error

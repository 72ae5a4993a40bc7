"""`reconcile-health replay`: what a sweep found or would have found, from what was saved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler.saved import status_document
from reconciler.saved.replay import SavedSweep, find
from reconciler.saved.replay import replay as conclude
from reconciler.saved.sweep_document import decode_any
from reconciler.sweeps.fleet import Fleet
from reconciler.values.errors import SavedError, UsageError
from reconciler.values.readings import Snapshot

from ..options.printing import PrintOptions
from ..options.saved import read_bytes
from ..options.told import told_by


def replay(
    paths: tuple[str, ...],
    reports: tuple[str, ...],
    patterns: tuple[str, ...],
    units: tuple[str, ...],
    **given: Any,
) -> int:
    """Print what was saved, concluded where it is an archive, and return its exit code."""
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

"""`reconcile-health diff OLD NEW`: what changed between two saved sweeps."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from reconciler.render.people.changes import CHANGES
from reconciler.saved.diff import diff as compare

from ..options.output import write_document
from ..options.printing import view
from ..options.saved import read_at, read_saved

SAME, CHANGED, WORSE = 0, 1, 2


def diff(old: str, new: str, directory: Path | None, form: str, output: str) -> int:
    """Print what changed between two sweeps, and return the exit code that tells of it."""
    if directory is None:
        found = compare(read_saved(old), read_saved(new))
    else:
        now = datetime.now(timezone.utc)
        found = compare(read_at(directory, old, now), read_at(directory, new, now))
    write_document(CHANGES[form](found, view(output)), output)
    if found.worse:
        return WORSE
    return CHANGED if found.changes else SAME

"""Seeing whether applications were configured anew: seldom, and where juju lets us."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.juju.command import Juju
from reconciler.values.by_name import load
from reconciler.values.errors import JujuError
from reconciler.values.paths import state_directory

if TYPE_CHECKING:
    from reconciler.history.changes import Change
    from reconciler.history.database import Database
    from reconciler.history.record import Recorded

# Juju makes a bundle of the whole model for it.
_EVERY_SECONDS = 3600.0
# What has just broken is worth asking what was done to it; while it goes on breaking, less.
_AFTER_TROUBLE_SECONDS = 300.0
_SECONDS = 15.0


def with_configurations(
    database: Database, juju: Juju, uuid: str, recorded: Recorded, until: Deadline
) -> Recorded:
    """Return what was recorded, with which applications were configured anew; see `docs/history`.

    Juju is asked once an hour, and where something has got worse. A user who may not, or a
    controller that does not answer, costs that change alone.

    Raises:
        HistoryError: it cannot be written.
    """
    asked = state_directory() / 'history' / 'configurations' / quote(uuid, safe='')
    if not _is_due(asked, recorded):
        return recorded
    try:
        asked.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        asked.touch(mode=0o600)
    except OSError:
        # Where it cannot be told when it was asked last, it would be asked each time.
        return recorded
    try:
        bundle = juju.bundle(until.within(_SECONDS))
        found = load('reconciler.history.configuration:digests')(bundle, uuid)
    except JujuError:
        return recorded
    keep = load('reconciler.history.configuration:keep_configurations')
    changes: tuple[Change, ...] = keep(database, recorded.model_id, found, recorded.at, until)
    return replace(recorded, changes=(*recorded.changes, *changes))


def _is_due(asked: Path, recorded: Recorded) -> bool:
    try:
        age = time.time() - asked.stat().st_mtime
    except OSError:
        return True
    worse = any(flip.after.rank > (flip.before or Health.PASSED).rank for flip in recorded.flips)
    wait = _AFTER_TROUBLE_SECONDS if worse else _EVERY_SECONDS
    return not 0 <= age < wait

"""Saved sweeps, as commands take them: a file, or stdin."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import datetime, timezone
from pathlib import Path

import click

from charm.kernel.fields import parse_time
from reconciler.saved import status_document
from reconciler.saved.limits import MAX_BYTES
from reconciler.saved.status_age import dated
from reconciler.values.by_name import load
from reconciler.values.errors import SavedError, UsageError
from reconciler.values.model import Model
from reconciler.values.readings import Snapshot

from .span import moment_of


def read_at(directory: Path, time: str, now: datetime) -> Snapshot:
    """Return the last of the sweeps saved in the directory that began by then.

    Args:
        directory: its files `*.json` are saved sweeps; others of them are passed over.
        time: a moment, a duration for so long ago, or `now`.
        now: what is now (UTC).

    Raises:
        UsageError: it is no time, the directory cannot be read, or no sweep began by then.
        SavedError: the sweep cannot be read.
    """
    until = moment_of(time, now)
    try:
        names = sorted(directory.glob('*.json'))
        began = {path: _began(path) for path in names}
    except OSError as error:
        raise UsageError(f'cannot read {directory}: {error.strerror}') from error
    known = {path: moment for path, moment in began.items() if moment is not None}
    early = {path: moment for path, moment in known.items() if moment <= until}
    if not early:
        first = min(known.values(), default=None)
        rest = f'the first began at {first:%Y-%m-%d %H:%M:%SZ}' if first else 'it holds none'
        raise UsageError(f'cannot find a sweep in {directory} from {time} or before: {rest}')
    return read_saved(str(max(early, key=lambda path: early[path])))


def _began(path: Path) -> datetime | None:
    """Return when the sweep in the file began; `None` if that is no saved sweep."""
    try:
        document = json.loads(read_bytes(str(path)))
        return parse_time(document['started_at'])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def read_bytes(name: str) -> bytes:
    """Return what is in the file, no more of it than a saved sweep may be; `-` is stdin.

    Raises:
        UsageError: it cannot be read.
    """
    if name == '-' and sys.stdin is None:
        raise UsageError('cannot read -: stdin is closed')
    try:
        with click.open_file(name, 'rb') as file:
            return bytes(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise UsageError(f'cannot read {name}: {error.strerror or error}') from error


def read_status(name: str) -> Model:
    """Return the model of the `juju status` that the file holds, JSON or YAML; `-` is stdin.

    Raises:
        UsageError: it cannot be read.
        StatusError: it is none; the error names the file.
    """
    return status_document.decode(read_bytes(name), name)


def read_dated_status(name: str, max_age_seconds: float) -> Model:
    """Return the model that the file holds, with its age told; what comes by a pipe has none.

    Raises:
        UsageError: it cannot be read.
        StatusError: it is none; the error names the file.
    """
    model = read_status(name)
    # As `--status - < status.json` has one, too.
    file = os.fstat(0) if name == '-' else os.stat(name)
    if not stat.S_ISREG(file.st_mode):
        return model
    written_at = datetime.fromtimestamp(file.st_mtime, timezone.utc)
    return dated(model, name, written_at, datetime.now(timezone.utc), max_age_seconds)


def read_saved(name: str) -> Snapshot:
    """Return the sweep that the file holds.

    Raises:
        UsageError: it cannot be read.
        SavedError: it is no saved sweep; the error names the file.
    """
    try:
        snapshot: Snapshot = load('reconciler.saved.sweep_document:decode')(read_bytes(name))
        return snapshot
    except SavedError as error:
        raise SavedError(error.path, error.reason, name) from error

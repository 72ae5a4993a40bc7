"""Saved sweeps, as commands take them: a file, or stdin."""

from __future__ import annotations

import sys
from pathlib import Path

from reconciler.errors import SavedError, UsageError
from reconciler.readings import Snapshot
from reconciler.saved import MAX_BYTES, decode


def read_bytes(name: str) -> bytes:
    """Return what is in the file, no more of it than a saved sweep may be; `-` is stdin.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        if name == '-':
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(name).open('rb') as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f'cannot read {name}: {error.strerror or error}') from error


def read_saved(name: str) -> Snapshot:
    """Return the sweep that the file holds.

    Raises:
        UsageError: it cannot be read.
        SavedError: it is no saved sweep; the error names the file.
    """
    try:
        return decode(read_bytes(name))
    except SavedError as error:
        raise SavedError(error.path, error.reason, name) from error

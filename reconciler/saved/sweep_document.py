"""Saved sweeps as JSON documents: written, and read back.

`schema` has the keys, `writing` and `conversion` go between them and the values, and `validation`
refuses what is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..sweeps.fleet import Fleet
from ..values.errors import SavedError
from ..values.readings import Snapshot
from . import validation, writing
from .limits import MAX_BYTES


def to_document(sweep: Snapshot | Fleet) -> dict[str, Any]:
    """Return the sweep of one model, or of several, as JSON values."""
    return opened(sweep).whole()


def opened(sweep: Snapshot | Fleet) -> writing.Opened:
    """Return the same, its models, services and units to be made one by one."""
    return writing.opened(sweep)


def json_pieces(sweep: Snapshot | Fleet) -> Iterator[str]:
    """Yield the same as indented JSON, a unit at a time: no more of it need be in memory."""
    yield from writing.json_pieces(writing.opened(sweep))
    yield '\n'


def decode(data: bytes) -> Snapshot:
    """Return the snapshot that one saved JSON document holds; several models come merged.

    Raises:
        SavedError: it is not such a document; the error names the path and the reason.
    """
    sweep = decode_any(data)
    return sweep.merged() if isinstance(sweep, Fleet) else sweep


def decode_any(data: bytes) -> Snapshot | Fleet:
    """Return what one saved JSON document holds, of one model or of several.

    Raises:
        SavedError: as for `decode`.
    """
    if len(data) > MAX_BYTES:
        raise SavedError('', f'{len(data)} bytes, the limit is {MAX_BYTES}')
    document = validation.load(data)
    models = document.get('models')
    if not isinstance(models, dict):
        return validation.snapshot(document)
    # One by one, so that what is wrong tells in which model.
    snapshots = {
        name: validation.snapshot(model, f'models.{name}') for name, model in models.items()
    }
    return validation.fleet({**document, 'models': {}}, snapshots)

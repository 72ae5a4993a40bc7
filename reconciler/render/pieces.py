"""Any format in pieces: of large models those that hold every check come a unit at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.sweeps.fleet import Fleet
from reconciler.values.by_name import ByName, load
from reconciler.values.readings import Snapshot

from . import RENDERERS
from .options import RenderOptions

_PIECES = ByName[Callable[[Snapshot], Iterable[str]]](
    {
        'json': 'reconciler.saved.sweep_document:json_pieces',
        'jsonl': 'reconciler.render.programs.document:jsonl_pieces',
    }
)


def pieces(found: Snapshot | Fleet, form: str, options: RenderOptions) -> Iterable[str]:
    """Return what was found in a format, a key of `RENDERERS`."""
    if isinstance(found, Fleet):
        told: Iterable[str] = load('reconciler.render.people.fleet:pieces')(found, form, options)
        return told
    return _PIECES[form](found) if form in _PIECES else (RENDERERS[form](found, options),)

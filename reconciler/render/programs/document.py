"""The documents for programs: JSON and JSON lines; `document_yaml` has the same values.

`sweep.schema.json` describes the JSON, `docs/outputs.md` explains it, `saved` has its keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reconciler.saved.sweep_document import json_pieces, opened
from reconciler.saved.writing import Opened
from reconciler.sweeps.fleet import Fleet
from reconciler.values.readings import Snapshot

from ..options import RenderOptions


def render_json(sweep: Snapshot | Fleet, options: RenderOptions) -> str:
    """Return one JSON object, indented."""
    return ''.join(json_pieces(sweep))


def render_jsonl(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return one JSON object per line: the sweep, then its services, then their units.

    Each line says what it is under `kind`: sweep, service or unit.
    """
    return ''.join(jsonl_pieces(snapshot))


def jsonl_pieces(snapshot: Snapshot) -> Iterator[str]:
    """Yield the same, a line at a time."""
    for line in lines(opened(snapshot)):
        yield json.dumps(line, allow_nan=False) + '\n'


def lines(document: Opened) -> Iterator[dict[str, Any]]:
    """Yield the sweep, then its services, then their units; `kind` says which."""
    yield {'kind': 'sweep', **document.head}
    for name, service in document.items:
        yield {'kind': 'service', **service.head}
        for _, unit in service.items:
            yield {'kind': 'unit', 'service': name, **unit}

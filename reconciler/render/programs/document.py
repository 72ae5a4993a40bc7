"""The documents for programs: JSON, JSON lines and YAML of the same values.

`sweep.schema.json` describes the JSON, `docs/outputs.md` explains it, `saved` has its keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

from reconciler.saved.sweep_document import json_pieces, opened, to_document
from reconciler.sweeps.fleet import Fleet
from reconciler.values.readings import Snapshot

from ..base import RenderOptions

if TYPE_CHECKING:
    from reconciler.saved.writing import Opened

# The same text in half the time, where PyYAML was built with it.
_DUMPER = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)


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


def render_yaml(sweep: Snapshot | Fleet, options: RenderOptions) -> str:
    """Return the JSON document as YAML, in ASCII as the JSON is: nothing can reorder a line."""
    document = to_document(sweep)
    try:
        text: str = yaml.dump(document, Dumper=_DUMPER, sort_keys=False)
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can say, and YAML cannot.
        sound = json.loads(json.dumps(document, ensure_ascii=False).encode(errors='replace'))
        text = yaml.dump(sound, Dumper=_DUMPER, sort_keys=False)
    return text

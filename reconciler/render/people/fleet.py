"""Several models in one document, in every format.

Programs get each model's own document under its name; people, and formats with one verdict, get
the merged snapshot, in which each name begins with its model's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from charm.kernel.fields import format_time
from reconciler.sweeps.fleet import Fleet

from .. import RENDERERS
from ..base import RenderOptions
from ..programs import document, openmetrics
from ..programs.document import to_document
from ..programs.metrics import Family, families

SCHEMA_VERSION = document.SCHEMA_VERSION


def render(fleet: Fleet, form: str, options: RenderOptions) -> str:
    """Return the fleet in a format, a key of `RENDERERS`."""
    own = _OWN.get(form)
    return own(fleet) if own else RENDERERS[form](fleet.merged(), options)


def to_json(fleet: Fleet) -> dict[str, Any]:
    """Return the fleet as JSON values; `fleet.schema.json` describes them."""
    merged = to_document(fleet.merged())
    return {
        'schema': SCHEMA_VERSION,
        'health': fleet.health.value,
        'complete': fleet.complete,
        'started_at': format_time(fleet.started_at),
        'duration': round(fleet.duration_seconds, 3),
        'faults': list(fleet.faults),
        'causes': merged['causes'],
        'models': {name: to_document(one) for name, one in fleet.snapshots.items()},
    }


def _json(fleet: Fleet) -> str:
    return json.dumps(to_json(fleet), indent=2, allow_nan=False) + '\n'


def _yaml(fleet: Fleet) -> str:
    return document.as_yaml(to_json(fleet))


def _jsonl(fleet: Fleet) -> str:
    return ''.join(json.dumps(line, allow_nan=False) + '\n' for line in _lines(fleet))


def _lines(fleet: Fleet) -> Iterator[dict[str, Any]]:
    top = to_json(fleet)
    models = top.pop('models')
    yield {'kind': 'fleet', **top, 'models': list(models)}
    for name, found in models.items():
        for line in document.lines(found):
            about = {'in': line['model']} if line['kind'] == 'sweep' else {}
            yield {**line, **about, 'model': name}


def _families(fleet: Fleet) -> list[Family]:
    """Return the families of all models, each once; a series' labels tell the models apart."""
    found: dict[str, Family] = {}
    for snapshot in fleet.snapshots.values():
        for family in families(snapshot):
            known = found.setdefault(family.name, family)
            known.samples.update({**family.samples, **known.samples})
    return list(found.values())


_OWN: Mapping[str, Callable[[Fleet], str]] = {
    'json': _json,
    'jsonl': _jsonl,
    'yaml': _yaml,
    'openmetrics': lambda fleet: openmetrics.text_of(_families(fleet), 'openmetrics'),
    'textfile': lambda fleet: openmetrics.text_of(_families(fleet), 'textfile'),
}

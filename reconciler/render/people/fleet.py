"""Several models in one document, in every format.

Programs get each model's own document under its name; people, and formats with one verdict, get
the merged snapshot, in which each name begins with its model's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.saved.sweep_document import to_document
from reconciler.sweeps.fleet import Fleet

from .. import RENDERERS
from ..base import RenderOptions
from ..programs import document, openmetrics
from ..programs.metrics import Family, families


def render(fleet: Fleet, form: str, options: RenderOptions) -> str:
    """Return the fleet in a format, a key of `RENDERERS`."""
    own = _OWN.get(form)
    return own(fleet, options) if own else RENDERERS[form](fleet.merged(), options)


def _jsonl(fleet: Fleet, options: RenderOptions) -> str:
    return ''.join(json.dumps(line, allow_nan=False) + '\n' for line in _lines(fleet))


def _lines(fleet: Fleet) -> Iterator[dict[str, Any]]:
    top = to_document(fleet)
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


_OWN: Mapping[str, Callable[[Fleet, RenderOptions], str]] = {
    'json': document.render_json,
    'jsonl': _jsonl,
    'yaml': document.render_yaml,
    'openmetrics': lambda fleet, _: openmetrics.text_of(_families(fleet), 'openmetrics'),
    'textfile': lambda fleet, _: openmetrics.text_of(_families(fleet), 'textfile'),
}

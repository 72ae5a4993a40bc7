"""Several models in one document, in every format.

Programs get each model's own document under its name; people, and formats with one verdict, get
the merged snapshot, in which each name begins with its model's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.saved.sweep_document import json_pieces, opened
from reconciler.sweeps.fleet import Fleet

from .. import RENDERERS
from ..options import RenderOptions
from ..programs import document, document_yaml, openmetrics
from ..programs.metrics import Family, families


def render(fleet: Fleet, form: str, options: RenderOptions) -> str:
    """Return the fleet in a format, a key of `RENDERERS`."""
    own = _OWN.get(form)
    return own(fleet, options) if own else RENDERERS[form](fleet.merged(), options)


def pieces(fleet: Fleet, form: str, options: RenderOptions) -> Iterable[str]:
    """Return the fleet in a format; those that hold every check come a unit at a time."""
    if form == 'json':
        return json_pieces(fleet)
    return _jsonl(fleet) if form == 'jsonl' else (render(fleet, form, options),)


def _jsonl(fleet: Fleet) -> Iterator[str]:
    return (json.dumps(line, allow_nan=False) + '\n' for line in _lines(fleet))


def _lines(fleet: Fleet) -> Iterator[dict[str, Any]]:
    top = opened(fleet)
    yield {'kind': 'fleet', **top.head, 'models': list(fleet.snapshots)}
    for name, found in top.items:
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
    'jsonl': lambda fleet, _: ''.join(_jsonl(fleet)),
    'yaml': document_yaml.render,
    'openmetrics': lambda fleet, _: openmetrics.text_of(_families(fleet), 'openmetrics'),
    'textfile': lambda fleet, _: openmetrics.text_of(_families(fleet), 'textfile'),
}

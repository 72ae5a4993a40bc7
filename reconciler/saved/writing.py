"""From a sweep's values to its document, part by part, so that it need never be there as a whole.

What has the same name in both goes over by itself; `conversion` is the way back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any

import msgspec

from charm.kernel import report_json
from charm.kernel.fields import format_time
from charm.kernel.report import Report, State

from ..sweeps.fleet import Fleet
from ..values import readings as values
from ..values.advice import Advice
from ..values.model import Model
from ..values.node import Node
from ..values.readings import Reading, ServiceHealth, Snapshot
from . import schema

DOCUMENTS: Mapping[type[Any], type[Any]] = {
    Model: schema.ModelDocument,
    Snapshot: schema.SweepDocument,
    ServiceHealth: schema.ServiceDocument,
    Reading: schema.UnitDocument,
    State: schema.StateDocument,
    values.Blame: schema.BlameDocument,
    values.Cause: schema.CauseDocument,
    values.Coverage: schema.CoverageDocument,
    values.JujuWord: schema.JujuDocument,
    values.Suppression: schema.SuppressionDocument,
    values.ViewHealth: schema.ViewDocument,
}
# The keys of fields that are called otherwise.
KEYS = {'readings': 'units', 'duration_seconds': 'duration', 'age_seconds': 'age'}
# Where that is which is no field of its own.
_PLACES: Mapping[tuple[type[Any], str], str] = {
    **{(Reading, key): f'unit.{key}' for key in ('machine', 'principal', 'leader')},
    (Reading, 'unit'): 'unit.name',
    (values.Cause, 'name'): 'node',
    (values.Cause, 'kind'): 'node.kind',
}
# What is no part of a head; see `Opened`.
_LAST = ('models', 'services', 'units')
# How a value is written that is no part with keys of its own.
_WRITERS: Mapping[type[Any], Callable[[Any], Any]] = {
    datetime: format_time,
    Report: report_json.to_json,
    Advice: str,
    Node: str,
}
_PLAIN = frozenset({str, int, bool, type(None)})


@dataclass(frozen=True)
class Opened:
    """A document but for its last key, whose items are made as they are asked for.

    Attributes:
        head: all other keys, in order.
        key: the last key: `models`, `services` or `units`.
        items: what stands under it, each with its name: one that is opened too, or a whole unit.
            They can be had once.
        named: it holds an object, by the items' names; else a list.
    """

    head: dict[str, Any]
    key: str
    items: Iterator[tuple[str, Any]]
    named: bool = False

    def whole(self) -> dict[str, Any]:
        """Return the document as one."""
        found = (
            (name, one.whole() if isinstance(one, Opened) else one) for name, one in self.items
        )
        return {**self.head, self.key: dict(found) if self.named else [one for _, one in found]}


def json_pieces(document: Opened | dict[str, Any], line: str = '\n') -> Iterator[str]:
    """Yield a document as JSON, indented, in pieces of a unit each; `line` begins a line of it."""
    if isinstance(document, dict):
        yield _indented(document, line)
        return
    yield _indented(document.head, line).removesuffix(f'{line}}}')
    opening, closing = '{}' if document.named else '[]'
    yield f',{line}  "{document.key}": {opening}'
    between, end = f'{line}    ', ''
    for name, item in document.items:
        yield f'{between}{json.dumps(name)}: ' if document.named else between
        yield from json_pieces(item, f'{line}    ')
        between, end = f',{line}    ', f'{line}  '
    yield f'{end}{closing}{line}}}'


def _indented(document: dict[str, Any], line: str) -> str:
    try:
        # In a fifth of the time that `json` takes, which makes it ASCII as well.
        text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode('ascii')
    except (UnicodeError, OverflowError):
        text = json.dumps(document, allow_nan=False, indent=2)
    return text.replace('\x7f', r'\u007f').replace('\n', line)


def opened(sweep: Snapshot | Fleet) -> Opened:
    """Return the document of one model, or of several."""
    if isinstance(sweep, Fleet):
        sweeps = ((name, opened(one)) for name, one in sweep.snapshots.items())
        return Opened(_head_of_fleet(sweep), 'models', sweeps, named=True)
    services = ((one.name, _opened_service(one)) for one in sweep.services)
    return Opened({'schema': schema.SCHEMA_VERSION, **_told(sweep)}, 'services', services)


def _head_of_fleet(fleet: Fleet) -> dict[str, Any]:
    return {
        'schema': schema.SCHEMA_VERSION,
        'health': fleet.health.value,
        'complete': fleet.complete,
        'started_at': format_time(fleet.started_at),
        'duration': _told(fleet.duration_seconds),
        'faults': _told(fleet.faults),
        'notes': _told(fleet.notes),
        'causes': _told(fleet.merged().causes),
    }


def _opened_service(service: ServiceHealth) -> Opened:
    units = ((reading.unit.name, _told(reading)) for reading in service.readings)
    return Opened(_told(service), 'units', units)


def _readers(kind: type[Any], document: type[Any]) -> list[tuple[str, Callable[[Any], Any]]]:
    """Return how each key of a document's head is had of its value."""
    own = {KEYS.get(field.name, field.name): field.name for field in fields(kind)}
    places = {key: _PLACES.get((kind, key), own.get(key)) for key in document.__struct_fields__}
    return [
        (key, attrgetter(place)) for key, place in places.items() if place and key not in _LAST
    ]


_KEPT = {kind: _readers(kind, document) for kind, document in DOCUMENTS.items()}


def _told(value: Any, key: str = '') -> Any:
    """Return a value as the document has it under this key; of what has a last key the head."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind in _KEPT:
        told = {
            key: held if type(held := read(value)) in _PLAIN else _told(held, key)
            for key, read in _KEPT[kind]
        }
        return _without_owner(told) if kind is Model else told
    if isinstance(value, tuple):
        return [_told(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if key == 'qos' else round(value, 3)
    return _WRITERS[kind](value) if kind in _WRITERS else value


def _without_owner(model: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a model: whose it is only where it was asked for by that."""
    return {key: told for key, told in model.items() if key != 'owner' or told}

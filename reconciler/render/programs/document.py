"""The documents for programs: JSON, JSON lines and YAML of the same values.

`sweep.schema.json` describes the JSON, `docs/outputs.md` explains it, `saved` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from charm.kernel import wire
from charm.kernel.fields import format_time
from charm.kernel.report import State
from reconciler.values.model import Model
from reconciler.values.readings import (
    Blame,
    Cause,
    JujuWord,
    Reading,
    ServiceHealth,
    Snapshot,
    Suppression,
    ViewHealth,
)

from ..base import RenderOptions

SCHEMA_VERSION = 1
# The same text in half the time, where PyYAML was built with it.
_DUMPER = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)


def render_json(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return one JSON object, indented."""
    return json.dumps(to_document(snapshot), indent=2, allow_nan=False) + '\n'


def render_jsonl(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return one JSON object per line: the sweep, then its services, then their units.

    Each line says what it is under `kind`: sweep, service or unit.
    """
    found = lines(to_document(snapshot))
    return ''.join(json.dumps(line, allow_nan=False) + '\n' for line in found)


def lines(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the sweep, then its services, then their units; `kind` says which."""
    yield {'kind': 'sweep', **{k: v for k, v in document.items() if k != 'services'}}
    for service in document['services']:
        yield {'kind': 'service', **{k: v for k, v in service.items() if k != 'units'}}
        for unit in service['units']:
            yield {'kind': 'unit', 'service': service['name'], **unit}


def render_yaml(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the JSON document as YAML."""
    return as_yaml(to_document(snapshot))


def as_yaml(document: dict[str, Any]) -> str:
    """Return JSON values as YAML, in ASCII as the JSON is: nothing in it can reorder a line."""
    try:
        text: str = yaml.dump(document, Dumper=_DUMPER, sort_keys=False)
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can say, and YAML cannot.
        sound = json.loads(json.dumps(document, ensure_ascii=False).encode(errors='replace'))
        text = yaml.dump(sound, Dumper=_DUMPER, sort_keys=False)
    return text


def to_document(snapshot: Snapshot) -> dict[str, Any]:
    """Return the snapshot as JSON values."""
    return {
        'schema': SCHEMA_VERSION,
        'model': _model(snapshot.model),
        'health': snapshot.health.value,
        'complete': snapshot.complete,
        'started_at': format_time(snapshot.started_at),
        'duration': round(snapshot.duration_seconds, 3),
        'faults': list(snapshot.faults),
        'causes': [_cause(cause) for cause in snapshot.causes],
        'views': [_view(view) for view in snapshot.views],
        'services': [_service(service) for service in snapshot.services],
    }


def _model(model: Model) -> dict[str, Any]:
    return {
        'name': model.name,
        'controller': model.controller,
        'type': model.type,
        'version': model.version,
    }


def _service(service: ServiceHealth) -> dict[str, Any]:
    coverage = service.coverage
    return {
        'name': service.name,
        'health': service.health.value,
        'qos': service.qos,
        'state': _state(service.state),
        'rule': service.rule,
        'because': service.because,
        'message': service.message,
        'blame': None if service.blame is None else _blame(service.blame),
        'suppressed': [_suppression(one) for one in service.suppressed],
        'coverage': {
            'expected': coverage.expected,
            'reported': coverage.reported,
            'no_hook': coverage.no_hook,
            'unreachable': coverage.unreachable,
            'invalid': coverage.invalid,
            'missing': coverage.missing,
            'stale': coverage.stale,
        },
        'units': [_unit(reading) for reading in service.readings],
    }


def _blame(blame: Blame) -> dict[str, Any]:
    path = [str(node) for node in blame.path]
    return {'role': blame.role.value, 'path': path, 'reason': blame.reason}


def _suppression(one: Suppression) -> dict[str, Any]:
    return {
        'kind': one.kind,
        'target': one.target,
        'reason': one.reason,
        'until': format_time(one.until),
        'by': one.by,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        'name': str(cause.node),
        'kind': cause.node.kind.value,
        'health': cause.health.value,
        'message': cause.message,
        'victims': list(cause.victims),
    }


def _view(view: ViewHealth) -> dict[str, Any]:
    return {
        'name': view.name,
        'health': view.health.value,
        'rule': view.rule,
        'because': view.because,
        'qos': view.qos,
        'members': list(view.members),
    }


def _unit(reading: Reading) -> dict[str, Any]:
    return {
        'unit': reading.unit.name,
        'machine': reading.unit.machine,
        'principal': reading.unit.principal,
        'leader': reading.unit.leader,
        'health': reading.health.value,
        'qos': reading.qos,
        'state': _state(reading.state),
        'outcome': reading.outcome.value,
        'message': reading.message,
        'advice': reading.advice,
        'hook': reading.hook,
        'via': reading.via,
        'attempts': reading.attempts,
        'duration': _rounded(reading.duration_seconds),
        'received_at': format_time(reading.received_at),
        'report': None if reading.report is None else wire.to_json(reading.report),
        'last': None if reading.last is None else wire.to_json(reading.last),
        'age': _rounded(reading.age_seconds),
        'juju': None if reading.juju is None else _juju(reading.juju),
    }


def _juju(word: JujuWord) -> dict[str, Any]:
    return {
        'says': word.says,
        'ceiling': word.ceiling.value,
        'relaxed': word.relaxed,
        'seen': word.seen.value,
    }


def _state(state: State | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        'name': state.name.value,
        'duration': _rounded(state.duration),
        'since': format_time(state.since),
        'message': state.message,
        'blockers': list(state.blockers),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)

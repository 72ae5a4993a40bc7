"""`application/health+json`: the health check response of draft-inadarei-api-health-check-06.

The draft has `pass`, `warn` and `fail`. What is `unknown` here is `fail` there, as no evidence is
never good news; the key `health`, one of the user-defined keys that the draft allows in component
details, tells the two apart.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from charm.kernel.fields import format_time
from charm.kernel.report import Health
from reconciler.values.readings import Reading, ServiceHealth, Snapshot, ViewHealth

from ..base import RenderOptions
from ..cases import model_name, safe, tally, verdict
from ..meaning import cause_text, causes_shown, remarks, rule_text

_STATUS = {
    Health.PASSED: 'pass',
    Health.WARN: 'warn',
    Health.UNKNOWN: 'fail',
    Health.FAIL: 'fail',
}
_VERSION = '1'


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return one JSON object, indented."""
    overall = verdict(snapshot)
    checks: dict[str, list[dict[str, Any]]] = {}
    for view in snapshot.views:
        checks.setdefault(_key(f'view {view.name}', 'health'), []).append(_view(view, snapshot))
    for service in snapshot.services:
        checks.setdefault(_key(service.name, 'health'), []).append(_service(service, snapshot))
        for reading in service.readings:
            _add_reading(checks, service, reading)
    document = {
        'status': _STATUS[overall],
        'version': _VERSION,
        'serviceId': model_name(snapshot),
        'description': f'health of the services of the Juju model {model_name(snapshot)}',
        'notes': _notes(snapshot),
        **({} if overall is Health.PASSED else {'output': f'{overall.value}: {tally(snapshot)}'}),
        'checks': checks,
    }
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + '\n'


def _notes(snapshot: Snapshot) -> list[str]:
    partly = [] if snapshot.complete else ['the sweep ended before every unit was asked']
    causes = [f'{one.health.value}: {cause_text(one)}' for one in causes_shown(snapshot)]
    return [*partly, *(safe(fault) for fault in snapshot.faults), *causes]


def _key(component: str, measurement: str) -> str:
    """Return the key of a measurement; neither part may hold the colon between them."""
    return ':'.join(safe(part, 200).replace(':', '_') for part in (component, measurement))


def _service(service: ServiceHealth, snapshot: Snapshot) -> dict[str, Any]:
    return {
        'componentType': 'component',
        **_qos(service.qos),
        **_verdict(service.health, '; '.join([service.message, *remarks(service)])),
        'time': format_time(snapshot.started_at),
    }


def _view(view: ViewHealth, snapshot: Snapshot) -> dict[str, Any]:
    return {
        'componentType': 'component',
        **_qos(view.qos),
        **_verdict(view.health, rule_text(view)),
        'time': format_time(snapshot.started_at),
    }


def _add_reading(
    checks: dict[str, list[dict[str, Any]]], service: ServiceHealth, reading: Reading
) -> None:
    component = {'componentId': safe(reading.unit.name, 200), 'componentType': 'system'}
    if not reading.checks:
        told = _verdict(reading.health, reading.message)
        key = _key(service.name, 'report')
        checks.setdefault(key, []).append({**component, **told, **_time(reading.received_at)})
        return
    for check in reading.checks:
        told = {**_qos(check.qos), **_verdict(check.health, check.message)}
        moment = _time(check.at or reading.received_at)
        key = _key(service.name, check.name)
        checks.setdefault(key, []).append({**component, **told, **moment})


def _qos(qos: float | None) -> dict[str, Any]:
    return {} if qos is None else {'observedValue': qos, 'observedUnit': 'ratio'}


def _verdict(health: Health, message: str) -> dict[str, Any]:
    """Return the status with its output, which the draft wants left out for a pass."""
    told = {'status': _STATUS[health], 'health': health.value}
    return told if health is Health.PASSED else {**told, 'output': safe(message)}


def _time(moment: datetime | None) -> dict[str, Any]:
    return {} if moment is None else {'time': format_time(moment)}

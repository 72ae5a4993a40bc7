"""`application/health+json`: services, views and the units' checks, as the draft has them."""

from __future__ import annotations

import json
from typing import Any

from charm.kernel.health_check_response import Checks, detail, document, key
from reconciler.values.readings import Reading, ServiceHealth, Snapshot, ViewHealth

from ..base import safe
from ..cases import model_name, overall_health, tally
from ..meaning import cause_text, causes_shown, remarks, rule_text
from ..options import RenderOptions


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return one JSON object, indented."""
    overall = overall_health(snapshot)
    checks: Checks = {}
    for view in snapshot.views:
        _add(checks, f'view {view.name}', 'health', _judged(view, rule_text(view), snapshot))
    for service in snapshot.services:
        told = '; '.join([service.message, *remarks(service)])
        _add(checks, service.name, 'health', _judged(service, told, snapshot))
        for reading in service.readings:
            _add_reading(checks, service, reading)
    whole = document(
        overall,
        f'{overall.value}: {tally(snapshot)}',
        checks,
        serviceId=model_name(snapshot),
        description=f'health of the services of the Juju model {model_name(snapshot)}',
        notes=_notes(snapshot),
    )
    return json.dumps(whole, indent=2, allow_nan=False, ensure_ascii=False) + '\n'


def _notes(snapshot: Snapshot) -> list[str]:
    partly = [] if snapshot.complete else ['the sweep ended before every unit was asked']
    causes = [
        f'{cause.health.value}: {cause_text(snapshot, cause)}' for cause in causes_shown(snapshot)
    ]
    return [*partly, *map(safe, (*snapshot.faults, *snapshot.notes)), *causes]


def _add(checks: Checks, component: str, measurement: str, item: dict[str, Any]) -> None:
    checks.setdefault(key(safe(component, 200), safe(measurement, 200)), []).append(item)


def _judged(one: ServiceHealth | ViewHealth, told: str, snapshot: Snapshot) -> dict[str, Any]:
    about = detail(one.health, safe(told), one.qos, snapshot.started_at)
    return {'componentType': 'component', **about}


def _add_reading(checks: Checks, service: ServiceHealth, reading: Reading) -> None:
    component = {'componentId': safe(reading.unit.name, 200), 'componentType': 'system'}
    if not reading.checks:
        told = detail(reading.health, safe(reading.message), at=reading.received_at)
        _add(checks, service.name, 'report', {**component, **told})
    for check in reading.checks:
        moment = check.at or reading.received_at
        told = detail(check.health, safe(check.message), check.qos, moment)
        _add(checks, service.name, check.name, {**component, **told})

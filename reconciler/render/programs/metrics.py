"""What a sweep measures, as families of labelled values; `exposition` writes them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from charm.kernel.report import Health
from reconciler.values.explained import as_told
from reconciler.values.readings import Reading, ServiceHealth, Snapshot

from ..base import safe

# A series costs Prometheus about 3 kB of memory; no name from a unit may cost it gigabytes.
MAX_SERVICES = 1000
MAX_UNITS = 5000
MAX_CHECKS = 50
MAX_CAUSES = 100
MAX_VIEWS = 200
_MAX_LABEL = 128

Labels = Mapping[str, str]
Value = float | enum.Enum


@dataclass
class Family:
    """One metric.

    Attributes:
        name: without prefix.
        help: what it is, one sentence.
        unit: what OpenMetrics calls its unit; the name ends with it. Empty if it has none.
        samples: by their labels: numbers, or of a state set the state that holds. Of samples
            with the same labels the first counts, so that no series comes twice.
    """

    name: str
    help: str
    unit: str = ''
    samples: dict[tuple[tuple[str, str], ...], Value] = field(default_factory=dict)

    def add(self, labels: Labels, value: Value | None) -> None:
        """Add a sample; nothing for `None`."""
        if value is not None:
            key = tuple((name, safe(text, _MAX_LABEL)) for name, text in labels.items())
            self.samples.setdefault(key, value)


def families(snapshot: Snapshot) -> list[Family]:
    """Return every family of the snapshot, those without a sample left out."""
    model = {'model': snapshot.model.name, 'controller': snapshot.model.controller}
    left_out = Family('left_out_series', 'Services, units and checks left out of the metrics.')
    found = _sweep_families(snapshot, model)
    services = snapshot.services[:MAX_SERVICES]
    left_out.add({**model, 'of': 'services'}, len(snapshot.services) - len(services))
    found += _service_families(services, model)
    readings = [(service, reading) for service in services for reading in service.readings]
    left_out.add({**model, 'of': 'units'}, max(0, len(readings) - MAX_UNITS))
    found += _unit_families(readings[:MAX_UNITS], model)
    checks = [(service, _worst_by_name(service)) for service in services]
    surplus = sum(max(0, len(by_name) - MAX_CHECKS) for _, by_name in checks)
    left_out.add({**model, 'of': 'checks'}, surplus)
    found.append(_check_family(checks, model))
    found += _meaning_families(snapshot, services, model)
    left_out.add({**model, 'of': 'causes'}, max(0, len(snapshot.causes) - MAX_CAUSES))
    left_out.add({**model, 'of': 'views'}, max(0, len(snapshot.views) - MAX_VIEWS))
    return [family for family in [*found, left_out] if family.samples]


def _sweep_families(snapshot: Snapshot, model: Labels) -> list[Family]:
    health = Family('model_health', 'The worst health of the services.')
    began = Family('sweep_start_timestamp_seconds', 'When the sweep began.', 'seconds')
    took = Family('sweep_duration_seconds', 'How long the sweep took.', 'seconds')
    complete = Family('sweep_complete', 'Whether every unit was asked.')
    faults = Family('sweep_faults', 'What went wrong with the sweep itself.')
    health.add(model, snapshot.health)
    began.add(model, snapshot.started_at.timestamp())
    took.add(model, snapshot.duration_seconds)
    complete.add(model, float(snapshot.complete))
    faults.add(model, len(snapshot.faults))
    return [health, began, took, complete, faults]


def _service_families(services: Iterable[ServiceHealth], model: Labels) -> list[Family]:
    health = Family('service_health', 'The health of a service.')
    state = Family('service_state', 'The state furthest from up.')
    lasted = Family('service_state_seconds', 'For how long it is in that state.', 'seconds')
    qos = Family('service_qos_ratio', 'The lowest quality of service given.', 'ratio')
    units = Family('service_units', 'Units, by how much is known of them.')
    checks = Family('service_checks', 'Checks of all units, by health.')
    for service in services:
        labels = {**model, 'service': service.name}
        health.add(labels, service.health)
        if service.state is not None:
            state.add(labels, service.state.name)
            lasted.add(labels, service.state.duration)
        qos.add(labels, service.qos)
        for word, number in vars(service.coverage).items():
            units.add({**labels, 'coverage': word}, number)
        results = [check.health for reading in service.readings for check in reading.checks]
        for one in Health:
            checks.add({**labels, 'health': one.value}, results.count(one))
    return [health, state, lasted, qos, units, checks]


def _unit_families(
    readings: Iterable[tuple[ServiceHealth, Reading]], model: Labels
) -> list[Family]:
    health = Family('unit_health', 'The health of a unit.')
    qos = Family('unit_qos_ratio', 'The quality of service of a unit.', 'ratio')
    received = Family('unit_report_timestamp_seconds', 'When its report arrived.', 'seconds')
    took = Family('unit_answer_seconds', 'How long asking its machine took.', 'seconds')
    for service, reading in readings:
        labels = {**model, 'service': service.name, 'unit': reading.unit.name}
        health.add(labels, reading.health)
        qos.add(labels, reading.qos)
        if reading.received_at is not None:
            received.add(labels, reading.received_at.timestamp())
        took.add(labels, reading.duration_seconds)
    return [health, qos, received, took]


def _check_family(
    checks: Iterable[tuple[ServiceHealth, dict[str, Health]]], model: Labels
) -> Family:
    family = Family('check_health', 'The worst health of a check on any unit.')
    for service, by_name in checks:
        for name in sorted(by_name)[:MAX_CHECKS]:
            labels = {**model, 'service': service.name, 'check': name}
            family.add(labels, by_name[name])
    return family


def _meaning_families(
    snapshot: Snapshot, services: Iterable[ServiceHealth], model: Labels
) -> list[Family]:
    blame = Family('service_blame', 'What an unwell service is to the others.')
    planned = Family('service_suppressions', 'What operators said of a service that covers it.')
    victims = Family('cause_victims', 'How many services a cause explains.')
    view_health = Family('view_health', 'The health of a view.')
    view_qos = Family('view_qos_ratio', 'The lowest quality of service of its members.', 'ratio')
    for service in services:
        labels = {**model, 'service': service.name}
        if service.blame is not None:
            blame.add(labels, service.blame.role)
        for kind in ('maintenance', 'acknowledged'):
            number = sum(suppression.kind == kind for suppression in service.suppressed)
            planned.add({**labels, 'kind': kind}, number or None)
    for cause in snapshot.causes[:MAX_CAUSES]:
        labels = {**model, 'cause': str(cause.node), 'kind': cause.node.kind.value}
        labels['certainty'] = as_told(cause).value
        victims.add(labels, len(cause.victims))
    for view in snapshot.views[:MAX_VIEWS]:
        view_health.add({**model, 'view': view.name}, view.health)
        view_qos.add({**model, 'view': view.name}, view.qos)
    return [blame, planned, victims, view_health, view_qos]


def _worst_by_name(service: ServiceHealth) -> dict[str, Health]:
    found: dict[str, Health] = {}
    for check in (check for reading in service.readings for check in reading.checks):
        name = safe(check.name, _MAX_LABEL)
        if name not in found or check.health.rank > found[name].rank:
            found[name] = check.health
    return found

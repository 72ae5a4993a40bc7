"""What is so of a model and all in it, apart from its health: what an operator or Juju changes.

A fact has a name and a value, and a change is another value; `changes` has the words for each.
One that is not told this time stays as it was, save that something is there, or related: that is
told each time. What has none of a kind, such as a leader, has an empty value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from charm.kernel.fields import format_time

from ..values.model import Application, Model
from ..values.readings import Reading, ServiceHealth, Snapshot
from .subject import CHECK, MACHINE, MODEL, SERVICE, UNIT, Subject

# That a subject is there at all, and with what: where it was not before, that is a change.
THERE = 'there'
RELATION = 'relation '
CERTIFICATE = 'certificate'
BOOT = 'boot'
CONFIGURATION = 'configuration'
MAINTENANCE, ACKNOWLEDGED = 'maintenance', 'acknowledged'
# Of a model: why sweeps of it fail, while they do.
FAULT = 'sweep fault'


def facts_of(snapshot: Snapshot) -> Mapping[Subject, Mapping[str, str]]:
    """Return the facts of every subject that a sweep's inventory has, selected or not."""
    model = snapshot.model
    found: dict[Subject, dict[str, str]] = {Subject(MODEL, ''): {'version': model.version}}
    for name, application in model.applications.items():
        found[Subject(SERVICE, name)] = dict(_of_application(application))
        for unit in application.units:
            found[Subject(UNIT, unit.name)] = {
                THERE: 'yes',
                'machine': unit.machine,
                'agent version': unit.agent.version,
            }
    for machine in model.machines.values():
        found[Subject(MACHINE, machine.id)] = {
            THERE: 'yes',
            'instance': machine.instance_id,
            'base': machine.base,
            'agent version': machine.agent.version,
        }
    for service in snapshot.services:
        found[Subject(SERVICE, service.name)] = {
            **found.get(Subject(SERVICE, service.name), {}),
            **dict(_said_of(service)),
        }
        for reading in service.readings:
            _add_told(found, model, reading)
    return found


def _of_application(application: Application) -> Iterator[tuple[str, str]]:
    yield THERE, 'yes'
    yield 'charm', application.charm
    yield 'revision', '' if application.revision is None else str(application.revision)
    yield 'channel', application.channel
    yield 'workload version', application.version
    yield 'base', application.base
    yield 'exposed', 'yes' if application.exposed else 'no'
    yield 'scale', '' if application.scale is None else str(application.scale)
    yield 'leader', next((unit.name for unit in application.units if unit.leader), '')
    for relation in application.relations:
        yield f'{RELATION}{relation.endpoint} {relation.application}', relation.interface or 'yes'


def _said_of(service: ServiceHealth) -> Iterator[tuple[str, str]]:
    """Yield what operators said that covers all that is wrong with it."""
    said: dict[str, str] = {MAINTENANCE: '', ACKNOWLEDGED: ''}
    for suppression in service.suppressed:
        said[suppression.kind] = f'{suppression.reason}, until {_minute(suppression.until)}'
    yield from said.items()


def _minute(moment: datetime) -> str:
    return (format_time(moment.replace(second=0, microsecond=0)) or '').replace(':00Z', 'Z')


def _add_told(found: dict[Subject, dict[str, str]], model: Model, reading: Reading) -> None:
    """Add what only a unit's own report tells."""
    report, machine = reading.report, reading.unit.machine
    if report is None:
        return
    if report.boot_id and machine in model.machines:
        found[Subject(MACHINE, machine)][BOOT] = report.boot_id
    for check in report.checks:
        expires = check.data.get('not_after')
        if isinstance(expires, str) and expires:
            subject = Subject(CHECK, f'{reading.unit.name} {check.name}')
            found.setdefault(subject, {})[CERTIFICATE] = expires[:40]

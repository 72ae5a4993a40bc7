"""One line for each service that is unwell: who was told of it, or why nobody is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...sweeps.fleet import Fleet
from ...values.readings import Snapshot
from .incident import Incident
from .plan import Plan, Said


def line_of(one: Incident, said: Sequence[Said], found: Plan) -> str:
    """Return such as `told oncall, am` or `not alerting: 1 of 2 looks`."""
    new = [target.channel for targets in found.targets.values() for target in targets]
    told = ', '.join(dict.fromkeys([*(each.channel for each in said), *new]))
    why = '; '.join((*one.holds, *found.waits))
    if not told:
        return f'not alerting: {why}'
    return f'told {told}; {why}' if why else f'told {told}'


def alike(one: Incident, line: str) -> dict[str, str]:
    """Return the lines of all services in an incident: its cause's, and those that it strikes."""
    cause = one.notice.cause
    victims = {victim.service: f'under cause {cause}, {line}' for victim in one.notice.victims}
    return {**victims, **dict.fromkeys(cause.services, line)}


def annotated(found: Snapshot | Fleet, lines: Mapping[str, str]) -> Snapshot | Fleet:
    """Return what was found with the lines at its services."""
    if isinstance(found, Snapshot):
        return _lined(found, lines, '')
    names = found.places
    snapshots = {
        full: _lined(snapshot, lines, f'{names[full]}/')
        for full, snapshot in found.snapshots.items()
    }
    return replace(found, snapshots=snapshots)


def _lined(snapshot: Snapshot, lines: Mapping[str, str], begin: str) -> Snapshot:
    services = tuple(
        replace(service, alerting=lines.get(f'{begin}{service.name}', ''))
        for service in snapshot.services
    )
    return replace(snapshot, services=services)

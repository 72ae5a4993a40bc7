"""How causes are told at a terminal: in which order, and in which words."""

from __future__ import annotations

from dataclasses import replace

from charm.kernel.report import Health
from reconciler.values.readings import Cause, Role, ServiceHealth, Snapshot
from reconciler.values.words import counted, first_few

_MOST_NAMES = 12


def because_of(service: ServiceHealth) -> str:
    """Return such as `because of mysql, through api-3`; empty for all but victims."""
    blame = service.blame
    if blame is None or blame.role is not Role.VICTIM or not blame.path:
        return ''
    *between, cause = map(str, blame.path)
    perhaps = 'possibly ' if blame.reason.startswith('possibly: ') else ''
    through = f', through {", ".join(between)}' if between else ''
    return f'{perhaps}because of {cause}{through}'


def victims_text(cause: Cause) -> str:
    """Return such as `3 services: api, page, web`."""
    count = counted(len(cause.victims), 'service')
    return f'{count}: {first_few(cause.victims, _MOST_NAMES)}'


def explained_text(snapshot: Snapshot) -> str:
    """Return such as `5 causes explain 22 of the 31 services that are not well`.

    Of a part of the services, without some that are explained, there is nothing to say.
    """
    unwell = sum(service.health is not Health.PASSED for service in snapshot.services)
    victims = {victim for cause in snapshot.causes for victim in cause.victims}
    causes = sum(bool(cause.victims) for cause in snapshot.causes)
    if not causes or not victims.issubset(service.name for service in snapshot.services):
        return ''
    return (
        f'{causes} cause{" explains" if causes == 1 else "s explain"} {len(victims)} '
        f'of the {unwell} services that are not well'
    )


def causes_first(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with its services in another order, and nothing else changed.

    Each cause comes before its victims, in the order of the causes; then what nothing explains,
    then what is well.
    """
    order: dict[str, int] = {}
    for cause in snapshot.causes:
        for name in (*cause.node.services, *cause.victims):
            order.setdefault(name, len(order))
    last = len(order)
    services = sorted(
        snapshot.services,
        key=lambda found: order.get(found.name, last + (found.health is Health.PASSED)),
    )
    return replace(snapshot, services=tuple(services))

"""How causes are told at a terminal: in which order, and in which words."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from charm.kernel.report import Health
from reconciler.values.certainty import Certainty
from reconciler.values.explained import as_told, explained_by, explains
from reconciler.values.readings import Cause, Role, ServiceHealth, Snapshot
from reconciler.values.words import first_few

_MOST_NAMES = 12


def because_of(service: ServiceHealth) -> str:
    """Return such as `because of mysql, through api-3`; empty for all but victims."""
    blame = service.blame
    if blame is None or blame.role is not Role.VICTIM or not blame.path:
        return ''
    *between, cause = map(str, blame.path)
    through = f', through {", ".join(between)}' if between else ''
    return f'{as_told(blame).because} {cause}{through}'


def doubt_text(cause: Cause) -> str:
    """Return `likely a cause` or `possibly a cause`; empty if it is certain."""
    doubt = as_told(cause).adverb
    return f'{doubt}a cause' if doubt else ''


def explains_text(snapshot: Snapshot, cause: Cause) -> str:
    """Return such as `explains 1 service: web; likely explains 2 services: api, page`.

    Of one that explains no other, only how unsure it is; nothing if it is certain.
    """
    return '; '.join(
        f'{explains(sure, names)}: {first_few(names, _MOST_NAMES)}'
        for sure, names in explained_by(snapshot, cause)
    ) or doubt_text(cause)


def explained_text(snapshot: Snapshot) -> str:
    """Return such as `5 causes explain 22 of the 31 services that are not well`.

    Of a part of the services, without some that are explained, there is nothing to say.
    """
    sure = Counter(
        as_told(service.blame)
        for service in snapshot.services
        if service.blame is not None and service.blame.role is Role.VICTIM
    )
    unwell = sum(service.health is not Health.PASSED for service in snapshot.services)
    victims = {victim for cause in snapshot.causes for victim in cause.victims}
    causes = sum(bool(cause.victims) for cause in snapshot.causes)
    if not causes or not victims.issubset(service.name for service in snapshot.services):
        return ''
    return (
        f'{causes} cause{" explains" if causes == 1 else "s explain"} {len(victims)} '
        f'of the {unwell} services that are not well: '
        + ', '.join(f'{sure[word]} {word.value}' for word in Certainty if sure[word])
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

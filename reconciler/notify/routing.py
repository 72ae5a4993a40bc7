"""Which routes a message takes."""

from __future__ import annotations

from collections.abc import Iterable

from charm.kernel.globs import matches

from ..config.alerts import AlertsConfig, Route
from ..values.certainty import Certainty
from .notice import Notice
from .topology import with_parents


def routes_of(notice: Notice, config: AlertsConfig) -> tuple[Route, ...]:
    """Return the routes that take it: the first that fits, and others after one that continues."""
    taken = []
    for route in config.routes:
        if fits(notice, route):
            taken.append(route)
            if not route.continues:
                break
    return tuple(taken)


def fits(notice: Notice, route: Route) -> bool:
    """Return whether it is all that the route asks for.

    Applications are those of the cause; of a cause that is no service, those that it strikes. A
    machine is also meant by what it is a container in.
    """
    certainty = notice.certainty or Certainty.POSSIBLE
    return (
        notice.health.rank >= route.health.rank
        and certainty.rank <= route.certainty.rank
        and _any((notice.topology.model, notice.topology.title), route.models)
        and _any(_applications(notice), route.applications)
        and _any(with_parents(notice.topology.machine), route.machines)
        and all(_any((notice.labels.get(n, ''),), (glob,)) for n, glob in route.labels.items())
    )


def _any(names: Iterable[str], globs: tuple[str, ...]) -> bool:
    return not globs or any(matches(name, glob) for name in names if name for glob in globs)


def _applications(notice: Notice) -> tuple[str, ...]:
    if notice.topology.application:
        return (notice.topology.application,)
    struck = notice.cause.services or [victim.service for victim in notice.victims]
    # Of several models, a service's name begins with that of its own.
    return tuple(service.rpartition('/')[2] for service in struck)

"""Who depends on whom: a directed graph of services, and on what ground each edge stands.

Nothing here judges. An edge says that a service needs another; `causes` says which one failed.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..values.words import natural_order


class Ground(enum.IntEnum):
    """Why an edge is held to be true, from the strongest to the weakest."""

    WAITS = 1
    NAMES = 2
    CONFIGURED = 3
    REQUIRES = 4
    SAAS = 5
    KNOWN = 6
    RELATED = 7


@dataclass(frozen=True, order=True)
class Edge:
    """One service needs another.

    Attributes:
        service: who needs it.
        provider: what it needs: a service, or `saas NAME`.
        ground: why that is held to be true. `RELATED` has no direction: it is a hint.
        via: the endpoint, blocker or check that tells.
    """

    service: str
    provider: str
    ground: Ground
    via: str = ''


@dataclass(frozen=True)
class DeclaredDependencies:
    """What the operator says of dependencies; it counts for more than what is found.

    Attributes:
        requires: by service, all that it depends on.
        any_of: by service, groups of providers; one of each group is enough.
        provides: by service, what it offers, by the names that others wait for.
    """

    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    any_of: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """What every service depends on.

    Attributes:
        edges: by service, one for each provider, on its strongest ground; sorted.
        unmet: by service, the blockers that it names and that nothing it is related to answers.
        own_peers: by service, the blockers that are its own peers.
        related: by service, whatever it has a relation with, in whichever direction.
    """

    edges: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    unmet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own_peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    related: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, service: str) -> tuple[Edge, ...]:
        """Return what the service depends on."""
        return self.edges.get(service, ())

    def dependants(self, service: str) -> tuple[str, ...]:
        """Return the services that depend on it in a known direction, sorted."""
        found = {
            edge.service
            for edges in self.edges.values()
            for edge in edges
            if edge.provider == service and edge.ground is not Ground.RELATED
        }
        return tuple(sorted(found, key=natural_order))


def saas_node(name: str) -> str:
    """Return what an application of another model is called in the graph."""
    return f'saas {name}'

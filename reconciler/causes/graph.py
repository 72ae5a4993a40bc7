"""The graph of dependencies: its edges, and the ground on which each of them stands.

Nothing here judges. An edge says that a service needs another; which one failed, `cause_or_victim`
says.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..values.model import Model
from ..values.node import Node, NodeKind
from ..values.words import natural_order


class Ground(enum.IntEnum):
    """The ground on which an edge is held to be true, from the strongest to the weakest."""

    WAITS = 1
    NAMES = 2
    CONFIGURED = 3
    REQUIRES = 4
    SAAS = 5
    KNOWN = 6
    MENTIONS = 7
    GUESSED = 8
    RELATED = 9


# Those that give a relation its direction whatever the units happen to say.
KNOWN = frozenset({Ground.CONFIGURED, Ground.REQUIRES, Ground.SAAS, Ground.KNOWN})
# By what a service itself tells that it misses another.
MISSED = frozenset({Ground.WAITS, Ground.NAMES})
# What it says of others itself.
FIRST_HAND = MISSED | {Ground.MENTIONS}


@dataclass(frozen=True, order=True)
class Edge:
    """One dependency of a service.

    Attributes:
        provider: what it needs: another service, or a SAAS.
        ground: why that is held to be true. What it `NAMES` it also tells to miss; what it
            `MENTIONS` it names, and no more. `RELATED` has no direction: it is a hint.
        via: the endpoint, blocker or check that tells.
    """

    provider: Node
    ground: Ground
    via: str = ''


@dataclass(frozen=True)
class DeclaredDependencies:
    """The dependencies that the operator declares; they count for more than what is found.

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
    """The dependencies of every service.

    Attributes:
        edges: by service, one for each provider, on its strongest ground; sorted.
        unmet: by service, the blockers that it names and that nothing it is related to answers.
        own_peers: by service, the blockers that are its own peers.
        disputed: by service, the others of which a check says one direction, and what is known
            the other.
    """

    edges: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    unmet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own_peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    disputed: Mapping[str, frozenset[Node]] = field(default_factory=dict)

    def of(self, service: str) -> tuple[Edge, ...]:
        """Return what the service depends on."""
        return self.edges.get(service, ())

    def dependants(self, service: str) -> tuple[str, ...]:
        """Return the services that depend on it in a known direction, sorted."""
        found = {
            dependant
            for dependant, edges in self.edges.items()
            for edge in edges
            if edge.provider.service == service and edge.ground is not Ground.RELATED
        }
        return tuple(sorted(found, key=natural_order))


def node_of(model: Model, name: str) -> Node:
    """Return the node that relations and operators mean by a name."""
    return Node(NodeKind.SAAS if name in model.saas else NodeKind.SERVICE, name)

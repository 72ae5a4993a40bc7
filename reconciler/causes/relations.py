"""The relations of a model, found by who and what is at their ends.

Each is looked at once. Whoever may be related to thousands asks here, and does not go through all
of them for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter

from ..values.model import HEALTH_CHARM, Model, Relation
from ..values.node import Node
from .graph import node_of

_ORDER = attrgetter('endpoint', 'application', 'interface', 'scope')


@dataclass(frozen=True)
class Related:
    """What one application is related to, by the words that may mean it.

    Attributes:
        nodes: all of it.
        endpoints: by the application's own endpoint.
        words: the same, by the endpoint in lower case.
        interfaces: by interface, in lower case.
        charms: by charm; empty for what is none of the model's applications.
    """

    nodes: set[Node] = field(default_factory=set)
    endpoints: dict[str, set[Node]] = field(default_factory=dict)
    words: dict[str, set[Node]] = field(default_factory=dict)
    interfaces: dict[str, set[Node]] = field(default_factory=dict)
    charms: dict[str, set[Node]] = field(default_factory=dict)


class Relations:
    """The relations of one model; each application's own are sorted."""

    def __init__(self, model: Model) -> None:
        """Sort them; whatever else is found of them is so when it is asked for."""
        self.model = model
        self.charms = {name: known.charm for name, known in model.applications.items()}
        self.ours = frozenset(n for n, charm in self.charms.items() if charm == HEALTH_CHARM)
        self._of = {
            name: sorted(known.relations, key=_ORDER) for name, known in model.applications.items()
        }
        self._nodes: dict[str, Node] = {}
        self._related: dict[str, Related] = {}
        self._between: dict[str, dict[str, list[Relation]]] = {}

    def of(self, name: str) -> Sequence[Relation]:
        """Return the relations that an application lists, sorted."""
        return self._of.get(name, ())

    def node(self, name: str) -> Node:
        """Return what relations mean by a name, the same object each time."""
        found = self._nodes.get(name)
        if found is None:
            found = self._nodes[name] = node_of(self.model, name)
        return found

    def related(self, name: str) -> Related:
        """Return what an application is related to."""
        if name not in self._related:
            self._related[name] = self._find_related(name)
        return self._related[name]

    def _find_related(self, name: str) -> Related:
        found = Related()
        for relation in self.of(name):
            node = self.node(relation.application)
            found.nodes.add(node)
            found.endpoints.setdefault(relation.endpoint, set()).add(node)
            found.words.setdefault(relation.endpoint.lower(), set()).add(node)
            found.interfaces.setdefault(relation.interface.lower(), set()).add(node)
        for node in found.nodes:
            found.charms.setdefault(self.charms.get(node.service, ''), set()).add(node)
        return found

    def between(self, name: str, other: str) -> Sequence[Relation]:
        """Return those of an application's relations that are with another, or a SAAS."""
        if name not in self._between:
            found = self._between[name] = {}
            for relation in self.of(name):
                found.setdefault(relation.application, []).append(relation)
        return self._between[name].get(other, ())

    def back(self, name: str, other: str, interface: str) -> str | None:
        """Return the first endpoint at which another application lists this one.

        `None` if it does so at none over the interface.
        """
        return self._backs.get((other, name, interface))

    @cached_property
    def _backs(self) -> Mapping[tuple[str, str, str], str]:
        found: dict[tuple[str, str, str], str] = {}
        for name, relations in self._of.items():
            for one in relations:
                if one.application not in self.model.saas:
                    found.setdefault((name, one.application, one.interface), one.endpoint)
        return found

    @cached_property
    def users(self) -> Mapping[tuple[str, str], int]:
        """Return by application and endpoint how many relations are there."""
        return Counter((name, one.endpoint) for name, found in self._of.items() for one in found)

    def endpoints(self, name: str, interface: str) -> Set[str]:
        """Return the endpoints of an application that relations over an interface are at."""
        return self._endpoints.get((name, interface), frozenset())

    @cached_property
    def _endpoints(self) -> Mapping[tuple[str, str], Set[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for name, relations in self._of.items():
            for one in relations:
                found.setdefault((name, one.interface), set()).add(one.endpoint)
        return found

    @cached_property
    def _principals(self) -> Mapping[str, Set[str]]:
        return {n: frozenset(known.subordinate_to) for n, known in self.model.applications.items()}

    def are_beside(self, name: str, other: str) -> bool:
        """Return whether either of two is a subordinate of the other."""
        principals = self._principals
        return other in principals.get(name, ()) or name in principals.get(other, ())

"""The inquiry into causes: each service that is not well is a cause, a victim or neither.

A pure function of one snapshot. It annotates: no health, reading or message changes by it, and the
answer does not depend on the order in which anything was asked or is held.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from charm.kernel.report import Health, StateName, worst

from ..values.model import Model
from ..values.node import Node, NodeKind
from ..values.readings import Blame, Cause, Role, ServiceHealth
from ..values.words import natural_order
from .build_graph import build
from .components import components
from .graph import DeclaredDependencies, Graph, Ground
from .shared_causes import shared_causes
from .suspects import SnapshotIndex, Suspect
from .troubles import Origin, troubles_of, worst_of

Explained = tuple[tuple[ServiceHealth, ...], tuple[Cause, ...]]


def explain_causes(
    model: Model, services: Sequence[ServiceHealth], declared: DeclaredDependencies | None = None
) -> Explained:
    """Return all services that were judged, in their order, with their blame, and the causes.

    The causes are sorted: those with the most victims first, then the worst, then by name.
    """
    index = index_of(model, services, declared or DeclaredDependencies())
    return _Inquiry(index).answer(services)


def index_of(
    model: Model, services: Iterable[ServiceHealth], declared: DeclaredDependencies
) -> SnapshotIndex:
    """Return the index of these services, with all that may explain them."""
    ordered = {s.name: s for s in sorted(services, key=lambda service: service.name)}
    troubles = {name: troubles_of(model, service) for name, service in ordered.items()}
    shared = shared_causes(model, tuple(ordered.values()), troubles)
    graph = build(model, ordered.values(), declared)
    return SnapshotIndex(model, ordered, troubles, graph, shared, declared.any_of)


class _Inquiry:
    def __init__(self, index: SnapshotIndex) -> None:
        self._index = index
        self._shared = {cause.node: cause for cause in index.shared}
        self._suspects: dict[Node, tuple[Suspect, ...]] = {
            Node(NodeKind.SERVICE, name): index.suspects(name)
            for name, service in index.services.items()
            if service.health is not Health.PASSED
        }
        for node, cause in self._shared.items():
            around = [] if cause.parent is None else [cause.parent]
            found = [Suspect(outer, True, 1, False, f'it is in {outer}') for outer in around]
            self._suspects[node] = tuple(found)
        self._circles: dict[Node, Node] = {}
        self._settle_circles()
        self._roots = self._reach_roots()
        self._explaining = {s.node for suspects in self._suspects.values() for s in suspects}

    def answer(self, services: Sequence[ServiceHealth]) -> Explained:
        """Return the services with their blame, and the causes."""
        blames = {node: self._blame(node) for node in self._suspects if node.service}
        victims: dict[Node, set[str]] = {}
        for node, blame in blames.items():
            if blame.role is Role.VICTIM:
                for root in self._roots[node]:
                    victims.setdefault(root, set()).add(node.name)
            elif blame.role is Role.CAUSE:
                victims.setdefault(self._circles.get(node, node), set())
        causes = [self._cause(node, names) for node, names in victims.items()]
        by_name = {node.name: blame for node, blame in blames.items()}
        explained = [replace(service, blame=by_name.get(service.name)) for service in services]
        return tuple(explained), tuple(sorted(causes, key=_prominence))

    def _targets(self) -> dict[Node, list[Node]]:
        """Return the suspects of each node; of those that nothing explains, none."""
        found = {node: [suspect.node for suspect in ones] for node, ones in self._suspects.items()}
        return {target: [] for targets in found.values() for target in targets} | found

    def _settle_circles(self) -> None:
        """Find the circles that nothing outside explains, and break those that can be broken.

        In a circle, what a member itself says counts for more than what it is related to: a
        member that only others point at, and that says of none of them that it needs it, is the
        cause of theirs.
        """
        targets = self._targets()
        for members in components(targets):
            if len(members) == 1 or _beyond(members, targets):
                continue
            own = {m: tuple(s for s in self._suspects[m] if s.first_hand) for m in members}
            if any(own.values()):
                self._suspects.update(own)
        targets = self._targets()
        for members in components(targets):
            if len(members) > 1 and not _beyond(members, targets):
                circle = Node.circle([member.name for member in members])
                self._circles.update(dict.fromkeys(members, circle))

    def _reach_roots(self) -> dict[Node, frozenset[Node]]:
        """Return by node the causes that it leads to; its own if it is one."""
        targets = self._targets()
        roots: dict[Node, frozenset[Node]] = {}
        for members in components(targets):
            beyond = _beyond(members, targets)
            found = frozenset(root for target in beyond for root in roots[target])
            for member in members:
                roots[member] = found or frozenset({self._circles.get(member, member)})
        return roots

    def _blame(self, node: Node) -> Blame:
        if node in self._circles:
            others = [name for name in self._circles[node].members if name != node.name]
            reason = f'in a circle with {", ".join(others)}: each may be the cause of the others'
            return Blame(Role.CAUSE, reason=reason)
        if not self._suspects[node]:
            return self._root_blame(node)
        path = self._path(node)
        others = sorted(map(str, self._roots[node] - {path[-1]}), key=natural_order)
        also = f'; also: {", ".join(others)}' if others else ''
        return Blame(Role.VICTIM, path, self._reason(node, path) + also)

    def _reason(self, node: Node, path: Sequence[Node]) -> str:
        """Return the evidence of the first step; it is only possible if any step is no more."""
        steps = []
        for here, following in pairwise((node, *path)):
            # The last step into a circle has no suspect of its own.
            steps += [step for step in self._suspects.get(here, ()) if step.node == following]
        doubtful = next((n for n, step in enumerate(steps) if not step.certain), None)
        if doubtful is None:
            return steps[0].text
        later = f', and {path[doubtful - 1]} is that possibly because of {steps[doubtful].node}'
        return f'possibly: {steps[0].text}{later if doubtful else ""}'

    def _path(self, node: Node) -> tuple[Node, ...]:
        """Return the way to a cause on the strongest grounds, the shortest of equals."""
        before: dict[Node, Node] = {}
        frontier = [(0, natural_order(str(node)), node, node)]
        while True:
            cost, _, here, previous = heapq.heappop(frontier)
            if here in before:
                continue
            before[here] = previous
            suspects = () if here in self._circles else self._suspects.get(here, ())
            if not suspects:
                break
            for step in suspects:
                order = natural_order(str(step.node))
                heapq.heappush(frontier, (cost + step.weight, order, step.node, here))
        way = [self._circles[here]] if here in self._circles else []
        while here != node:
            way.append(here)
            here = before[here]
        return tuple(reversed(way))

    def _root_blame(self, node: Node) -> Blame:
        """Return the blame of one that nothing explains: a cause, if there is evidence of it."""
        name, graph = node.name, self._index.graph
        worst_troubles = worst_of(self._index.troubles[name])
        unmet, peers = graph.unmet.get(name, ()), graph.own_peers.get(name, ())
        waits = [edge.provider for edge in graph.of(name) if edge.ground is Ground.WAITS]
        if any(t.origin is Origin.OWN or t.check for t in worst_troubles):
            return Blame(Role.CAUSE, reason=_own_reason(self._index, name))
        if unmet:
            reason = f'it waits for {", ".join(unmet)}, and nothing that it is related to gives it'
            return Blame(Role.CAUSE, reason=reason)
        if peers:
            return Blame(Role.CAUSE, reason=f'it waits for its own peers ({", ".join(peers)})')
        role = Role.CAUSE if node in self._explaining else Role.UNEXPLAINED
        if waits:
            return Blame(role, reason=_waits_for_the_well(graph, name, waits))
        if any(t.origin is not Origin.UNSEEN for t in worst_troubles):
            return Blame(Role.CAUSE, reason=_own_reason(self._index, name))
        if worst_troubles:
            return Blame(role, reason=f'nobody looked: {worst_troubles[0].message}')
        service = self._index.services[name]
        return Blame(role, reason=service.because or service.message)

    def _cause(self, node: Node, victims: set[str]) -> Cause:
        names = tuple(sorted(victims, key=natural_order))
        if node.kind is NodeKind.CIRCLE:
            health = worst(self._index.services[member].health for member in node.members)
            message = f'{", ".join(node.members)} need each other, and none of them is well'
            return Cause(node, health, message, names)
        found = self._shared.get(node) or self._index.provider(node)
        return Cause(node, found.health, found.message, names)


def _beyond(members: Sequence[Node], targets: Mapping[Node, Sequence[Node]]) -> set[Node]:
    return {target for member in members for target in targets[member]} - set(members)


def _prominence(cause: Cause) -> tuple[object, ...]:
    return -len(cause.victims), -cause.health.rank, natural_order(str(cause.node))


def _own_reason(index: SnapshotIndex, name: str) -> str:
    """Return the evidence against a cause, and what it waits for besides."""
    service = index.services[name]
    message = worst_of(index.troubles[name])[0].message or service.message
    state = service.state
    waits = state.blockers if state and state.name is StateName.BLOCKED else ()
    return message + (f'; it also waits for {", ".join(waits)}' if waits else '')


def _waits_for_the_well(graph: Graph, name: str, providers: Sequence[Node]) -> str:
    related = graph.related.get(name, frozenset())
    strangers = ', '.join(str(node) for node in providers if node not in related)
    names = ', '.join(map(str, providers))
    reason = f'it waits for {names}, which nothing is known to be wrong with'
    return f'{reason}; it is not related to {strangers}' if strangers else reason

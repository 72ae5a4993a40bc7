"""Which trouble explains which: each service that is not well is a cause, a victim or neither.

A pure function of one snapshot. It annotates: no health, reading or message changes by it, and the
answer does not depend on the order in which anything was asked or is held.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from charm.kernel.report import Health, StateName, worst

from ..values.model import Model
from ..values.readings import Blame, Cause, Role, ServiceHealth
from ..values.words import natural_order
from .build_graph import build
from .components import components
from .graph import DeclaredDependencies, Graph, Ground
from .shared_fate import shared_fates
from .suspects import Node, SnapshotIndex, Suspect
from .troubles import Origin, troubles_of, worst_of

Explained = tuple[tuple[ServiceHealth, ...], tuple[Cause, ...]]


def explain_causes(
    model: Model, services: Sequence[ServiceHealth], declared: DeclaredDependencies | None = None
) -> Explained:
    """Return the services in their order, with their blame, and the causes.

    Args:
        model: the inventory, with its relations and machines.
        services: every service that was judged.
        declared: what the operator says of dependencies.

    The causes are sorted: those with the most victims first, then the worst, then by name.
    """
    return _Inquiry(look_at(model, services, declared or DeclaredDependencies())).verdict(services)


def look_at(
    model: Model, services: Iterable[ServiceHealth], declared: DeclaredDependencies
) -> SnapshotIndex:
    """Return everything that a snapshot tells about who may have done what to whom."""
    ordered = {s.name: s for s in sorted(services, key=lambda service: service.name)}
    troubles = {name: troubles_of(model, service) for name, service in ordered.items()}
    fates = shared_fates(model, tuple(ordered.values()), troubles)
    graph = build(model, ordered.values(), declared)
    return SnapshotIndex(model, ordered, troubles, graph, fates, declared.any_of)


class _Inquiry:
    """One snapshot's verdict in the making."""

    def __init__(self, scene: SnapshotIndex) -> None:
        self._scene = scene
        self._unwell = sorted(
            name for name, one in scene.services.items() if one.health is not Health.PASSED
        )
        self._fates = {fate.name: fate for fate in scene.fates}
        self._suspects: dict[str, tuple[Suspect, ...]] = {
            name: scene.suspects(name) for name in self._unwell
        }
        for fate in scene.fates:
            inside = Suspect(fate.parent, True, 1, False, f'it is in {fate.parent}')
            self._suspects[fate.name] = (inside,) if fate.parent else ()
        self._circles: dict[str, tuple[str, ...]] = {}
        self._settle_circles()
        self._roots = self._reach_roots()
        self._explaining = {one.name for found in self._suspects.values() for one in found}

    def verdict(self, services: Sequence[ServiceHealth]) -> Explained:
        """Return the services with their blame, and the causes."""
        explained = tuple(
            replace(one, blame=None if one.health is Health.PASSED else self._blame(one.name))
            for one in services
        )
        roles = {one.name: one.blame.role for one in explained if one.blame}
        victims: dict[str, set[str]] = {}
        for name, role in roles.items():
            for root in self._roots[name] if role is Role.VICTIM else ():
                victims.setdefault(root, set()).add(name)
        own = {self._root_name(name) for name, role in roles.items() if role is Role.CAUSE}
        causes = (self._cause(name, victims.get(name, set())) for name in {*own, *victims})
        return explained, tuple(
            sorted(causes, key=lambda c: (-len(c.victims), -c.health.rank, natural_order(c.name)))
        )

    def _targets(self) -> dict[str, list[str]]:
        """Return what each node is explained by; of those that nothing explains, nothing."""
        targets: dict[str, list[str]] = {
            suspect.name: [] for found in self._suspects.values() for suspect in found
        }
        for name, found in self._suspects.items():
            targets[name] = [suspect.name for suspect in found]
        return targets

    def _settle_circles(self) -> None:
        """Find the circles that nothing outside explains, and break those that can be broken.

        In a circle, what a member itself says counts for more than what it is related to: a
        member that only others point at, and that says of none of them that it needs it, is the
        cause of theirs.
        """
        targets = self._targets()
        for members in components(targets):
            inside = set(members)
            if len(members) == 1 or any(t not in inside for m in members for t in targets[m]):
                continue
            told = {m: tuple(s for s in self._suspects[m] if s.told) for m in members}
            if any(told.values()):
                self._suspects.update(told)
        targets = self._targets()
        for members in components(targets):
            inside = set(members)
            outside = any(t not in inside for m in members for t in targets[m])
            if len(members) > 1 and not outside:
                self._circles.update(dict.fromkeys(members, members))

    def _root_name(self, name: str) -> str:
        return circle_node(self._circles[name]) if name in self._circles else name

    def _reach_roots(self) -> dict[str, frozenset[str]]:
        """Return by node the causes that it leads to; its own if it is one."""
        targets = self._targets()
        roots: dict[str, frozenset[str]] = {}
        for members in components(targets):
            inside = set(members)
            beyond = {t for m in members for t in targets[m] if t not in inside}
            found = frozenset(root for t in beyond for root in roots[t])
            for member in members:
                roots[member] = found or frozenset({self._root_name(member)})
        return roots

    def _blame(self, name: str) -> Blame:
        suspects = self._suspects[name]
        if name in self._circles:
            others = [one for one in self._circles[name] if one != name]
            reason = f'in a circle with {", ".join(others)}: each may be the cause of the others'
            return Blame(Role.CAUSE, reason=reason)
        if not suspects:
            return self._root_blame(name)
        path = self._path(name)
        others = sorted(self._roots[name] - {path[-1]}, key=natural_order)
        also = f'; also: {", ".join(others)}' if others else ''
        return Blame(Role.VICTIM, path, self._reason(name, path) + also)

    def _reason(self, name: str, path: Sequence[str]) -> str:
        """Return the evidence of the first step; it is only possible if any step is no more."""
        steps = []
        for here, following in pairwise((name, *path)):
            # The last step into a circle has no suspect of its own.
            steps += [one for one in self._suspects.get(here, ()) if one.name == following]
        doubtful = next((n for n, one in enumerate(steps) if not one.certain), None)
        if doubtful is None:
            return steps[0].text
        later = f', and {path[doubtful - 1]} is that possibly because of {steps[doubtful].name}'
        return f'possibly: {steps[0].text}{later if doubtful else ""}'

    def _path(self, name: str) -> tuple[str, ...]:
        """Return the way to a cause on the strongest grounds, the shortest of equals."""
        before: dict[str, str] = {}
        order = natural_order
        frontier = [(0, order(name), name, '')]
        while True:
            cost, _, here, previous = heapq.heappop(frontier)
            if here in before:
                continue
            before[here] = previous
            suspects = () if here in self._circles else self._suspects.get(here, ())
            if not suspects:
                break
            for one in suspects:
                heapq.heappush(frontier, (cost + one.weight, order(one.name), one.name, here))
        way = [circle_node(self._circles[here])] if here in self._circles else []
        while here != name:
            way.append(here)
            here = before[here]
        return tuple(reversed(way))

    def _root_blame(self, name: str) -> Blame:
        """Return the blame of one that nothing explains: a cause, if there is evidence of it."""
        scene = self._scene
        worst_ones = worst_of(scene.troubles[name])
        unmet, peers = scene.graph.unmet.get(name, ()), scene.graph.own_peers.get(name, ())
        waits = [edge.provider for edge in scene.graph.of(name) if edge.ground is Ground.WAITS]
        if any(t.origin is Origin.OWN or t.check for t in worst_ones):
            return Blame(Role.CAUSE, reason=_own_reason(scene, name))
        if unmet:
            reason = f'it waits for {", ".join(unmet)}, and nothing that it is related to gives it'
            return Blame(Role.CAUSE, reason=reason)
        if peers:
            return Blame(Role.CAUSE, reason=f'it waits for its own peers ({", ".join(peers)})')
        role = Role.CAUSE if name in self._explaining else Role.UNEXPLAINED
        if waits:
            return Blame(role, reason=_waits_for_the_well(scene.graph, name, waits))
        if any(t.origin is not Origin.UNSEEN for t in worst_ones):
            return Blame(Role.CAUSE, reason=_own_reason(scene, name))
        if worst_ones:
            return Blame(role, reason=f'nobody looked: {worst_ones[0].message}')
        service = scene.services[name]
        return Blame(role, reason=service.because or service.message)

    def _cause(self, name: str, victims: set[str]) -> Cause:
        told = tuple(sorted(victims, key=natural_order))
        fate = self._fates.get(name)
        if fate is not None:
            return Cause(name, fate.kind, fate.health, fate.message, told)
        members = next((m for m in self._circles.values() if circle_node(m) == name), ())
        if members:
            health = worst(self._scene.services[member].health for member in members)
            message = f'{", ".join(members)} need each other, and none of them is well'
            return Cause(name, 'circle', health, message, told)
        node: Node = self._scene.node(name)
        return Cause(name, node.kind, node.health, node.message, told)


def circle_members(name: str) -> tuple[str, ...]:
    """Return the services that the cause of this name stands for: of a circle, its members."""
    return tuple(name.removeprefix('circle ').split('+'))


def circle_node(members: Sequence[str]) -> str:
    """Return what a circle of services is called among causes, such as `circle a+b`."""
    return f'circle {"+".join(members)}'


def _own_reason(scene: SnapshotIndex, name: str) -> str:
    """Return the evidence against a cause, and what it waits for besides."""
    worst_ones = worst_of(scene.troubles[name])
    message = worst_ones[0].message or scene.services[name].message
    state = scene.services[name].state
    waits = state.blockers if state and state.name is StateName.BLOCKED else ()
    return message + (f'; it also waits for {", ".join(waits)}' if waits else '')


def _waits_for_the_well(graph: Graph, name: str, providers: Sequence[str]) -> str:
    strangers = [one for one in providers if one not in graph.related.get(name, frozenset())]
    reason = f'it waits for {", ".join(providers)}, which nothing is known to be wrong with'
    if strangers:
        reason += f'; it is not related to {", ".join(strangers)}'
    return reason

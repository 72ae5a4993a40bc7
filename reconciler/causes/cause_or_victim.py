"""The inquiry into causes: each service that is not well is a cause, a victim or neither.

A pure function of one snapshot. It annotates: no health, reading or message changes by it, and the
answer does not depend on the order in which anything was asked or is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

from charm.kernel.report import Health, worst

from ..values.certainty import Certainty, least
from ..values.model import Model
from ..values.node import Node, NodeKind
from ..values.readings import Blame, Cause, Role, ServiceHealth
from ..values.words import natural_order
from .components import components
from .economy import ties, with_fewest_causes
from .graph import DeclaredDependencies
from .owned_troubles import owned_troubles
from .roots import Roots
from .shared_cause import SharedCause, places_of
from .shared_causes import shared_causes
from .snapshot_index import SnapshotIndex
from .suspects import Suspects
from .troubles import troubles_of
from .ways import steps_to_ends
from .weigh import Suspect

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
    places = places_of(model, ordered.values(), troubles)
    owned = owned_troubles(places)
    shared = shared_causes(places, owned)
    return SnapshotIndex(model, ordered, troubles, shared, owned, declared)


def weighed(index: SnapshotIndex, name: str) -> tuple[Suspect, ...]:
    """Return what may be why a service is unwell, with what speaks for and against each.

    First what is held to explain it, or it itself; then the runners-up, and what is refuted. Of
    what is well only that is there which the service itself blames.
    """
    return _Inquiry(index).weighed(name)


class _Inquiry:
    def __init__(self, index: SnapshotIndex) -> None:
        self._index = index
        self._candidates = suspects = Suspects(index)
        self._shared = index.shared_by_node
        self._suspects: dict[Node, tuple[Suspect, ...]] = {
            Node(NodeKind.SERVICE, name): suspects.surest(name)
            for name, service in index.services.items()
            if service.health is not Health.PASSED
        }
        for node, cause in self._shared.items():
            self._suspects[node] = _surroundings(cause)
        self._suspects = with_fewest_causes(suspects, self._suspects)
        self._unexplained = Roots(suspects, ties(suspects, self._suspects))
        self._circles: dict[Node, Node] = {}
        self._settle_circles()
        self._barren = self._find_barren()
        self._roots = self._reach_roots()

    def answer(self, services: Sequence[ServiceHealth]) -> Explained:
        """Return the services with their blame, and the causes."""
        blames = {node: self._blame(node) for node in self._suspects if node.service}
        # A machine that fails or is lost is a cause, whatever else explains all that is on it.
        victims: dict[Node, set[str]] = {
            cause.node: set()
            for cause in self._index.shared
            if cause.parent is None and cause.health is not Health.WARN
        }
        for node, blame in blames.items():
            if blame.role is Role.VICTIM:
                for root in self._roots[node]:
                    victims.setdefault(root, set()).add(node.name)
            elif blame.role is Role.CAUSE and self._fails(node):
                # What fails is one by itself; what is less is one only of others.
                victims.setdefault(self._circles.get(node, node), set())
        causes = [self._cause(node, names) for node, names in victims.items()]
        by_name = {node.name: blame for node, blame in blames.items()}
        explained = [replace(service, blame=by_name.get(service.name)) for service in services]
        return tuple(explained), tuple(sorted(causes, key=_prominence))

    def _fails(self, node: Node) -> bool:
        return self._index.provider(node).health is Health.FAIL

    def weighed(self, name: str) -> tuple[Suspect, ...]:
        """Return the suspects of a service, or it itself, then what else was weighed."""
        node = Node(NodeKind.SERVICE, name)
        held = self._suspects[node] if node not in self._circles else ()
        if not held:
            blame = self._blame(node)
            against = tuple(objection.text for objection in self._unexplained.doubts(name))
            held = (Suspect(node, blame.certainty, 0, True, blame.reason, against),)
        known = {suspect.node for suspect in held}
        others = [
            suspect
            for suspect in self._candidates.candidates(name)
            if suspect.node not in known
            and (
                suspect.first_hand
                or self._index.provider(suspect.node).health is not Health.PASSED
            )
        ]
        return (*held, *sorted(others, key=lambda s: s.certainty.rank if s.certainty else 9))

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

    def _find_barren(self) -> set[Node]:
        """Return what leads to no cause: what it rests on is itself unexplained.

        Who has another way to a cause goes by that alone.
        """
        barren: set[Node] = set()
        targets = self._targets()
        for members in components(targets):
            beyond = _beyond(members, targets)
            if beyond <= barren and (beyond or not self._is_cause(members[0])):
                barren.update(members)
            for member in members:
                fertile = tuple(s for s in self._suspects.get(member, ()) if s.node not in barren)
                if fertile:
                    self._suspects[member] = fertile
        return barren

    def _is_cause(self, node: Node) -> bool:
        """Return whether what nothing explains is a cause."""
        is_service = node.service in self._index.services and node not in self._circles
        return not is_service or self._unexplained.blame(node.name).role is Role.CAUSE

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
            return Blame(Role.CAUSE, reason=reason, certainty=Certainty.POSSIBLE)
        if not self._suspects[node]:
            return self._unexplained.blame(node.name)
        path = self._path(node)
        # The last step into a circle has no suspect of its own.
        steps = [step for here in (node, *path) for step in self._steps.get(here, ())]
        if node in self._barren:
            end = self._unexplained.blame(path[-1].name)
            return Blame(Role.UNEXPLAINED, reason=f'{steps[0].text}; {path[-1]}: {end.reason}')
        others = sorted(map(str, self._roots[node] - {path[-1]}), key=natural_order)
        also = f'; also: {", ".join(others)}' if others else ''
        certainty = least([*filter(None, (s.certainty for s in steps)), self._sure(path[-1])])
        if len(path) > 1 and self._is_after(path[-1], node):
            certainty = certainty.lowered()
        return Blame(Role.VICTIM, path, _reason(steps) + also, certainty)

    def _is_after(self, cause: Node, effect: Node) -> bool:
        """Return whether the end of a path began after its start, whatever is between them."""
        shared = self._shared.get(cause)
        early = self._index.provider(effect).onset
        late = shared.onset if shared else self._index.provider(cause).onset
        return early is not None and late is not None and late.is_after(early)

    def _sure(self, node: Node) -> Certainty:
        """Return how sure it is that one that nothing explains is a cause."""
        if node.kind is NodeKind.CIRCLE:
            return Certainty.LIKELY
        if node in self._shared:
            return self._shared[node].certainty
        if node.service:
            return self._unexplained.blame(node.name).certainty or Certainty.POSSIBLE
        # Of a SAAS there is what Juju says.
        return Certainty.LIKELY if self._fails(node) else Certainty.POSSIBLE

    def _path(self, node: Node) -> tuple[Node, ...]:
        """Return the way to a cause on the strongest grounds, the first of equals."""
        way = []
        here = node
        while here in self._towards:
            here = self._towards[here]
            way.append(here)
        return (*way, self._circles[here]) if here in self._circles else tuple(way)

    @cached_property
    def _towards(self) -> Mapping[Node, Node]:
        """Return by node the next one on its way to a cause; of those at the end, nothing."""
        return steps_to_ends(
            {
                node: [(s.weight, s.node) for s in suspects] if node not in self._circles else []
                for node, suspects in self._suspects.items()
            }
        )

    @cached_property
    def _steps(self) -> Mapping[Node, Sequence[Suspect]]:
        """Return by node the grounds of the step on its way to a cause."""
        return {
            node: [suspect for suspect in self._suspects[node] if suspect.node == following]
            for node, following in self._towards.items()
        }

    def _cause(self, node: Node, victims: set[str]) -> Cause:
        names = tuple(sorted(victims, key=natural_order))
        if node.kind is NodeKind.CIRCLE:
            health = worst(self._index.services[member].health for member in node.members)
            message = f'{", ".join(node.members)} need each other, and none of them is well'
            return Cause(node, health, message, names, self._sure(node))
        found = self._shared.get(node) or self._index.provider(node)
        own = node.service in self._index.services
        message = self._unexplained.message(node.name) if own else found.message
        return Cause(node, found.health, message, names, self._sure(node))


def _surroundings(cause: SharedCause) -> tuple[Suspect, ...]:
    """Return what explains a shared cause: of a container, its machine."""
    outer = cause.parent
    if outer is None:
        return ()
    return (Suspect(outer, Certainty.CERTAIN, 1, False, f'it is in {outer}'),)


def _reason(steps: Sequence[Suspect]) -> str:
    """Return the evidence of the first step, and which later step is less sure than that."""
    first = steps[0]
    sure = first.certainty or Certainty.POSSIBLE
    for before, step in pairwise(steps):
        certainty = step.certainty or Certainty.POSSIBLE
        if certainty.rank > sure.rank:
            return f'{first.text}, and {before.node} is that {certainty.because} {step.node}'
    return first.text


def _beyond(members: Sequence[Node], targets: Mapping[Node, Sequence[Node]]) -> set[Node]:
    return {target for member in members for target in targets[member]} - set(members)


def _prominence(cause: Cause) -> tuple[object, ...]:
    return -len(cause.victims), -cause.health.rank, natural_order(str(cause.node))

"""The suspects of a service that is not well: its providers, and the causes that it shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from charm.kernel.names import service_of
from charm.kernel.report import Health, StateName

from ..values.model import Model, Saas
from ..values.node import Node, NodeKind
from ..values.readings import ServiceHealth
from ..values.words import fold_units, natural_order
from .graph import Edge, Graph, Ground, node_of
from .shared_causes import SharedCause
from .troubles import MACHINE_CHECKS, Origin, Trouble, worst_of

_SAAS_HEALTH = {
    'blocked': Health.FAIL,
    'error': Health.FAIL,
    'terminated': Health.FAIL,
    'waiting': Health.WARN,
    'maintenance': Health.WARN,
}
# A unit that is lost may be what ails the others of its service: the weakest of grounds.
_LOST_UNIT = 8
_FIRST_HAND = frozenset({Ground.WAITS, Ground.NAMES})


@dataclass(frozen=True)
class Provider:
    """A service or SAAS as its dependants see it.

    Attributes:
        node, health, message: as in `readings.Cause`.
        seen: somebody looked, or tried to; otherwise its `UNKNOWN` says nothing at all.
    """

    node: Node
    health: Health
    message: str = ''
    seen: bool = True


@dataclass(frozen=True)
class Suspect:
    """One node that may explain another.

    Attributes:
        node: which.
        certain: the evidence is as good as it gets; otherwise it is only possible.
        weight: the lower, the stronger its ground.
        first_hand: the service itself says so: it waits for it, or a check of it names it.
        text: the evidence, one line.
    """

    node: Node
    certain: bool
    weight: int
    first_hand: bool
    text: str


def _saas_provider(saas: Saas) -> Provider:
    """Return a SAAS as a provider: `active` is what its charm said, and nobody looked."""
    current = saas.status.current
    health = _SAAS_HEALTH.get(current, Health.UNKNOWN)
    detail = f': {saas.status.message}' if saas.status.message else ''
    message = f'juju status says {current or "nothing"}{detail}'
    return Provider(Node(NodeKind.SAAS, saas.name), health, message, current != 'active')


@dataclass(frozen=True)
class SnapshotIndex:
    """The services of a snapshot with their troubles, dependencies and shared causes."""

    model: Model
    services: Mapping[str, ServiceHealth]
    troubles: Mapping[str, tuple[Trouble, ...]]
    graph: Graph
    shared: Sequence[SharedCause]
    any_of: Mapping[str, tuple[tuple[str, ...], ...]]

    @cached_property
    def _shared_by_trouble(self) -> dict[Trouble, list[SharedCause]]:
        found: dict[Trouble, list[SharedCause]] = {}
        for cause in self.shared:
            for trouble in cause.troubles:
                found.setdefault(trouble, []).append(cause)
        return found

    def provider(self, node: Node) -> Provider:
        """Return a provider as its dependants see it."""
        if node.kind is NodeKind.SAAS and node.name in self.model.saas:
            return _saas_provider(self.model.saas[node.name])
        service = self.services.get(node.service)
        if service is None:
            return Provider(node, Health.UNKNOWN, 'it was not asked', seen=False)
        worst = worst_of(self.troubles.get(service.name, ()))
        seen = any(trouble.origin is not Origin.UNSEEN for trouble in worst)
        return Provider(node, service.health, service.message, seen)

    def suspects(self, name: str) -> tuple[Suspect, ...]:
        """Return what explains a service, the certain only if any is; empty if nothing does."""
        worst = worst_of(self.troubles.get(name, ()))
        own = [t for t in worst if t.origin is Origin.OWN and t not in self._shared_by_trouble]
        echoes = self._echoes(worst)
        if not all(trouble in echoes for trouble in own):
            return ()
        found = self._of_shared_causes(name, worst) + _echo_suspects(echoes)
        if any(t.origin is Origin.ANYWHERE for t in worst):
            found += self._of_edges(name)
        certain = [suspect for suspect in found if suspect.certain]
        return tuple(
            sorted(certain or found, key=lambda s: (s.weight, natural_order(str(s.node))))
        )

    @cached_property
    def _principals(self) -> dict[str, str]:
        """Return by subordinate unit the unit that it is beside."""
        readings = (r for service in self.services.values() for r in service.readings)
        return {r.unit.name: r.unit.principal for r in readings if r.unit.principal}

    @cached_property
    def _unit_checks(self) -> frozenset[tuple[str, str]]:
        return frozenset((t.unit, t.check) for found in self.troubles.values() for t in found)

    def _echoes(self, worst: tuple[Trouble, ...]) -> dict[Trouble, Node]:
        """Return the troubles that subordinates repeat, each with the principal's service.

        Both look at the same machine, so the trouble counts as that of the principal.
        """
        found = {}
        for trouble in worst:
            principal = self._principals.get(trouble.unit, '')
            if trouble.check in MACHINE_CHECKS and (principal, trouble.check) in self._unit_checks:
                found[trouble] = Node(NodeKind.SERVICE, service_of(principal))
        return found

    def _of_shared_causes(self, name: str, worst: tuple[Trouble, ...]) -> list[Suspect]:
        """Return the causes that its units share: certain if they explain all of the worst."""
        whole = all(trouble in self._shared_by_trouble for trouble in worst)
        grave = {cause.node for t in worst for cause in self._shared_by_trouble.get(t, ())}
        susceptible = any(trouble.origin is Origin.ANYWHERE for trouble in worst)
        explained: dict[Node, tuple[SharedCause, set[str]]] = {}
        for trouble in self.troubles.get(name, ()):
            for cause in self._shared_by_trouble.get(trouble, ()):
                explained.setdefault(cause.node, (cause, set()))[1].add(trouble.unit)
        found = []
        for node, (cause, units) in explained.items():
            if node in grave or susceptible:
                certain = whole and node in grave
                weight = 1 if certain else _LOST_UNIT
                text = _shared_text(cause, sorted(units))
                found.append(Suspect(node, certain, weight, False, text))
        return found

    def _of_edges(self, name: str) -> list[Suspect]:
        served, unsure = self._redundant(name)
        service = self.services[name]
        found = []
        for edge in self.graph.of(name):
            provider = self.provider(edge.provider)
            judged = None if edge.provider in served else self._judge(service, edge, provider)
            if judged is not None:
                first_hand = edge.ground in _FIRST_HAND
                certain = judged and (first_hand or edge.provider not in unsure)
                text = f'{_ground_text(edge)}{_health_text(provider)}'
                found.append(Suspect(edge.provider, certain, int(edge.ground), first_hand, text))
        return found

    def _judge(self, service: ServiceHealth, edge: Edge, provider: Provider) -> bool | None:
        """Return whether the provider explains the service for certain; `None` if not at all."""
        first_hand = edge.ground in _FIRST_HAND
        if edge.ground is Ground.RELATED:
            return False if self._hint_counts(service, provider) else None
        if provider.health is Health.FAIL:
            return first_hand or not self._has_well_twin(service.name, edge)
        if provider.health is Health.UNKNOWN:
            # Nobody looked at one that is not seen, so only what its dependants say counts.
            return first_hand if provider.seen else (False if first_hand else None)
        return True if provider.health is Health.WARN and first_hand else None

    def _hint_counts(self, service: ServiceHealth, provider: Provider) -> bool:
        """Return whether a relation of unknown direction says anything.

        It does if the other side fails without waiting for anything itself, and this one is
        blocked and does not say on what.
        """
        state = service.state
        other = self.services.get(provider.node.service)
        waiting = other is not None and other.state is not None and bool(other.state.blockers)
        blocked = state is not None and state.name is StateName.BLOCKED and not state.blockers
        return blocked and provider.health is Health.FAIL and not waiting

    def _has_well_twin(self, name: str, edge: Edge) -> bool:
        """Return whether another provider that is well serves the same endpoint of the service."""
        return bool(edge.via) and any(
            other.via == edge.via
            and other.ground is not Ground.RELATED
            and self.provider(other.provider).health is Health.PASSED
            for other in self.graph.of(name)
        )

    def _redundant(self, name: str) -> tuple[set[Node], set[Node]]:
        """Return the redundant providers of a service that explain nothing, or only possibly.

        One that is well is enough for its group; of one that nobody knows of, that may be.
        """
        served: set[Node] = set()
        needed: set[Node] = set()
        unsure: set[Node] = set()
        for group in self.any_of.get(name, ()):
            members = {node_of(self.model, member) for member in group}
            healths = {self.provider(member).health for member in members}
            (served if healths & {Health.PASSED, Health.WARN} else needed).update(members)
            unsure |= members if Health.UNKNOWN in healths else set()
        return served - needed, unsure


def _echo_suspects(echoes: Mapping[Trouble, Node]) -> list[Suspect]:
    found: dict[Node, Suspect] = {}
    for trouble, node in echoes.items():
        text = f'it is beside {node}, which says the same of its machine: {trouble.check}'
        found.setdefault(node, Suspect(node, True, 1, False, text))
    return list(found.values())


def _shared_text(cause: SharedCause, units: Sequence[str]) -> str:
    if cause.node.kind is not NodeKind.MACHINE:
        return cause.message
    return f'{fold_units(units)} {"is" if len(units) == 1 else "are"} on it: {cause.message}'


def _ground_text(edge: Edge) -> str:
    via = f' ({edge.via})' if edge.via and edge.via != str(edge.provider) else ''
    over = f' over {edge.via}' if edge.via else ''
    return {
        Ground.WAITS: f'it waits for {edge.provider}{via}',
        Ground.NAMES: f'its check {edge.via} names {edge.provider}',
        Ground.CONFIGURED: f'by configuration it requires {edge.provider}',
        Ground.REQUIRES: f'it requires {edge.provider}{via}',
        Ground.SAAS: f'it uses {edge.provider}{over}',
        Ground.KNOWN: f'it uses {edge.provider}{over}',
        Ground.RELATED: f'it is blocked, and is related to {edge.provider}{over}',
    }[edge.ground]


def _health_text(provider: Provider) -> str:
    if not provider.seen and provider.health is Health.UNKNOWN:
        return ', which nobody looked at'
    return {
        Health.FAIL: ', which fails',
        Health.WARN: ', which warns',
        Health.UNKNOWN: ', of which nothing is known',
        Health.PASSED: ', which is well',
    }[provider.health]

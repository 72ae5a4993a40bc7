"""What may explain a service that is not well: what it depends on, and what it shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from charm.kernel.names import service_of
from charm.kernel.report import Health, StateName

from ..values.model import Model, Saas
from ..values.readings import ServiceHealth
from ..values.words import fold_units, natural_order
from .graph import Edge, Graph, Ground, saas_node
from .shared_fate import SharedCause
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
_TOLD = frozenset({Ground.WAITS, Ground.NAMES})


@dataclass(frozen=True)
class Node:
    """What else than a service may explain one, or a service as others see it.

    Attributes:
        name, kind, health, message: as in `readings.Cause`.
        seen: somebody looked, or tried to; otherwise its `UNKNOWN` says nothing at all.
    """

    name: str
    kind: str
    health: Health
    message: str = ''
    seen: bool = True


@dataclass(frozen=True)
class Suspect:
    """One thing that may explain a service.

    Attributes:
        name: of the node.
        certain: the evidence is as good as it gets; otherwise it is only possible.
        weight: the lower, the stronger its ground.
        told: the service itself says so: it waits for it, or a check of it names it.
        text: the evidence, one line.
    """

    name: str
    certain: bool
    weight: int
    told: bool
    text: str


def saas_health(saas: Saas) -> Node:
    """Return a SAAS as a node: `active` is what its charm said, and nobody looked."""
    current = saas.status.current
    health = _SAAS_HEALTH.get(current, Health.UNKNOWN)
    said = f': {saas.status.message}' if saas.status.message else ''
    message = f'juju status says {current or "nothing"}{said}'
    return Node(saas_node(saas.name), 'saas', health, message, current != 'active')


@dataclass(frozen=True)
class SnapshotIndex:
    """All that a snapshot knows, for one service after another to be looked at."""

    model: Model
    services: Mapping[str, ServiceHealth]
    troubles: Mapping[str, tuple[Trouble, ...]]
    graph: Graph
    fates: Sequence[SharedCause]
    any_of: Mapping[str, tuple[tuple[str, ...], ...]]

    @cached_property
    def _saas(self) -> dict[str, Saas]:
        return {saas_node(saas.name): saas for saas in self.model.saas.values()}

    @cached_property
    def _fates_of(self) -> dict[Trouble, list[SharedCause]]:
        found: dict[Trouble, list[SharedCause]] = {}
        for fate in self.fates:
            for trouble in fate.troubles:
                found.setdefault(trouble, []).append(fate)
        return found

    def node(self, name: str) -> Node:
        """Return a provider as its dependants see it."""
        service = self.services.get(name)
        if service is not None:
            worst = worst_of(self.troubles.get(name, ()))
            seen = any(trouble.origin is not Origin.UNSEEN for trouble in worst)
            return Node(name, 'service', service.health, service.message, seen)
        if name in self._saas:
            return saas_health(self._saas[name])
        return Node(name, 'service', Health.UNKNOWN, 'it was not asked', seen=False)

    def suspects(self, name: str) -> tuple[Suspect, ...]:
        """Return what explains a service, the certain only if any is; empty if nothing does."""
        worst = worst_of(self.troubles.get(name, ()))
        own = [t for t in worst if t.origin is Origin.OWN and t not in self._fates_of]
        echoes = self._echoes(worst)
        if not all(trouble in echoes for trouble in own):
            return ()
        found = self._of_fates(name, worst) + _echo_suspects(echoes)
        if any(t.origin is Origin.ANYWHERE for t in worst):
            found += self._of_edges(name)
        certain = [suspect for suspect in found if suspect.certain]
        return tuple(sorted(certain or found, key=lambda s: (s.weight, natural_order(s.name))))

    @cached_property
    def _principals(self) -> dict[str, str]:
        """Return by subordinate unit the unit that it is beside."""
        readings = (reading for one in self.services.values() for reading in one.readings)
        return {r.unit.name: r.unit.principal for r in readings if r.unit.principal}

    @cached_property
    def _said(self) -> frozenset[tuple[str, str]]:
        return frozenset((t.unit, t.check) for found in self.troubles.values() for t in found)

    def _echoes(self, worst: tuple[Trouble, ...]) -> dict[Trouble, str]:
        """Return what subordinates repeat of their principals, with the principal's service.

        Both look at the same machine, so the trouble is told as that of the principal.
        """
        found = {}
        for trouble in worst:
            principal = self._principals.get(trouble.unit, '')
            if trouble.check in MACHINE_CHECKS and (principal, trouble.check) in self._said:
                found[trouble] = service_of(principal)
        return found

    def _of_fates(self, name: str, worst: tuple[Trouble, ...]) -> list[Suspect]:
        """Return the fates that its units share: certain if they explain all of the worst."""
        whole = all(trouble in self._fates_of for trouble in worst)
        gravest = frozenset(worst)
        units: dict[str, set[str]] = {}
        grave: set[str] = set()
        for trouble in self.troubles.get(name, ()):
            for fate in self._fates_of.get(trouble, ()):
                units.setdefault(fate.name, set()).add(trouble.unit)
                grave |= {fate.name} if trouble in gravest else set()
        susceptible = any(t.origin is Origin.ANYWHERE for t in worst)
        found = []
        for fate in self.fates:
            if fate.name in grave or (fate.name in units and susceptible):
                certain = whole and fate.name in grave
                weight = 1 if certain else _LOST_UNIT
                text = _fate_text(fate, sorted(units[fate.name]))
                found.append(Suspect(fate.name, certain, weight, False, text))
        return found

    def _of_edges(self, name: str) -> list[Suspect]:
        served, unsure = self._redundant(name)
        service = self.services[name]
        found = []
        for edge in self.graph.of(name):
            node = self.node(edge.provider)
            verdict = None if edge.provider in served else self._judge(service, edge, node)
            if verdict is not None:
                told = edge.ground in _TOLD
                certain = verdict and (told or edge.provider not in unsure)
                text = f'{_ground_text(edge)}{_how_it_is(node)}'
                found.append(Suspect(edge.provider, certain, int(edge.ground), told, text))
        return found

    def _judge(self, service: ServiceHealth, edge: Edge, node: Node) -> bool | None:
        """Return whether the provider explains the service for certain; `None` if not at all."""
        told = edge.ground in _TOLD
        if edge.ground is Ground.RELATED:
            return False if self._hint_counts(service, node) else None
        if node.health is Health.FAIL:
            return told or not self._has_well_twin(service.name, edge)
        if node.health is Health.UNKNOWN:
            # Nobody looked at one that is not seen, so only what its dependants say counts.
            return told if node.seen else (False if told else None)
        return True if node.health is Health.WARN and told else None

    def _hint_counts(self, service: ServiceHealth, node: Node) -> bool:
        """Return whether a relation of unknown direction says anything.

        It does if the other side fails without waiting for anything itself, and this one is
        blocked and does not say on what.
        """
        state = service.state
        other = self.services.get(node.name)
        waiting = other is not None and other.state is not None and bool(other.state.blockers)
        blocked = state is not None and state.name is StateName.BLOCKED and not state.blockers
        return blocked and node.health is Health.FAIL and not waiting

    def _has_well_twin(self, name: str, edge: Edge) -> bool:
        """Return whether another provider that is well serves the same endpoint of the service."""
        return bool(edge.via) and any(
            other.via == edge.via
            and other.ground is not Ground.RELATED
            and self.node(other.provider).health is Health.PASSED
            for other in self.graph.of(name)
        )

    def _redundant(self, name: str) -> tuple[set[str], set[str]]:
        """Return the redundant providers of a service that explain nothing, or only possibly.

        One that is well is enough for its group; of one that nobody knows of, that may be.
        """
        served: set[str] = set()
        needed: set[str] = set()
        unsure: set[str] = set()
        for group in self.any_of.get(name, ()):
            members = {saas_node(one) if one in self.model.saas else one for one in group}
            healths = {self.node(member).health for member in members}
            (served if healths & {Health.PASSED, Health.WARN} else needed).update(members)
            unsure |= members if Health.UNKNOWN in healths else set()
        return served - needed, unsure


def _echo_suspects(echoes: Mapping[Trouble, str]) -> list[Suspect]:
    found: dict[str, Suspect] = {}
    for trouble, name in echoes.items():
        text = f'it is beside {name}, which says the same of its machine: {trouble.check}'
        found.setdefault(name, Suspect(name, True, 1, False, text))
    return list(found.values())


def _fate_text(fate: SharedCause, units: Sequence[str]) -> str:
    if fate.kind != 'machine':
        return fate.message
    return f'{fold_units(units)} {"is" if len(units) == 1 else "are"} on it: {fate.message}'


def _ground_text(edge: Edge) -> str:
    via = f' ({edge.via})' if edge.via and edge.via != edge.provider else ''
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


def _how_it_is(node: Node) -> str:
    if not node.seen and node.health is Health.UNKNOWN:
        return ', which nobody looked at'
    return {
        Health.FAIL: ', which fails',
        Health.WARN: ', which warns',
        Health.UNKNOWN: ', of which nothing is known',
        Health.PASSED: ', which is well',
    }[node.health]

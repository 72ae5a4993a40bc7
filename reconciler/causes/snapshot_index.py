"""The services of a snapshot with all that may explain them, found by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from charm.kernel.names import service_of
from charm.kernel.report import Health

from ..values.model import Model, Saas
from ..values.node import Node, NodeKind
from ..values.readings import ServiceHealth
from .build_graph import build
from .graph import DeclaredDependencies, Graph
from .mentions import Mentions
from .onset import Onset, onset_of
from .owned_troubles import Owner
from .relations import Relations
from .shared_cause import SharedCause
from .troubles import Origin, Trouble, worst_of
from .weigh import Provider

_SAAS_HEALTH = {
    'blocked': Health.FAIL,
    'error': Health.FAIL,
    'terminated': Health.FAIL,
    'waiting': Health.WARN,
    'maintenance': Health.WARN,
}


def _saas_provider(saas: Saas) -> Provider:
    """Return a SAAS as a provider: `active` is what its charm said, and nobody looked."""
    current = saas.status.current
    health = _SAAS_HEALTH.get(current, Health.UNKNOWN)
    message = f'juju status says {saas.status.said("nothing")}'
    since = saas.status.since if current == 'blocked' else None
    onset = Onset(since) if since else None
    node = Node(NodeKind.SAAS, saas.name)
    return Provider(node, health, message, health is not Health.UNKNOWN, onset=onset)


@dataclass(frozen=True)
class SnapshotIndex:
    """The services of a snapshot with their troubles, dependencies and shared causes."""

    model: Model
    services: Mapping[str, ServiceHealth]
    troubles: Mapping[str, tuple[Trouble, ...]]
    shared: Sequence[SharedCause]
    owned: Mapping[Trouble, tuple[Owner, ...]]
    declared: DeclaredDependencies

    def worst(self, name: str) -> tuple[Trouble, ...]:
        """Return the worst troubles of a service; empty if it is well, or was not asked."""
        return worst_of(self.troubles.get(name, ()))

    @cached_property
    def shared_by_trouble(self) -> Mapping[Trouble, Sequence[SharedCause]]:
        """Return by trouble the shared causes that explain it."""
        found: dict[Trouble, list[SharedCause]] = {}
        for cause in self.shared:
            for trouble in cause.troubles:
                found.setdefault(trouble, []).append(cause)
        return found

    @cached_property
    def told_by_neighbours(self) -> Mapping[Node, str]:
        """Return by service what units beside it tell to have failed of it."""
        return {
            owner.node: f'{trouble.unit} says {trouble.message}'
            for trouble, owners in sorted(self.owned.items(), key=lambda item: item[0].order)
            for owner in owners
            if owner.sure and service_of(trouble.unit) != owner.node.name
        }

    @cached_property
    def relations(self) -> Relations:
        """Return the relations of the model."""
        return Relations(self.model)

    @cached_property
    def mentions(self) -> Mentions:
        """Return who names whom."""
        return Mentions(self.model, self.services.values())

    @cached_property
    def graph(self) -> Graph:
        """Return who needs whom; nobody asks where all is well."""
        return build(self.relations, self.mentions, self.services.values(), self.declared)

    @cached_property
    def shared_by_node(self) -> Mapping[Node, SharedCause]:
        """Return the shared causes by what they are."""
        return {cause.node: cause for cause in self.shared}

    @cached_property
    def _providers(self) -> dict[Node, Provider]:
        return {}

    def provider(self, node: Node) -> Provider:
        """Return a service or SAAS as its dependants see it."""
        if node not in self._providers:
            self._providers[node] = self._provider(node)
        return self._providers[node]

    def service(self, name: str) -> Provider:
        """Return a service as its dependants see it."""
        return self.provider(Node(NodeKind.SERVICE, name))

    def is_unseen(self, node: Node) -> bool:
        """Return whether nobody looked at it, so that it may be well or not."""
        provider = self.provider(node)
        return not provider.seen and not provider.lost

    def _provider(self, node: Node) -> Provider:
        if node.kind is NodeKind.SAAS and node.name in self.model.saas:
            return _saas_provider(self.model.saas[node.name])
        service = self.services.get(node.service)
        if service is None:
            return Provider(node, Health.UNKNOWN, 'it was not asked', seen=False)
        worst = self.worst(service.name)
        lost = [t for t in worst if t.origin is Origin.MACHINE and t in self.shared_by_trouble]
        all_lost = bool(lost) and len(lost) == len(service.readings)
        onset = onset_of(service, worst)
        if all_lost and onset is None:
            # It was there until the last of its machines went.
            went = [cause.onset for t in lost for cause in self.shared_by_trouble[t]]
            known = [at for at in went if at is not None]
            onset = max(known, key=lambda one: one.at) if len(known) == len(went) else None
        return Provider(
            node,
            service.health,
            service.message,
            seen=not worst
            or bool(lost)
            or any(trouble.seen for trouble in worst)
            or node in self.told_by_neighbours,
            lost=all_lost,
            readings=service.readings,
            ailing=frozenset(trouble.unit for trouble in worst),
            onset=onset,
        )

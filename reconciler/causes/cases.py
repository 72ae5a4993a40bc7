"""The cases against the dependencies of an unwell service: all that bears on each, together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from functools import cached_property

from charm.kernel.report import Health, StateName

from .graph import FIRST_HAND, Edge, Ground, node_of
from .interfaces import carries_dependency
from .snapshot_index import SnapshotIndex
from .weigh import Case, Objection, Provider


class Cases:
    """The cases of one service; what is the same for all of them is found once."""

    def __init__(self, index: SnapshotIndex, name: str) -> None:
        """Bring nothing together yet."""
        self._index = index
        self._name = name

    def against(self, edge: Edge, hint: str = '') -> Case:
        """Return the case against what an edge says that the service depends on.

        `hint` is what tells the direction of a relation that does not say it itself.
        """
        index, name = self._index, self._name
        service, provider = index.service(name), index.provider(edge.provider)
        if edge.ground is Ground.RELATED:
            hint = hint or _hint(index, service, provider)
        return Case(
            service,
            edge,
            provider,
            hint,
            frozenset(index.mentions.units(name, edge.provider.service)),
            self._are_beside(edge),
            tuple(self._stand_ins(edge)),
        )

    def _are_beside(self, edge: Edge) -> bool:
        """Return whether they meet on each machine alone, as a subordinate and its principal do.

        They may be related globally too, as a log shipper to the store that it is beside. Where
        the status does not tell, what a check names counts for more.
        """
        other, relations = edge.provider.service, self._index.relations
        if not relations.are_beside(self._name, other):
            return False
        between = relations.between(self._name, other)
        over = [r for r in between if r.endpoint == edge.via] or [
            r for r in between if carries_dependency(r.interface, r.endpoint)
        ]
        scopes = {relation.scope for relation in over}
        return scopes == {'container'} or (scopes == {''} and edge.ground not in FIRST_HAND)

    def _stand_ins(self, edge: Edge) -> Iterator[Objection]:
        """Yield what there is to say of others that may do what a provider does.

        Of redundant ones one that is well is enough; of one that nobody knows of, that may be.
        """
        groups = [healths for names, healths in self._groups if edge.provider.name in names]
        if groups and all(healths & {Health.PASSED, Health.WARN} for healths in groups):
            yield Objection('another that is enough is well', refutes=True)
        elif edge.ground not in FIRST_HAND:
            if any(Health.UNKNOWN in healths for healths in groups):
                yield Objection('another that is enough may be well')
            if edge.via in self._well_served:
                yield Objection('another on the same endpoint is well')

    @cached_property
    def _groups(self) -> Sequence[tuple[Set[str], Set[Health]]]:
        """Return the groups of which one is enough: the names, and how these are."""
        index = self._index
        return [
            (
                frozenset(group),
                {index.provider(node_of(index.model, member)).health for member in group},
            )
            for group in index.declared.any_of.get(self._name, ())
        ]

    @cached_property
    def _well_served(self) -> Set[str]:
        """Return the service's endpoints that a provider serves which is well."""
        return {
            edge.via
            for edge in self._index.graph.of(self._name)
            if edge.via
            and edge.ground is not Ground.RELATED
            and self._index.provider(edge.provider).health is Health.PASSED
        }


def _hint(index: SnapshotIndex, service: Provider, provider: Provider) -> str:
    """Return what tells that a service needs what it is related to; empty if nothing does.

    The one that is blocked and does not say on what may wait for the one that fails and waits for
    nothing; and the one that failed first may be what the other needs.
    """
    state, other = (
        found.state if found else None
        for found in map(index.services.get, (service.node.service, provider.node.service))
    )
    blocked = state is not None and state.name is StateName.BLOCKED and not state.blockers
    waiting = other is not None and bool(other.blockers)
    if blocked and provider.health is Health.FAIL and not waiting:
        return 'it is blocked, and does not say on what'
    late, early = service.onset, provider.onset
    return 'it failed later' if late and early and late.is_after(early) else ''

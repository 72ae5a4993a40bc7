"""The case against one dependency of an unwell service: all that bears on it, brought together."""

from __future__ import annotations

from collections.abc import Iterator

from charm.kernel.report import Health, StateName

from .graph import FIRST_HAND, Edge, Ground, node_of
from .interfaces import carries_dependency
from .snapshot_index import SnapshotIndex
from .weigh import Case, Objection, Provider


def case_of(index: SnapshotIndex, name: str, edge: Edge, hint: str = '') -> Case:
    """Return the case of a service against what an edge says that it depends on.

    `hint` is what tells the direction of a relation that does not say it itself.
    """
    service, provider = index.service(name), index.provider(edge.provider)
    said = index.said.get(name, frozenset())
    named = {
        reading.unit.name
        for reading in (provider.readings if said else ())
        if said & index.unit_words.get(reading.unit.name, frozenset())
    }
    if edge.ground is Ground.RELATED:
        hint = hint or _hint(index, service, provider)
    return Case(
        service,
        edge,
        provider,
        hint,
        frozenset(named),
        _are_beside(index, name, edge),
        tuple(_stand_ins(index, name, edge)),
    )


def _are_beside(index: SnapshotIndex, name: str, edge: Edge) -> bool:
    """Return whether they meet on each machine alone, as a subordinate and its principal do.

    They may be related globally too, as a log shipper to the store that it is beside. Where the
    status does not tell, what a check names counts for more.
    """
    applications, other = index.model.applications, edge.provider.service
    if not any(
        here in applications and there in applications[here].subordinate_to
        for here, there in ((name, other), (other, name))
    ):
        return False
    between = [r for r in applications[name].relations if r.application == other]
    over = [r for r in between if r.endpoint == edge.via] or [
        r for r in between if carries_dependency(r.interface, r.endpoint)
    ]
    scopes = {relation.scope for relation in over}
    return scopes == {'container'} or (scopes == {''} and edge.ground not in FIRST_HAND)


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


def _stand_ins(index: SnapshotIndex, name: str, edge: Edge) -> Iterator[Objection]:
    """Yield what there is to say of others that may do what a provider does.

    Of redundant ones one that is well is enough; of one that nobody knows of, that may be.
    """
    groups = [
        {index.provider(node_of(index.model, member)).health for member in group}
        for group in index.any_of.get(name, ())
        if edge.provider.name in group
    ]
    if groups and all(healths & {Health.PASSED, Health.WARN} for healths in groups):
        yield Objection('another that is enough is well', refutes=True)
    elif edge.ground not in FIRST_HAND:
        if any(Health.UNKNOWN in healths for healths in groups):
            yield Objection('another that is enough may be well')
        if _has_well_twin(index, name, edge):
            yield Objection('another on the same endpoint is well')


def _has_well_twin(index: SnapshotIndex, name: str, edge: Edge) -> bool:
    """Return whether another provider that is well serves the same endpoint of the service."""
    return bool(edge.via) and any(
        other.via == edge.via
        and other.ground is not Ground.RELATED
        and index.provider(other.provider).health is Health.PASSED
        for other in index.graph.of(name)
    )

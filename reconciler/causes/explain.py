"""The explanation of one service, or one unit: rule, evidence, causes, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from charm.kernel.names import closest

from ..values.advice import reconcile_health
from ..values.errors import UsageError
from ..values.node import Node, NodeKind
from ..values.readings import Reading, Role, ServiceHealth, Snapshot
from ..values.words import first_few
from .cause_or_victim import index_of, weighed
from .explanation import CauseStep, Dependency, Explanation
from .graph import DeclaredDependencies, Edge, Ground
from .next_steps import next_steps
from .snapshot_index import SnapshotIndex
from .weigh import Suspect


def explain(
    snapshot: Snapshot, name: str, declared: DeclaredDependencies | None = None
) -> Explanation:
    """Return why the service or unit of this name is as it is.

    Args:
        snapshot: a sweep; the more of the model it covers, the more it can explain.
        name: such as `web` or `web/0`.
        declared: what the operator says of dependencies.

    Raises:
        UsageError: the sweep knows nothing of that name.
    """
    service, readings = _find(snapshot, name)
    index = index_of(snapshot.model, snapshot.services, declared or DeclaredDependencies())
    is_cause = service.blame is not None and service.blame.role is Role.CAUSE
    causes = [
        cause for cause in snapshot.causes if is_cause and service.name in cause.node.services
    ]
    found = Explanation(
        snapshot=snapshot,
        service=service,
        readings=readings,
        unit='' if name == service.name else name,
        chain=tuple(_chain(snapshot, index, service)),
        cause=causes[0] if causes else None,
        needs=tuple(_needs(index, service.name)),
        needed_by=index.graph.dependants(service.name),
        weighed=_weighed(index, service),
        unmet=index.graph.unmet.get(service.name, ()),
    )
    return replace(found, advice=tuple(dict.fromkeys(next_steps(found))))


def _find(snapshot: Snapshot, name: str) -> tuple[ServiceHealth, tuple[Reading, ...]]:
    for service in snapshot.services:
        if service.name == name:
            return service, service.readings
        for reading in service.readings:
            if reading.unit.name == name:
                return service, (reading,)
    for cause in snapshot.causes:
        node = cause.node
        if not node.service and str(node) in (name, f'machine {name}'):
            victims = ', '.join(cause.victims) or 'nothing else'
            reason = f'it is no service or unit; it explains {victims}; {cause.message}'
            raise UsageError(f'cannot explain {str(node)!r}: {reason}')
    if name.partition('/')[0] in snapshot.model.applications and any(
        note.startswith('left out') for note in snapshot.notes
    ):
        ask = reconcile_health(snapshot.model.full_name, 'sweep', name)
        raise UsageError(
            f'cannot explain {name!r}: health.yaml leaves it out of the sweep; '
            f'asked for by name it is there: {shlex.join(ask)}'
        )
    known = [service.name for service in snapshot.services]
    known += [reading.unit.name for reading in snapshot.readings()]
    near = closest(name, known)
    knows = f'; it knows {first_few(known, 8)}' if known else ''
    hint = f'; did you mean {near}?' if near else knows
    raise UsageError(f'cannot explain {name!r}: the sweep has no such service or unit{hint}')


def _chain(
    snapshot: Snapshot, index: SnapshotIndex, service: ServiceHealth
) -> Iterator[CauseStep]:
    blame = service.blame
    if blame is None or not blame.path:
        return
    causes = {cause.node: cause for cause in snapshot.causes}
    yield CauseStep(Node(NodeKind.SERVICE, service.name), service.health, service.message)
    for node in blame.path:
        known = causes.get(node) or index.shared_by_node.get(node) or index.provider(node)
        yield CauseStep(node, known.health, known.message)


def _weighed(index: SnapshotIndex, service: ServiceHealth) -> tuple[Suspect, ...]:
    """Return what may be why a service is unwell; of one that is well, nothing.

    A saved sweep has no relations, so what it concluded cannot always be weighed anew.
    """
    blame = service.blame
    if blame is None:
        return ()
    found = weighed(index, service.name)
    told = (blame.path[0],) if blame.path else ()
    if blame.role is Role.CAUSE:
        told = (Node(NodeKind.SERVICE, service.name),)
    alone = len(found) == 1 and not found[0].against and not blame.path
    return () if alone or not {*told} <= {suspect.node for suspect in found} else found


def _needs(index: SnapshotIndex, name: str) -> Iterator[Dependency]:
    for edge in sorted(index.graph.of(name), key=lambda edge: (edge.ground, edge.provider.order)):
        group = next(
            (g for g in index.declared.any_of.get(name, ()) if edge.provider.service in g), ()
        )
        enough = f'; one of {", ".join(group)} is enough' if group else ''
        health = index.provider(edge.provider).health
        yield Dependency(edge.provider, health, _why(edge) + enough)


def _why(edge: Edge) -> str:
    over = f' over {edge.via}' if edge.via else ''
    return {
        Ground.WAITS: f'it says that it waits for {edge.via}',
        Ground.NAMES: f'its check {edge.via} names it',
        Ground.MENTIONS: f'its check {edge.via} names it',
        Ground.CONFIGURED: 'the configuration says so',
        Ground.REQUIRES: f'its charm requires {edge.via}',
        Ground.SAAS: f'consumed from another model{over}',
        Ground.KNOWN: f'related{over}',
        Ground.GUESSED: f'related{over}, whose endpoints look so',
        Ground.RELATED: f'related{over}; which needs the other is not known',
    }[edge.ground]

"""Causes across models: what one model consumes is a service of another that was swept too.

juju says of a SAAS what the other model's charm last said, and nobody looked. Where that model was
swept, what was found there is put in its place, and the consuming model concluded once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from charm.kernel.report import Health

from ..config.settings import NOTHING, Config
from ..config.suppressions import SuppressionEntry
from ..judge.conclude import Evidence, conclude
from ..values.model import Saas, StatusInfo
from ..values.node import Node, NodeKind
from ..values.readings import ServiceHealth, Snapshot
from .fleet import Fleet

# `[controller:]owner/model.offer` (core/crossmodel/offerurl.go); newer clients write `owner` as
# a qualifier.
_URL = re.compile(r'(?:(?P<controller>[^:]*):)?(?P<model>[^.]+)\.(?P<offer>[^.]+)')
_WORDS = {Health.FAIL: 'error', Health.WARN: 'waiting', Health.UNKNOWN: 'unknown'}


@dataclass(frozen=True)
class _Offered:
    """A SAAS, and the service behind it in the model that merged names call `place`."""

    saas: Saas
    place: str
    service: ServiceHealth

    @property
    def name(self) -> str:
        return f'{self.place}/{self.service.name}'


def join(
    fleet: Fleet,
    patterns: Sequence[str] = (),
    config: Config = NOTHING,
    suppressions: Sequence[SuppressionEntry] = (),
) -> Fleet:
    """Return the fleet with causes that lie in another of its models.

    The others are as for `conclude`, and those by which its snapshots were concluded.
    """
    joined = {
        name: _joined(fleet, name, snapshot, patterns, config, suppressions)
        for name, snapshot in fleet.snapshots.items()
    }
    return replace(fleet, snapshots=joined)


def _joined(
    fleet: Fleet,
    name: str,
    snapshot: Snapshot,
    patterns: Sequence[str],
    config: Config,
    suppressions: Sequence[SuppressionEntry],
) -> Snapshot:
    unwell = {
        offer.saas.name: offer
        for offer in _offered(fleet, name, snapshot)
        if offer.service.health is not Health.PASSED
    }
    if not unwell:
        return snapshot
    known = {
        name: replace(saas, status=_status(unwell[name])) if name in unwell else saas
        for name, saas in snapshot.model.saas.items()
    }
    evidence = Evidence(
        replace(snapshot.model, saas=known),
        {reading.unit.name: reading for reading in snapshot.readings()},
        snapshot.started_at,
        snapshot.duration_seconds,
        snapshot.complete,
    )
    found = conclude(evidence, patterns, config, suppressions)
    # The wording of a SAAS comes from its status; the name is that of the service behind it.
    nodes = {
        Node(NodeKind.SAAS, saas): Node(NodeKind.SERVICE, offer.name)
        for saas, offer in unwell.items()
    }
    return replace(
        found,
        model=snapshot.model,
        faults=snapshot.faults,
        health=snapshot.health,
        ceiling=snapshot.ceiling,
        services=tuple(_renamed(service, nodes) for service in found.services),
        causes=tuple(
            replace(cause, node=nodes.get(cause.node, cause.node)) for cause in found.causes
        ),
    )


def _status(offered: _Offered) -> StatusInfo:
    service = offered.service
    word = _WORDS.get(service.health, 'unknown')
    return StatusInfo(word, f'{offered.name} is {service.health.value}: {service.message}')


def _renamed(service: ServiceHealth, nodes: Mapping[Node, Node]) -> ServiceHealth:
    if service.blame is None:
        return service
    path = tuple(nodes.get(node, node) for node in service.blame.path)
    return replace(service, blame=replace(service.blame, path=path))


def _offered(fleet: Fleet, name: str, snapshot: Snapshot) -> Iterator[_Offered]:
    """Yield the services of other models that this one consumes."""
    own_controller = name.partition(':')[0] if ':' in name else ''
    places = fleet.places
    for saas in snapshot.model.saas.values():
        found = _URL.fullmatch(saas.url)
        if found is None:
            continue
        controller = found['controller'] or own_controller
        full = f'{controller}:{found["model"]}' if controller else found['model']
        other = fleet.snapshots.get(full)
        if other is None:
            continue
        application = other.model.offers.get(found['offer'], found['offer'])
        for service in other.services:
            if service.name == application:
                yield _Offered(saas, places[full], service)

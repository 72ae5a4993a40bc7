"""What one sweep sees as one trouble each: a cause, and all that it strikes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from charm.kernel.report import Health, worst

from ...causes.next_steps import about_silence, look_at
from ...sweeps.fleet import Fleet
from ...values.advice import Advice
from ...values.certainty import Certainty
from ...values.model import Model
from ...values.node import Node, NodeKind
from ...values.readings import Reading, ServiceHealth, Snapshot
from ..notice import Victim
from ..topology import with_parents

_MOST_ADVICE = 5
# What is of no one model: several models' sweeps see the same.
_SHARED = (NodeKind.CONTROLLER,)


@dataclass(frozen=True)
class Seen:
    """What one command saw, of one model or of several as one.

    Attributes:
        model: the inventory: of several models, all their parts.
        services: by name, as the snapshot has it.
        outages: each trouble, those that strike most first.
        places: the full names of the models that were seen, empty ones too; of a single one, ''.
        controllers: the names of theirs.
    """

    model: Model
    services: Mapping[str, ServiceHealth]
    outages: tuple[Outage, ...]
    places: frozenset[str]
    controllers: frozenset[str]


@dataclass(frozen=True)
class Outage:
    """A cause and all that it strikes, as one sweep sees it.

    Attributes:
        place: the full name of the cause's model; empty where there is one, or it is of none.
        node: the cause, as the snapshot calls it.
        name: the cause's name within its model.
        evidence: what was seen of it, one line.
        own: the services that are the cause, or else those that it strikes itself: what is said of
            them is said of it. Of a machine these are on it, and not what needs them elsewhere.
        unwell: their units that are not well; of a machine, those on it.
        victims: sorted by name.
    """

    place: str
    node: Node
    name: str
    health: Health
    evidence: str
    certainty: Certainty | None = None
    own: tuple[ServiceHealth, ...] = ()
    unwell: tuple[Reading, ...] = ()
    victims: tuple[Victim, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def shared(self) -> bool:
        """Return whether it is of no one model."""
        return self.node.kind in _SHARED and bool(self.name)

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what it is the same as in another sweep by: model, kind and name."""
        return '' if self.shared else self.place, self.node.kind.value, self.name

    @cached_property
    def struck(self) -> frozenset[str]:
        """Return the names of all services in it."""
        return frozenset((*self.node.services, *(victim.service for victim in self.victims)))


def seen_of(found: Snapshot | Fleet) -> Seen:
    """Return what a command saw."""
    snapshot = found.merged() if isinstance(found, Fleet) else found
    parts = dict(found.snapshots) if isinstance(found, Fleet) else {'': found}
    services = {service.name: service for service in snapshot.services}
    dark = {name: part for name, part in parts.items() if not part.services and part.faults}
    outages = [*_of_services(snapshot, services), *_of_dark(dark)]
    if isinstance(found, Fleet) and found.faults and not parts:
        outages += _of_dark({'': snapshot})
    seen = {name: part.model.controller for name, part in parts.items() if name not in dark}
    return Seen(
        snapshot.model, services, _once(outages), frozenset(seen), frozenset(seen.values())
    )


def _of_services(snapshot: Snapshot, services: Mapping[str, ServiceHealth]) -> Iterator[Outage]:
    """Yield the causes, then each service that is unwell and that no cause explains."""
    left = {name for name, one in services.items() if one.health is not Health.PASSED}
    for cause in snapshot.causes:
        left.difference_update(cause.node.services, cause.victims)
        own = [services[name] for name in cause.node.services if name in services]
        struck = [services[name] for name in cause.victims if name in services]
        yield _outage(
            snapshot.model, cause.node, cause.health, cause.message, own, struck, cause.certainty
        )
    for name, one in services.items():
        if name in left:
            certainty = one.blame.certainty if one.blame else None
            said = one.message or one.because
            node = Node(NodeKind.SERVICE, name)
            yield _outage(snapshot.model, node, one.health, said, [one], [], certainty)


def _outage(
    model: Model,
    node: Node,
    health: Health,
    evidence: str,
    own: list[ServiceHealth],
    struck: list[ServiceHealth],
    certainty: Certainty | None,
) -> Outage:
    place, name = model.locate(f'{node.model}/{node.name}' if node.model else node.name)
    meant = [(service, _unwell(service)) for service in own or struck]
    if node.kind is NodeKind.MACHINE:
        meant = [(one, there) for one, found in meant if (there := _on(model, name, found))]
    readings = tuple(reading for service in own for reading in service.readings)
    look = Advice('see more of it', look_at(model, node))
    return Outage(
        place if model.parts else '',
        node,
        name,
        health,
        evidence,
        certainty,
        tuple(service for service, _ in meant),
        tuple(reading for _, found in meant for reading in found),
        tuple(sorted((_victim(service) for service in struck), key=lambda one: one.service)),
        (look, *about_silence(readings))[:_MOST_ADVICE],
    )


def _unwell(service: ServiceHealth) -> list[Reading]:
    return [reading for reading in service.readings if reading.health is not Health.PASSED]


def _on(model: Model, machine: str, readings: list[Reading]) -> list[Reading]:
    """Return those of units that are on a machine, or in a container there."""
    return [
        reading
        for reading in readings
        if machine in with_parents(model.locate(reading.unit.machine)[1])
    ]


def _victim(service: ServiceHealth) -> Victim:
    return Victim(service.name, service.health, len(_unwell(service)))


def _of_dark(parts: Mapping[str, Snapshot]) -> Iterator[Outage]:
    """Yield what keeps us from seeing anything of a model: its controller, as far as we know."""
    for place, snapshot in parts.items():
        name = snapshot.model.controller
        yield Outage(
            place,
            Node(NodeKind.CONTROLLER, name),
            name,
            Health.UNKNOWN,
            snapshot.faults[0],
            advice=(Advice('see more of it', look_at(snapshot.model, Node(NodeKind.CONTROLLER))),),
        )


def _once(outages: list[Outage]) -> tuple[Outage, ...]:
    """Return each cause once: several models may see the same, such as their controller."""
    found: dict[tuple[str, str, str], Outage] = {}
    for one in outages:
        known = found.get(one.key)
        found[one.key] = one if known is None else _both(known, one)
    return tuple(found.values())


def _both(one: Outage, other: Outage) -> Outage:
    named = {victim.service: victim for victim in (*one.victims, *other.victims)}
    return Outage(
        one.place,
        one.node,
        one.name,
        worst([one.health, other.health]),
        one.evidence,
        one.certainty,
        (*one.own, *other.own),
        (*one.unwell, *other.unwell),
        tuple(named[name] for name in sorted(named)),
        one.advice,
    )

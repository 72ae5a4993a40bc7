"""A cause that units share besides relations, and the places at which they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from charm.kernel.report import Health

from ..values.certainty import Certainty
from ..values.model import Model, machine_chain
from ..values.node import Node
from ..values.readings import Outcome, Reading, ServiceHealth
from .onset import Onset
from .troubles import Trouble


@dataclass(frozen=True)
class SharedCause:
    """A cause that several units share.

    Attributes:
        node: a machine, the controller or the collector.
        health: `FAIL` where something was seen to fail, `UNKNOWN` where nothing answered.
        message: the evidence, one line.
        troubles: those that it explains.
        certainty: how sure it is that this is what ails.
        parent: the shared cause that explains this one: of a container, its machine; or `None`.
        onset: it began at this moment at the earliest; `None` if nothing tells.
    """

    node: Node
    health: Health
    message: str
    certainty: Certainty
    troubles: frozenset[Trouble] = frozenset()
    parent: Node | None = None
    onset: Onset | None = None


@dataclass(frozen=True)
class Places:
    """The machines, or pods, at which units are.

    Attributes:
        model: theirs.
        readings: by place those of its units, sorted.
        troubles: by unit what is wrong with it.
    """

    model: Model
    readings: Mapping[str, Sequence[Reading]]
    troubles: Mapping[str, Sequence[Trouble]]

    def at(self, readings: Iterable[Reading]) -> list[Trouble]:
        """Return what is wrong with these units."""
        return [t for reading in readings for t in self.troubles.get(reading.unit.name, ())]

    def around(self, place: str) -> Iterator[str]:
        """Yield the machines that a place is in, the nearest first."""
        return islice(machine_chain(self.model.machines, place), 1, None)

    def is_ours(self, reading: Reading) -> bool:
        """Return whether it is a unit of our own charm, which speaks for itself only."""
        return self.model.is_ours(reading.unit.application)


def places_of(
    model: Model,
    services: Iterable[ServiceHealth],
    troubles: Mapping[str, Sequence[Trouble]],
) -> Places:
    """Return the places of these services' units, with the troubles of each service."""
    readings: dict[str, list[Reading]] = {}
    for reading in sorted(
        (r for service in services for r in service.readings), key=lambda r: r.unit.name
    ):
        place = reading.unit.machine or (reading.unit.name if model.is_k8s else '')
        if place and reading.outcome is not Outcome.UNASSIGNED:
            readings.setdefault(place, []).append(reading)
    of_unit: dict[str, list[Trouble]] = {}
    for name in sorted(troubles):
        for trouble in troubles[name]:
            of_unit.setdefault(trouble.unit, []).append(trouble)
    return Places(model, readings, of_unit)

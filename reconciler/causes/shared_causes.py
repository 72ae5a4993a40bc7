"""The causes that units share besides relations: their machine, the controller, the collector.

Two hundred units that could not be asked are one cause if it is our key, our login or our network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

from charm.kernel.report import Health

from ..values.certainty import Certainty
from ..values.node import Node, NodeKind
from ..values.outcomes import ANSWERED, NOT_REACHED, WORDS
from ..values.readings import Outcome, Reading
from ..values.words import counted
from .ailing_machines import AilingMachines
from .onset import Onset
from .shared_cause import Places, SharedCause
from .troubles import Origin, Trouble, machine_gone

# It is the collector that lacks these, whatever the machine.
COLLECTORS = frozenset({Outcome.NOT_LOGGED_IN, Outcome.NO_PERMISSION})
_FEW = 2
# How a machine is of which nothing answers, and how sure that is, by whether juju says so too, or
# the machine itself.
_LOST = {
    True: (Health.FAIL, Certainty.CERTAIN),
    False: (Health.UNKNOWN, Certainty.LIKELY),
}


def shared_causes(places: Places, owned: Container[Trouble]) -> tuple[SharedCause, ...]:
    """Return every cause that the units at these places share, sorted by node.

    What is `owned` by one application is its own, whoever tells it.
    """
    return _Search(places, owned).all()


class _Search:
    def __init__(self, places: Places, owned: Container[Trouble]) -> None:
        self._places = places
        self._model = places.model
        self._readings = places.readings
        self._ailing = AilingMachines(places, owned)

    def all(self) -> tuple[SharedCause, ...]:
        """Return all of them; what the collector or the controller explains, no machine does."""
        common = list(self._common())
        taken = {trouble for cause in common for trouble in cause.troubles}
        machines = {} if self._model.is_k8s else dict(self._lost(taken))
        machines.update(self._containing(machines))
        machines.update(self._ailing.causes(machines))
        nested = (self._with_parent(identity, machines) for identity in machines)
        return tuple(sorted((*common, *nested), key=lambda cause: cause.node))

    def _unreached(self, readings: Sequence[Reading]) -> frozenset[Trouble]:
        return frozenset(
            trouble for trouble in self._places.at(readings) if trouble.origin is Origin.MACHINE
        )

    def _common(self) -> Iterator[SharedCause]:
        """Yield the cause for all who could not be asked, if it is not their machines."""
        outcomes = {p: {r.outcome for r in readings} for p, readings in self._readings.items()}
        lost = {place for place, found in outcomes.items() if found <= NOT_REACHED}
        gone = {place for place in lost if machine_gone(self._model, place)}
        all_gone = gone == outcomes.keys()
        # What juju itself knows to be down tells nothing of this side.
        silent = lost if all_gone else lost - gone
        everywhere = lost == outcomes.keys() and len(silent) >= _FEW
        late = [place for place, found in outcomes.items() if Outcome.DEADLINE in found]
        readings = [
            reading
            for place, found in sorted(self._readings.items())
            for reading in found
            if reading.outcome in COLLECTORS
            or (everywhere and place in silent and reading.outcome in NOT_REACHED)
            or (len(late) >= _FEW and reading.outcome is Outcome.DEADLINE)
        ]
        if not readings:
            return
        outcome = _most_common(readings)
        remote = everywhere and (outcome is Outcome.JUJU_FAILED or all_gone)
        controller = Node(NodeKind.CONTROLLER, self._model.controller)
        node = controller if remote else Node(NodeKind.COLLECTOR)
        reason = 'juju says that every machine is down' if all_gone else _common(readings, outcome)
        places = {r.unit.machine or r.unit.name for r in readings}
        asked = counted(len(places), 'pod' if self._model.is_k8s else 'machine')
        message = f'{asked} could not be asked: {reason}'
        sure = all_gone or outcome in COLLECTORS
        certainty = Certainty.CERTAIN if sure else Certainty.LIKELY
        yield SharedCause(node, Health.UNKNOWN, message, certainty, self._unreached(readings))

    def _lost(self, taken: set[Trouble]) -> Iterator[tuple[str, SharedCause]]:
        """Yield each machine that nothing could be asked on, or that juju knows to be gone."""
        for place, readings in self._readings.items():
            found = self._unreached(readings) - taken
            if not found or any(reading.outcome in ANSWERED for reading in readings):
                continue
            gone = machine_gone(self._model, place)
            silent = [r for r in readings if r.unit.name in {t.unit for t in found}]
            told = next((r for r in silent if r.outcome is Outcome.ILL), silent[0])
            message = self._juju_says(place) if gone else told.message
            health, certainty = _LOST[gone or told.outcome is Outcome.ILL]
            node = Node(NodeKind.MACHINE, place)
            onset = self._onset(place) if gone else None
            yield place, SharedCause(node, health, message, certainty, found, onset=onset)

    def _juju_says(self, identity: str) -> str:
        machine = self._model.machines[identity]
        broken = machine.instance.current == 'provisioning error'
        info = machine.instance if broken else machine.agent
        return f'juju says {info.said()}'

    def _onset(self, identity: str) -> Onset | None:
        """Return since when a machine is down, at the earliest: Juju dates the word before."""
        since = self._model.machines[identity].agent.since
        return Onset(since) if since else None

    def _containing(self, lost: Mapping[str, SharedCause]) -> Iterator[tuple[str, SharedCause]]:
        """Yield the machines that are lost with all their containers, but have no unit to ask."""
        for identity, inner in sorted(self._containers().items()):
            if identity in self._readings or not lost.keys() >= set(inner):
                continue
            gone = machine_gone(self._model, identity)
            if gone or len(inner) >= _FEW:
                silent = f'none of its {len(inner)} containers answered'
                message = self._juju_says(identity) if gone else silent
                health, certainty = _LOST[gone]
                node = Node(NodeKind.MACHINE, identity)
                yield identity, SharedCause(node, health, message, certainty)

    def _containers(self) -> dict[str, list[str]]:
        """Return the places that are in a machine, at whatever depth, by that machine."""
        inside: dict[str, list[str]] = {}
        for place in sorted(self._readings):
            for machine in self._places.around(place):
                inside.setdefault(machine, []).append(place)
        return inside

    def _with_parent(self, identity: str, machines: Mapping[str, SharedCause]) -> SharedCause:
        found = next(
            (
                machines[machine]
                for machine in self._places.around(identity)
                if machine in machines
            ),
            None,
        )
        return replace(machines[identity], parent=found.node) if found else machines[identity]


def _most_common(readings: Sequence[Reading]) -> Outcome:
    """Return the outcome of most, the first in the order of outcomes among equals."""
    counted = Counter(reading.outcome for reading in readings)
    order = list(Outcome)
    return min(counted, key=lambda outcome: (-counted[outcome], order.index(outcome)))


def _common(readings: Sequence[Reading], outcome: Outcome) -> str:
    """Return the message that all of this outcome share, else what the outcome means."""
    messages = {reading.message for reading in readings if reading.outcome is outcome}
    return messages.pop() if len(messages) == 1 else WORDS[outcome]

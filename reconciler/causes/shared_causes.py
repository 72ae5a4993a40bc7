"""The causes that units share besides relations: their machine, the controller, the collector.

Two hundred units that could not be asked are one cause if it is our key, our login or our network.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from charm.kernel.names import service_of
from charm.kernel.report import Health, worst

from ..values.certainty import Certainty
from ..values.model import HEALTH_CHARM, Model, machine_chain
from ..values.node import Node, NodeKind
from ..values.outcomes import ANSWERED, NOT_REACHED, WORDS
from ..values.readings import Outcome, Reading, ServiceHealth
from ..values.words import counted
from .troubles import MACHINE_CHECKS, Origin, Trouble, machine_gone

# It is the collector that lacks these, whatever the machine.
COLLECTORS = frozenset({Outcome.NOT_LOGGED_IN, Outcome.NO_PERMISSION})
_FEW = 2
# A file system or a service of the host, as a check tells of it.
_THING = re.compile(r'(?<!\S)/\S*|(?<!\S)\S{1,200}\.service')
# How a machine is of which nothing answers, and how sure that is, by whether juju says so too.
_LOST = {
    True: (Health.FAIL, Certainty.CERTAIN),
    False: (Health.UNKNOWN, Certainty.LIKELY),
}


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
    """

    node: Node
    health: Health
    message: str
    certainty: Certainty
    troubles: frozenset[Trouble] = frozenset()
    parent: Node | None = None


def shared_causes(
    model: Model,
    services: Sequence[ServiceHealth],
    troubles: Mapping[str, tuple[Trouble, ...]],
) -> tuple[SharedCause, ...]:
    """Return every cause that these services' units share, sorted by node."""
    return _Search(model, services, troubles).all()


class _Search:
    def __init__(
        self,
        model: Model,
        services: Sequence[ServiceHealth],
        troubles: Mapping[str, tuple[Trouble, ...]],
    ) -> None:
        self._model = model
        self._of_unit: dict[str, list[Trouble]] = {}
        for name in sorted(troubles):
            for trouble in troubles[name]:
                self._of_unit.setdefault(trouble.unit, []).append(trouble)
        self._places: dict[str, list[Reading]] = {}
        for reading in sorted(
            (r for s in services for r in s.readings), key=lambda reading: reading.unit.name
        ):
            place = reading.unit.machine or (reading.unit.name if model.is_k8s else '')
            if place and reading.outcome is not Outcome.UNASSIGNED:
                self._places.setdefault(place, []).append(reading)

    def all(self) -> tuple[SharedCause, ...]:
        """Return all of them; what the collector or the controller explains, no machine does."""
        common = list(self._common())
        taken = {trouble for cause in common for trouble in cause.troubles}
        machines = {} if self._model.is_k8s else dict(self._lost(taken))
        machines.update(self._containing(machines))
        machines.update(self._ailing(machines))
        nested = (self._with_parent(identity, machines) for identity in machines)
        return tuple(sorted((*common, *nested), key=lambda cause: cause.node))

    def _unreached(self, readings: Sequence[Reading]) -> frozenset[Trouble]:
        return frozenset(
            trouble
            for reading in readings
            for trouble in self._of_unit.get(reading.unit.name, ())
            if trouble.origin is Origin.MACHINE
        )

    def _common(self) -> Iterator[SharedCause]:
        """Yield the cause for all who could not be asked, if it is not their machines."""
        outcomes = {p: {r.outcome for r in readings} for p, readings in self._places.items()}
        lost = [place for place, found in outcomes.items() if found <= NOT_REACHED]
        everywhere = len(lost) == len(self._places) and len(lost) >= _FEW
        late = [place for place, found in outcomes.items() if Outcome.DEADLINE in found]
        readings = [
            reading
            for place, found in sorted(self._places.items())
            for reading in found
            if reading.outcome in COLLECTORS
            or (everywhere and reading.outcome in NOT_REACHED)
            or (len(late) >= _FEW and reading.outcome is Outcome.DEADLINE)
        ]
        if not readings:
            return
        outcome = _most_common(readings)
        gone = everywhere and all(machine_gone(self._model, place) for place in lost)
        remote = everywhere and (outcome is Outcome.JUJU_FAILED or gone)
        controller = Node(NodeKind.CONTROLLER, self._model.controller)
        node = controller if remote else Node(NodeKind.COLLECTOR)
        reason = 'juju says that every machine is down' if gone else _common(readings, outcome)
        places = {r.unit.machine or r.unit.name for r in readings}
        asked = counted(len(places), 'pod' if self._model.is_k8s else 'machine')
        message = f'{asked} could not be asked: {reason}'
        sure = gone or outcome in COLLECTORS
        certainty = Certainty.CERTAIN if sure else Certainty.LIKELY
        yield SharedCause(node, Health.UNKNOWN, message, certainty, self._unreached(readings))

    def _lost(self, taken: set[Trouble]) -> Iterator[tuple[str, SharedCause]]:
        """Yield each machine that nothing could be asked on, or that juju knows to be gone."""
        for place, readings in self._places.items():
            found = self._unreached(readings) - taken
            if not found or any(reading.outcome in ANSWERED for reading in readings):
                continue
            gone = machine_gone(self._model, place)
            silent = next(r for r in readings if r.unit.name in {t.unit for t in found})
            message = self._juju_says(place) if gone else silent.message
            health, certainty = _LOST[gone]
            node = Node(NodeKind.MACHINE, place)
            yield place, SharedCause(node, health, message, certainty, found)

    def _juju_says(self, identity: str) -> str:
        machine = self._model.machines[identity]
        broken = machine.instance.current == 'provisioning error'
        info = machine.instance if broken else machine.agent
        return f'juju says {info.said()}'

    def _containing(self, lost: Mapping[str, SharedCause]) -> Iterator[tuple[str, SharedCause]]:
        """Yield the machines that are lost with all their containers, but have no unit to ask."""
        for identity, inner in sorted(self._containers().items()):
            if identity in self._places or not lost.keys() >= set(inner):
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
        for place in sorted(self._places):
            for machine in self._around(place):
                inside.setdefault(machine, []).append(place)
        return inside

    def _with_parent(self, identity: str, machines: Mapping[str, SharedCause]) -> SharedCause:
        found = next(
            (machines[machine] for machine in self._around(identity) if machine in machines), None
        )
        return replace(machines[identity], parent=found.node) if found else machines[identity]

    def _around(self, place: str) -> Iterator[str]:
        """Yield the machines that a place is in, the nearest first."""
        return islice(machine_chain(self._model.machines, place), 1, None)

    def _ailing(self, lost: Mapping[str, SharedCause]) -> Iterator[tuple[str, SharedCause]]:
        """Yield the machines that answer, and on which several applications ail alike."""
        for place, found in self._places.items():
            if place in lost or self._model.is_k8s:
                continue
            # Our own charm speaks for itself only.
            readings = [r for r in found if not self._is_ours(r)]
            here = [t for r in readings for t in self._of_unit.get(r.unit.name, ())]
            alike = _shared_check(here, readings)
            shared = alike or self._all_ail(place, here, readings)
            if shared:
                chosen = sorted(shared, key=lambda trouble: trouble.order)
                health = worst(trouble.health for trouble in chosen)
                units = len({trouble.unit for trouble in chosen})
                message = (
                    f'{chosen[0].message} (so say {units} of its units)'
                    if alike
                    else f'all {units} units on it ail, their like elsewhere are well'
                )
                sure = health is Health.FAIL and chosen[0].origin is Origin.OWN
                certainty = Certainty.CERTAIN if sure else Certainty.LIKELY
                node = Node(NodeKind.MACHINE, place)
                echoed = shared | self._echoed(alike, found)
                yield place, SharedCause(node, health, message, certainty, echoed)

    def _echoed(
        self, shared: frozenset[Trouble], readings: Sequence[Reading]
    ) -> frozenset[Trouble]:
        """Return what our own charm says of the machine that others say too."""
        checks = {trouble.check for trouble in shared}
        ours = [
            t for r in readings if self._is_ours(r) for t in self._of_unit.get(r.unit.name, ())
        ]
        return frozenset(trouble for trouble in ours if trouble.check in checks)

    def _is_ours(self, reading: Reading) -> bool:
        application = self._model.applications.get(reading.unit.application)
        return application is not None and application.charm == HEALTH_CHARM

    def _all_ail(
        self, place: str, here: Sequence[Trouble], readings: Sequence[Reading]
    ) -> frozenset[Trouble]:
        """Return the troubles of a machine on which all ails that is well on other machines."""
        red = {t.unit for t in here if t.origin is Origin.ANYWHERE and t.health.rank >= 2}
        looked_at = [r for r in readings if r.unit.name in red or r.report is not None]
        if len(_principals(looked_at)) < _FEW or any(r.unit.name not in red for r in looked_at):
            return frozenset()
        elsewhere: dict[str, list[Reading]] = {}
        for other, found in self._places.items():
            for reading in found if other != place else ():
                elsewhere.setdefault(reading.unit.application, []).append(reading)
        siblings = [elsewhere.get(name, []) for name in {r.unit.application for r in looked_at}]
        well = all(r.health is Health.PASSED for found in siblings for r in found)
        if not well or sum(map(bool, siblings)) < _FEW:
            return frozenset()
        return frozenset(t for t in here if t.unit in red and t.origin is Origin.ANYWHERE)


def _most_common(readings: Sequence[Reading]) -> Outcome:
    """Return the outcome of most, the first in the order of outcomes among equals."""
    counted = Counter(reading.outcome for reading in readings)
    order = list(Outcome)
    return min(counted, key=lambda outcome: (-counted[outcome], order.index(outcome)))


def _common(readings: Sequence[Reading], outcome: Outcome) -> str:
    """Return the message that all of this outcome share, else what the outcome means."""
    messages = {reading.message for reading in readings if reading.outcome is outcome}
    return messages.pop() if len(messages) == 1 else WORDS[outcome]


def _principals(readings: Sequence[Reading]) -> set[str]:
    """Return the applications there, a subordinate counted as its principal's."""
    return {service_of(r.unit.principal or r.unit.name) for r in readings}


def _shared_check(here: Sequence[Trouble], readings: Sequence[Reading]) -> frozenset[Trouble]:
    """Return the troubles with the machine itself that units of several services report alike.

    A subordinate that repeats its principal is none of several.
    """
    principals = {reading.unit.name: reading.unit.principal for reading in readings}
    alike: dict[tuple[str, ...], list[Trouble]] = {}
    for trouble in here:
        if trouble.check in MACHINE_CHECKS:
            alike.setdefault((trouble.check, *_THING.findall(trouble.message)), []).append(trouble)
    shared: set[Trouble] = set()
    for found in alike.values():
        units = {trouble.unit for trouble in found}
        if len({service_of(unit) for unit in units if principals[unit] not in units}) >= _FEW:
            shared.update(found)
    return frozenset(shared)

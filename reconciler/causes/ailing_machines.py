"""The machines that answer, and are what ails those that stand on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from functools import cached_property

from charm.kernel.names import service_of
from charm.kernel.report import Health, worst

from ..values.certainty import Certainty
from ..values.node import Node, NodeKind
from ..values.readings import Reading
from .claims import tells_of_itself, words_of_unit
from .namings import words_in
from .shared_cause import Places, SharedCause
from .troubles import LOCAL_CHECKS, MACHINE_CHECKS, Origin, Trouble, is_seen_to_fail

_FEW = 2
_UNKNOWN = Health.UNKNOWN.rank
# A machine's checks of what all that runs on it needs, so that it fails without.
_NEEDED = frozenset({'disk', 'memory'})
# What is full there is so for all on the machine; another file system is most often one's own.
_EVERYBODYS = frozenset({'', '/', '/tmp', '/var', '/var/lib', '/var/log'})  # noqa: S108 - names only
# A file system or a service of the host, as a check tells of it.
_THING = re.compile(r'(?<!\S)/\S*|(?<!\S)\S{1,200}\.service')


class AilingMachines:
    """The search for them."""

    def __init__(self, places: Places, owned: Container[Trouble]) -> None:
        """Search nothing yet; what is `owned` by an application is no machine's."""
        self._places = places
        self._owned = owned

    def causes(self, lost: Container[str]) -> Iterator[tuple[str, SharedCause]]:
        """Yield each machine that is a cause, of those that are not lost."""
        for place, readings in self._places.readings.items():
            if place not in lost and not self._places.model.is_k8s:
                found = self._at(place, readings)
                if found is not None:
                    yield place, found

    def _at(self, place: str, readings: Sequence[Reading]) -> SharedCause | None:
        theirs = [reading for reading in readings if not self._places.is_ours(reading)]
        here = self._places.at(theirs)
        shared = self._told_by_many(here, theirs)
        if shared:
            units = len({trouble.unit for trouble in shared})
            echoed = self._echoed(shared, readings)
            return _cause(place, shared | echoed, f'so say {units} of its units')
        shared = self._told_beside_others(readings)
        if shared:
            return _cause(place, shared, f'so says {min(trouble.unit for trouble in shared)}')
        shared = self._all_ail(place, here, theirs)
        if shared:
            units = len({trouble.unit for trouble in shared})
            message = f'all {units} units on it ail, their like elsewhere are well'
            node = Node(NodeKind.MACHINE, place)
            health = worst(trouble.health for trouble in shared)
            return SharedCause(node, health, message, Certainty.LIKELY, shared)
        return None

    def _told_by_many(
        self, here: Sequence[Trouble], readings: Sequence[Reading]
    ) -> frozenset[Trouble]:
        """Return the troubles with the machine that units of several services report alike.

        A subordinate that repeats its principal is none of several.
        """
        principals = {reading.unit.name: reading.unit.principal for reading in readings}
        alike: dict[tuple[str, str], list[Trouble]] = {}
        for trouble in here:
            if trouble.check in MACHINE_CHECKS and trouble not in self._owned:
                for thing in _things(trouble):
                    alike.setdefault((trouble.check, thing), []).append(trouble)
        shared: set[Trouble] = set()
        for found in alike.values():
            units = {trouble.unit for trouble in found}
            if len({service_of(unit) for unit in units if principals[unit] not in units}) >= _FEW:
                shared.update(found)
        return frozenset(shared)

    def _echoed(
        self, shared: frozenset[Trouble], readings: Sequence[Reading]
    ) -> frozenset[Trouble]:
        """Return what our own charm says of the machine that others say too."""
        checks = {trouble.check for trouble in shared}
        ours = self._places.at(r for r in readings if self._places.is_ours(r))
        return frozenset(trouble for trouble in ours if trouble.check in checks)

    def _told_beside_others(self, readings: Sequence[Reading]) -> frozenset[Trouble]:
        """Return what fails of the machine by the word of one, if another there fails vaguely."""
        here = self._places.at(readings)
        told = [trouble for trouble in here if starves_others(trouble)]
        tellers = {service_of(trouble.unit) for trouble in told}
        others = (t for t in here if service_of(t.unit) not in tellers and is_vague(t))
        return frozenset(told) if told and any(others) else frozenset()

    def _all_ail(
        self, place: str, here: Sequence[Trouble], readings: Sequence[Reading]
    ) -> frozenset[Trouble]:
        """Return the troubles of a machine on which all ails that is well on other machines.

        Who tells what ails it, or which of the others it misses, does not blame the machine.
        """
        ailing = [t for t in here if t.origin is Origin.ANYWHERE and t.health.rank >= _UNKNOWN]
        red = {trouble.unit for trouble in ailing}
        looked_at = [r for r in readings if r.unit.name in red or r.report is not None]
        if len(_principals(looked_at)) < _FEW or any(r.unit.name not in red for r in looked_at):
            return frozenset()
        names = {reading.unit.application for reading in looked_at}
        elsewhere = [name for name in names if not self._stands_at[name] <= {place}]
        ill = any(not self._ails_at.get(name, {place}) <= {place} for name in names)
        if ill or len(elsewhere) < _FEW or self._tell_more(ailing, looked_at):
            return frozenset()
        return frozenset(ailing)

    @cached_property
    def _stands_at(self) -> Mapping[str, Set[str]]:
        """Return by application the machines of its units."""
        return self._machines(lambda reading: True)

    @cached_property
    def _ails_at(self) -> Mapping[str, Set[str]]:
        """Return by application the machines of its units that are not well."""
        return self._machines(lambda reading: reading.health is not Health.PASSED)

    def _machines(self, is_meant: Callable[[Reading], bool]) -> Mapping[str, Set[str]]:
        found: dict[str, set[str]] = {}
        for place, readings in self._places.readings.items():
            for reading in filter(is_meant, readings):
                found.setdefault(reading.unit.application, set()).add(place)
        return found

    def _tell_more(self, ailing: Sequence[Trouble], readings: Sequence[Reading]) -> bool:
        """Return whether one tells of its own ills, or names another that stands there."""
        names = {
            reading.unit.name: {
                reading.unit.application,
                *words_of_unit(self._places.model, reading.unit),
            }
            for reading in readings
        }
        return any(
            trouble in self._owned
            or tells_of_itself(trouble.message, beside_others=False)
            or words_in(trouble.message)
            & set().union(*(words for unit, words in names.items() if unit != trouble.unit))
            for trouble in ailing
        )


def starves_others(trouble: Trouble) -> bool:
    """Return whether a machine lacks, by this, what all that runs on it needs."""
    return (
        trouble.check in _NEEDED
        and trouble.health is Health.FAIL
        and _EVERYBODYS.issuperset(_things(trouble))
    )


def _things(trouble: Trouble) -> list[str]:
    """Return what a check tells of: the file system that is worst off, services of the host."""
    found = _THING.findall(trouble.message)
    return (found[:1] if trouble.check in LOCAL_CHECKS else found) or ['']


def is_vague(trouble: Trouble) -> bool:
    """Return whether it is seen that a unit fails, and not what with."""
    return (
        trouble.origin is Origin.ANYWHERE
        and is_seen_to_fail(trouble)
        and not tells_of_itself(trouble.message, beside_others=True)
    )


def _cause(place: str, shared: frozenset[Trouble], who: str) -> SharedCause:
    """Return the machine as the cause of what these units say of it."""
    chosen = min(shared, key=lambda trouble: trouble.order)
    sure = chosen.health is Health.FAIL and chosen.origin is Origin.OWN
    certainty = Certainty.CERTAIN if sure else Certainty.LIKELY
    message = f'{chosen.message} ({who})'
    return SharedCause(Node(NodeKind.MACHINE, place), chosen.health, message, certainty, shared)


def _principals(readings: Sequence[Reading]) -> set[str]:
    """Return the applications there, a subordinate counted as its principal's."""
    return {service_of(r.unit.principal or r.unit.name) for r in readings}

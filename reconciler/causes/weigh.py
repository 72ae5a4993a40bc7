"""What speaks for and against one thing explaining another, and how sure that leaves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from charm.kernel.report import Health

from ..values.certainty import Certainty
from ..values.node import Node
from ..values.readings import Reading
from ..values.words import counted, fold_units
from .graph import FIRST_HAND, MISSED, Edge, Ground
from .onset import Onset
from .troubles import looked_at


@dataclass(frozen=True)
class Objection:
    """One thing that speaks against a candidate: it refutes it, or leaves it less sure."""

    text: str
    refutes: bool = False


@dataclass(frozen=True)
class Suspect:
    """One node that may explain another.

    Attributes:
        node: which.
        certainty: how sure that is; `None` if something refutes it.
        weight: the lower, the stronger its ground.
        first_hand: the service itself says so: it waits for it, or a check of it names it.
        text: what speaks for it, one line.
        against: what speaks against it, one line each.
    """

    node: Node
    certainty: Certainty | None
    weight: int
    first_hand: bool
    text: str
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provider:
    """A service or SAAS as its dependants see it.

    Attributes:
        node, health, message: as in `readings.Cause`.
        seen: its trouble rests on a look at it, or on what Juju says of it.
        lost: all of its units are; the machine, or the way there, is what ails.
        readings: its units; of a SAAS, and of one that was not asked, none.
        ailing: the names of its units that are as bad as the worst.
        onset: since when it is in trouble; `None` if nothing tells.
    """

    node: Node
    health: Health
    message: str = ''
    seen: bool = True
    lost: bool = False
    readings: tuple[Reading, ...] = ()
    ailing: frozenset[str] = frozenset()
    onset: Onset | None = None

    @cached_property
    def well(self) -> Set[str]:
        """Return the names of its units that were looked at and are well."""
        return {reading.unit.name for reading in self.readings if _is_well(reading)}

    @cached_property
    def ailing_machines(self) -> Set[str]:
        """Return the machines of its ailing units."""
        return {reading.unit.machine for reading in self._ailing_readings}

    @cached_property
    def seems_well(self) -> bool:
        """Return whether all that was seen of its ailing units is well; true if it has none."""
        return all(map(_seems_well, self._ailing_readings))

    @property
    def _ailing_readings(self) -> Sequence[Reading]:
        return [reading for reading in self.readings if reading.unit.name in self.ailing]


@dataclass(frozen=True)
class Case:
    """One dependency of a service that is not well, with all that bears on it.

    Attributes:
        service: the one to be explained, as a provider.
        edge: what it depends on, and on what ground.
        provider: that, as it is.
        hint: what is known of the two beside a relation of unknown direction; or nothing.
        named: the provider's units that its failing checks name.
        beside: they are related on each machine for itself, as a subordinate to its principal.
        stand_ins: what there is to say of others that may do what the provider does.
    """

    service: Provider
    edge: Edge
    provider: Provider
    hint: str = ''
    named: frozenset[str] = frozenset()
    beside: bool = False
    stand_ins: tuple[Objection, ...] = ()

    @property
    def first_hand(self) -> bool:
        """Return whether the service itself says so."""
        return self.edge.ground in FIRST_HAND


def weigh(case: Case) -> Suspect:
    """Return the provider as a suspect, with all that speaks for and against it."""
    edge, provider = case.edge, case.provider
    objections = [*_of_health(case), *case.stand_ins, *_of_place(case), *_of_time(case)]
    if edge.ground is Ground.RELATED and not case.hint:
        objections.append(Objection('which of the two needs the other is not known', True))
    hint = f'; {case.hint}' if case.hint else ''
    return Suspect(
        edge.provider,
        judged(_to_begin_with(case), objections),
        int(edge.ground),
        case.first_hand,
        f'{_ground_text(edge)}{_health_text(provider)}{hint}',
        tuple(objection.text for objection in objections),
    )


def judged(certainty: Certainty, objections: Iterable[Objection]) -> Certainty | None:
    """Return what the objections leave of it; `None` if one of them refutes it."""
    found = [*objections]
    if any(objection.refutes for objection in found):
        return None
    return certainty.lowered(len(found))


def _to_begin_with(case: Case) -> Certainty:
    if case.edge.ground in MISSED:
        return Certainty.CERTAIN
    unsure = case.edge.ground in (Ground.GUESSED, Ground.RELATED)
    return Certainty.POSSIBLE if unsure else Certainty.LIKELY


def _of_health(case: Case) -> Iterator[Objection]:
    provider = case.provider
    if provider.health is Health.PASSED:
        yield Objection('it is well', True)
    elif provider.lost:
        return
    elif not provider.seen:
        yield Objection('nobody looked at it', True)
    elif provider.health is Health.WARN:
        both = case.service.health is Health.WARN
        yield Objection('it only warns', both or not case.first_hand)
    elif provider.health is Health.UNKNOWN:
        yield Objection('what is wrong with it is not known')
    elif provider.ailing and provider.seems_well:
        yield Objection("its own checks pass; it is by Juju's word that it fails")


def _seems_well(reading: Reading) -> bool:
    """Return whether all that was seen of the unit itself is well."""
    word = reading.juju
    return looked_at(reading) and word is not None and word.seen is Health.PASSED


def _is_well(reading: Reading) -> bool:
    return reading.health is Health.PASSED and looked_at(reading)


def _of_place(case: Case) -> Iterator[Objection]:
    provider = case.provider
    if case.beside:
        here, there = case.service.ailing_machines, provider.ailing_machines
        if not here & there:
            yield Objection('it ails on other machines', True)
        elif not here <= there:
            yield Objection('it is well beside some of the units that ail')
        return
    well = provider.well
    if not case.named & provider.ailing and case.named & well:
        yield Objection(f'what it names is well: {fold_units(sorted(case.named))}', True)
    elif well and not case.named:
        yield Objection(f'{len(well)} of its {counted(len(provider.readings), "unit")} are well')


def _of_time(case: Case) -> Iterator[Objection]:
    effect, cause = case.service.onset, case.provider.onset
    if effect is not None and cause is not None and cause.is_after(effect):
        text = f'it is so only since {cause.at:%Y-%m-%d %H:%M:%SZ}'
        yield Objection(text)


def _ground_text(edge: Edge) -> str:
    via = f' ({edge.via})' if edge.via and edge.via != str(edge.provider) else ''
    over = f' over {edge.via}' if edge.via else ''
    return {
        Ground.WAITS: f'it waits for {edge.provider}{via}',
        Ground.NAMES: f'its check {edge.via} names {edge.provider}',
        Ground.MENTIONS: f'its check {edge.via} names {edge.provider}',
        Ground.CONFIGURED: f'by configuration it requires {edge.provider}',
        Ground.REQUIRES: f'it requires {edge.provider}{via}',
        Ground.SAAS: f'it uses {edge.provider}{over}',
        Ground.KNOWN: f'it uses {edge.provider}{over}',
        Ground.GUESSED: f'it seems to use {edge.provider}{over}',
        Ground.RELATED: f'it is related to {edge.provider}{over}',
    }[edge.ground]


def _health_text(provider: Provider) -> str:
    if not provider.seen and not provider.lost and provider.health is Health.UNKNOWN:
        return ', which nobody looked at'
    if provider.health is Health.UNKNOWN and provider.well:
        return ', a part of which is well'
    return {
        Health.FAIL: ', which fails',
        Health.WARN: ', which warns',
        Health.UNKNOWN: ', of which nothing is known',
        Health.PASSED: ', which is well',
    }[provider.health]

"""What one sweep saw, as the history keeps it: looks at subjects, facts about them, figures.

A pure reading of a snapshot: nothing here knows what was before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from charm.kernel.report import CheckResult, Health, State

from ..values.model import machine_chain
from ..values.node import NodeKind
from ..values.outcomes import ANSWERED, Depth
from ..values.readings import JUJU_STATUS, ServiceHealth, Snapshot
from .facts import facts_of
from .figures import figures_of
from .subject import CHECK, MACHINE, MODEL, SERVICE, UNIT, VIEW, Subject

# Enough to tell what failed; a stack trace belongs in a log.
_LONGEST = 1000
_DEPTHS = (Depth.OWN, Depth.MACHINE, Depth.JUJU, Depth.NONE)


@dataclass(frozen=True)
class Look:
    """What one sweep saw of one subject.

    Attributes:
        state: the word of its state; empty where it has none.
        evidence: how deep it was looked at, by `Depth`'s words; empty where that is not told.
        message: what was wrong; empty for what is well.
    """

    health: Health
    state: str = ''
    evidence: str = ''
    message: str = ''


@dataclass(frozen=True)
class EarlierLook:
    """What a unit's own reports say of it or a check, at a moment before the sweep.

    Attributes:
        at: when, by our clock (UTC).
        look: what the report of then said.
        times: of how many reports in a row this is the last; the others said the same.
        flip: whether the report before them said otherwise; not known to be so of the first.
    """

    at: datetime
    look: Look
    times: int = 1
    flip: bool = False


@dataclass(frozen=True)
class SweepLooks:
    """All that a sweep saw of one model.

    Attributes:
        model: its name, `controller:owner/name`, or as much of that as is known.
        uuid: its UUID; empty where that is unknown.
        at: when the sweep ended (UTC).
        whole: whether all of the model was looked at, so that what is not here is gone.
        whole_inventory: whether all of juju status could be read, so that what it lacks is gone.
        seen: whether anything was: a sweep that could not begin says nothing of the model.
        faults: what went wrong with the sweep itself.
        looks: of each subject.
        facts: of each subject, by their names.
        figures: of each check, from 0 to 1, by their names, such as `/ used`.
        between: of units and checks among `looks`, what was reported between the last sweep that
            was recorded and this one, the oldest first.
    """

    model: str
    uuid: str
    at: datetime
    whole: bool = True
    whole_inventory: bool = True
    seen: bool = True
    faults: tuple[str, ...] = ()
    looks: Mapping[Subject, Look] = field(default_factory=dict)
    facts: Mapping[Subject, Mapping[str, str]] = field(default_factory=dict)
    figures: Mapping[Subject, Mapping[str, float]] = field(default_factory=dict)
    between: Mapping[Subject, Sequence[EarlierLook]] = field(default_factory=dict)


def looks_of(snapshot: Snapshot, name: str = '', uuid: str = '', whole: bool = True) -> SweepLooks:
    """Return what a sweep saw of the model of that name; `whole` is false for one of a part."""
    model = snapshot.model
    seen = bool(snapshot.services)
    looks: dict[Subject, Look] = {}
    if seen:
        if whole:
            looks[Subject(MODEL, '')] = Look(snapshot.health)
        looks |= {
            Subject(VIEW, view.name): Look(view.health, message=said(view.health, view.because))
            for view in snapshot.views
        }
        for service in snapshot.services:
            looks.update(_looks_of_service(service))
        looks.update(_looks_of_machines(snapshot))
    return SweepLooks(
        model=name or model.full_name or model.title,
        uuid=uuid,
        at=snapshot.started_at + timedelta(seconds=snapshot.duration_seconds),
        whole=whole and snapshot.complete,
        whole_inventory=not model.faults,
        seen=seen,
        faults=snapshot.faults,
        looks=looks,
        facts=facts_of(snapshot) if seen else {},
        figures=figures_of(snapshot),
    )


def said(health: Health, message: str) -> str:
    """Return what is kept of a message: nothing of what is well."""
    return '' if health is Health.PASSED else ' '.join(message.split())[:_LONGEST]


def state_word(state: State | None) -> str:
    """Return the word of a state; empty for none."""
    return state.name.value if state else ''


def _looks_of_service(service: ServiceHealth) -> Iterator[tuple[Subject, Look]]:
    depths = [reading.evidence for reading in service.readings if reading.evidence]
    yield (
        Subject(SERVICE, service.name),
        Look(
            service.health,
            state_word(service.state),
            max(depths, key=_DEPTHS.index).value if depths else '',
            said(service.health, service.message or service.because),
        ),
    )
    for reading in service.readings:
        name = reading.unit.name
        evidence = reading.evidence.value if reading.evidence else ''
        message = said(reading.health, message_of(reading.checks, reading.message))
        yield (
            Subject(UNIT, name),
            Look(reading.health, state_word(reading.state), evidence, message),
        )
        for check in reading.checks:
            if check.name != JUJU_STATUS:
                told = said(check.health, check.message)
                yield Subject(CHECK, f'{name} {check.name}'), Look(check.health, message=told)


def message_of(checks: Iterable[CheckResult], otherwise: str) -> str:
    """Return what the worst of a unit's checks says, or otherwise what is said of it."""
    unwell = [check for check in checks if check.health is not Health.PASSED]
    worst = max(unwell, key=lambda check: check.health.rank, default=None)
    return f'{worst.name}: {worst.message}' if worst else otherwise


def _looks_of_machines(snapshot: Snapshot) -> Iterator[tuple[Subject, Look]]:
    """Yield each machine with units that were asked: blamed, heard of, or neither."""
    machines = snapshot.model.machines
    blamed = {
        cause.node.name: cause for cause in snapshot.causes if cause.node.kind is NodeKind.MACHINE
    }
    heard: dict[str, bool] = {}
    for reading in snapshot.readings():
        for machine in machine_chain(machines, reading.unit.machine):
            heard[machine] = heard.get(machine, False) or reading.outcome in ANSWERED
    for machine, answered in heard.items():
        if machine not in machines:
            continue
        cause = blamed.get(machine)
        if cause is not None:
            message = said(cause.health, cause.message)
            yield Subject(MACHINE, machine), Look(cause.health, message=message)
        elif answered:
            yield Subject(MACHINE, machine), Look(Health.PASSED)
        else:
            message = (
                f'juju says {machines[machine].agent.said("nothing")}; nothing on it answered'
            )
            yield Subject(MACHINE, machine), Look(Health.UNKNOWN, message=message)

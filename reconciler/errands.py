"""What to ask where: one errand per machine, or per pod, with a request for each unit there."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from .ask.hook import Request
from .model import Application, Model, Unit

HEALTH_CHARM = 'juju-health'
AGENTS = '/var/lib/juju/agents'


@dataclass(frozen=True)
class Asked:
    """One unit's request.

    Attributes:
        unit: the unit it is for.
        request: what to run.
        shipped: a health charm is there to answer, so that a missing hook is a fault; otherwise
            it is only a charm that ships none.
    """

    unit: Unit
    request: Request
    shipped: bool


@dataclass(frozen=True)
class Errand:
    """One connection: everything to ask on one machine.

    Attributes:
        place: the machine's id, or a pod's unit.
        target: the unit to name to `juju ssh`.
        asked: the requests, in unit order.
    """

    place: str
    target: str
    asked: tuple[Asked, ...]


def hook_path(unit: str) -> str:
    """Return where Juju puts the health hook of a unit's charm (agent/agent.go)."""
    return f'{AGENTS}/unit-{unit.replace("/", "-")}/charm/hooks/health'


def local_request(unit: str) -> Request:
    """Return the request for this machine itself, which needs no charm."""
    return Request(unit, sys.executable, ('-m', 'charm', '--unit', unit))


def plan_errands(
    model: Model, units: Iterable[Unit], deadline_seconds: float, local: bool = False
) -> tuple[Errand, ...]:
    """Return the errands that ask `units`, in order of their places' first mention.

    A unit without a machine in a machine model has nowhere to be asked, and is left out. The hooks
    of health charms are told to end by themselves within `deadline_seconds`.
    """
    reporters = _reporters(model)
    places: dict[str, list[Asked]] = {}
    for unit in units:
        place = unit.name if model.is_k8s else unit.machine
        if place:
            asked = _ask(unit, reporters.get(unit.name), deadline_seconds, local)
            places.setdefault(place, []).append(asked)
    return tuple(
        Errand(place, asked[0].unit.name, tuple(asked)) for place, asked in places.items()
    )


def _reporters(model: Model) -> dict[str, Unit]:
    """Return who answers: for a unit's name, the health subordinate beside it, or itself."""
    reporters: dict[str, Unit] = {}
    for application in model.applications.values():
        if is_health_charm(application):
            for unit in application.units:
                reporters[unit.name] = unit
                if unit.principal:
                    reporters[unit.principal] = unit
    return reporters


def is_health_charm(application: Application) -> bool:
    """Return whether the application is this project's charm, under whatever name."""
    return application.charm == HEALTH_CHARM


def _ask(unit: Unit, reporter: Unit | None, deadline_seconds: float, local: bool) -> Asked:
    if local:
        return Asked(unit, local_request(unit.name), shipped=True)
    if reporter is None:
        return Asked(unit, Request(unit.name, hook_path(unit.name)), shipped=False)
    arguments = ('--unit', unit.name, '--deadline', f'{deadline_seconds:g}')
    return Asked(unit, Request(unit.name, hook_path(reporter.name), arguments), shipped=True)

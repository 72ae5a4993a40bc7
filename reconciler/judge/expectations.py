"""What the operator expects of a service, where that is something else than reports.

It is told in the notes of the sweep, so that green means what the operator says it means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from charm.kernel.report import Health

from ..config.settings import Expectation
from ..values.advice import NO_ADVICE
from ..values.model import Application
from ..values.outcomes import HEARD, Depth
from ..values.readings import Outcome, Reading, ServiceHealth
from ..values.words import counted, first_few

_MOST_NAMES = 8


def with_depth(reading: Reading) -> Reading:
    """Return the reading with how deep its unit was looked at."""
    if reading.outcome in HEARD:
        return replace(reading, evidence=Depth.OWN)
    if reading.outcome is Outcome.PROBED:
        return replace(reading, evidence=Depth.MACHINE)
    unit = reading.unit
    told = bool(unit.workload.current) and unit.agent.current != 'lost'
    return replace(reading, evidence=Depth.JUJU if told else Depth.NONE)


def taken(reading: Reading, expectation: Expectation) -> Reading:
    """Return the reading as good as Juju's word, where that is enough and there is one.

    A unit that was asked and did not answer is no better for it. Doing it again changes nothing.
    """
    enough = expectation is Expectation.JUJU_WORD and reading.outcome is Outcome.NOT_SHIPPED
    if not enough or reading.evidence is not Depth.JUJU or reading.juju or is_taken(reading):
        return reading
    message = f'{reading.message}; health.yaml takes its word'
    return replace(reading, health=Health.PASSED, message=message, advice=NO_ADVICE)


def is_taken(reading: Reading) -> bool:
    """Return whether Juju's word was enough for it."""
    return reading.outcome is Outcome.NOT_SHIPPED and reading.health is Health.PASSED


def without_units(
    service: ServiceHealth, application: Application, expectation: Expectation
) -> ServiceHealth:
    """Return the service as well as it is, if it is to have no units and has none."""
    if expectation is not Expectation.NO_UNITS or application.units or application.scale:
        return service
    message = 'it has no units, as health.yaml expects'
    return replace(service, health=Health.PASSED, message=message, because='')


def notes(services: Sequence[ServiceHealth], left_out: Sequence[str]) -> tuple[str, ...]:
    """Return what has to be said of services for which less was enough, and of those left out.

    Whoever reads that all is well should know what that rests on.
    """
    told = [service for service in services if any(map(is_taken, service.readings))]
    units = sum(is_taken(reading) for service in told for reading in service.readings)
    empty = [one.name for one in services if one.health is Health.PASSED and not one.readings]
    found = []
    if told:
        names = first_few([service.name for service in told], _MOST_NAMES)
        found.append(f"Juju's word was enough for {counted(units, 'unit')} of {names}")
    if empty:
        found.append(f'no units are expected of {first_few(empty, _MOST_NAMES)}')
    if left_out:
        found.append(f'left out: {first_few(left_out, _MOST_NAMES)}')
    return (*(f'{one} (health.yaml)' for one in found), *_by_machine(services))


def _by_machine(services: Sequence[ServiceHealth]) -> Iterator[str]:
    """Yield how many units passed without anybody having looked at the service itself."""
    shallow = [
        reading
        for service in services
        for reading in service.readings
        if reading.evidence is Depth.MACHINE and reading.health is Health.PASSED
    ]
    if shallow:
        yield f'{counted(len(shallow), "unit")} passed by machine and agent alone: no hook there'

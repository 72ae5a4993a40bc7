"""The troubles of a service: each failing check or silent unit, and its possible origin.

A full disk is not explained by a database that is away, and a refused connection may be. That is
all this decides.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from charm.kernel.builtin_checks import BUILT_IN_CHECKS, Scope
from charm.kernel.report import Health, State, StateName

from ..values.leaving import staying
from ..values.model import Model
from ..values.outcomes import HEARD, NOT_REACHED, OF_MACHINE, Depth
from ..values.readings import JUJU_STATUS, Outcome, Reading, ServiceHealth

# The built-in checks that look at their machine alone.
LOCAL_CHECKS = frozenset(
    name for name, check in BUILT_IN_CHECKS.items() if check.scope is Scope.MACHINE
)
# All built-in ones: units beside each other on a machine say the same.
MACHINE_CHECKS = frozenset(BUILT_IN_CHECKS)
# The check that stands for a definition which cannot be read.
_DEFINITION = 'definition:'
_OWN_OUTCOMES = frozenset(
    {Outcome.HOOK_MISSING, Outcome.HOOK_BROKEN, Outcome.INVALID, Outcome.UNASSIGNED}
)
_GONE = frozenset({'down', 'stopped', 'error'})
_BEING_MADE = frozenset({StateName.BUILDING, StateName.INSTALLING, StateName.CHURNING})


class Origin(enum.Enum):
    """The place that a trouble may be from."""

    OWN = 'own'
    ANYWHERE = 'anywhere'
    MACHINE = 'machine'
    UNSEEN = 'unseen'


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong with one unit.

    Attributes:
        unit: whose; empty for units that do not exist.
        check: the check that did not pass; empty for a unit without a report.
        health: how bad it is, never `PASSED`.
        origin: where it may be from.
        message: the evidence, one line.
        seen: it rests on a look at the unit, or on what Juju says of it.
    """

    unit: str
    check: str
    health: Health
    origin: Origin
    message: str = ''
    seen: bool = True

    @property
    def order(self) -> tuple[int, str, str, str]:
        """Return a sort key: the worst first, then by name."""
        return -self.health.rank, self.unit, self.check, self.message


def looked_at(reading: Reading) -> bool:
    """Return whether the unit itself was looked at."""
    return reading.outcome in HEARD or reading.evidence not in (None, Depth.JUJU, Depth.NONE)


def is_seen_to_fail(trouble: Trouble) -> bool:
    """Return whether somebody saw the unit fail."""
    return trouble.seen and trouble.health is Health.FAIL


def is_stuck(state: State | None) -> bool:
    """Return whether somebody says that it goes no further."""
    return state is not None and state.name in (StateName.BLOCKED, StateName.ERROR)


def machine_gone(model: Model, machine: str) -> bool:
    """Return whether juju itself says that the machine is down or was never made."""
    known = model.machines.get(machine)
    return known is not None and (
        known.agent.current in _GONE or known.instance.current == 'provisioning error'
    )


def troubles_of(model: Model, service: ServiceHealth) -> tuple[Trouble, ...]:
    """Return what is wrong with a service that is not well, the worst first; else nothing."""
    if service.health is Health.PASSED:
        return ()
    found = [t for reading in staying(service.readings) for t in _of_reading(model, reading)]
    absent = service.coverage.expected - len(service.readings)
    if absent > 0:
        message = f'{absent} of {service.coverage.expected} wanted units do not exist'
        found.append(Trouble('', '', Health.UNKNOWN, Origin.OWN, message))
    if service.juju is not None:
        origin = _origin_of_juju_word(service.state)
        found.append(Trouble('', JUJU_STATUS, service.juju.ceiling, origin, service.message))
    return tuple(sorted(found, key=lambda trouble: trouble.order))


def worst_of(troubles: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    """Return those that are as bad as the worst."""
    return tuple(t for t in troubles if t.health is troubles[0].health)


def _of_reading(model: Model, reading: Reading) -> Iterator[Trouble]:
    if reading.health is Health.PASSED:
        return
    failing = [check for check in reading.checks if check.health is not Health.PASSED]
    for check in failing:
        own = check.name in LOCAL_CHECKS or check.name.startswith(_DEFINITION)
        origin = Origin.OWN if own else Origin.ANYWHERE
        message = f'{check.name}: {check.message}'
        if check.name == JUJU_STATUS and reading.juju is not None:
            origin, message = _origin_of_juju_word(reading.state), check.message
        yield Trouble(reading.unit.name, check.name, check.health, origin, message)
    if not failing:
        origin = _origin(model, reading)
        seen = looked_at(reading) or is_stuck(reading.state) or _is_being_made(reading.state)
        yield Trouble(reading.unit.name, '', reading.health, origin, reading.message, seen)


def _origin_of_juju_word(state: State | None) -> Origin:
    """Return where it may be from that Juju says more of somebody than that all is well."""
    return Origin.ANYWHERE if is_stuck(state) else Origin.OWN


def _is_being_made(state: State | None) -> bool:
    return state is not None and state.name in _BEING_MADE


def _origin(model: Model, reading: Reading) -> Origin:
    """Return where the trouble of a unit may be from that names no failing check."""
    outcome = reading.outcome
    if outcome in NOT_REACHED | OF_MACHINE:
        return Origin.MACHINE
    if outcome is Outcome.NOT_SHIPPED and machine_gone(model, reading.unit.machine):
        return Origin.MACHINE
    if is_stuck(reading.state) or outcome is Outcome.TIMEOUT:
        return Origin.ANYWHERE
    if outcome in _OWN_OUTCOMES:
        return Origin.OWN
    if _is_being_made(reading.state) or reading.unit.agent.current == 'lost':
        return Origin.OWN
    return Origin.UNSEEN

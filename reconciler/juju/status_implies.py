"""The state that juju status alone implies of a unit: a pure table.

`active` is what a hook said once, so it is a state and never health; what Juju's words mean for a
unit's health, `ceiling_table` says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from charm.kernel.report import State, StateName

from ..values.model import Application, Machine, StatusInfo, Unit


@dataclass(frozen=True)
class ImpliedState:
    """The state that a unit's juju status stands for.

    Attributes:
        state: with its duration from `since` and its blockers from the message.
        message: one line that says so.
    """

    state: State
    message: str


# Workload words (core/status/status.go, Juju 3.6); the agent's words come first, see `derive`.
_WORKLOAD = {
    'active': StateName.UP,
    'maintenance': StateName.CHURNING,
    'waiting': StateName.BLOCKED,
    'blocked': StateName.BLOCKED,
    'error': StateName.ERROR,
    'allocating': StateName.BUILDING,
}
# `waiting` is also what Juju itself says of a unit that it still brings up.
_BUILDING = re.compile(r'waiting for (machine|container|pod)|^allocating', re.IGNORECASE)
_INSTALLING = re.compile(
    r'installing (agent|charm)|agent initiali[sz]ing|running install hook|(charm )?software',
    re.IGNORECASE,
)
# How charms say what they wait for: "Missing relations: amqp, database", "'db' missing",
# "waiting for shared-db relation", "Database relation missing", "database relation is required".
_BLOCKERS = (
    re.compile(r'(?:relations?|integrations?) (?:missing|incomplete|required)\s*:\s*(\S.*)', re.I),
    re.compile(
        r'(?:missing|incomplete|required) (?:relation|integration)(?:s|(?!s))'
        r'\s*(?:[:-]\s*)?(\S.*)',
        re.I,
    ),
    re.compile(r'waiting for (?:the )?([\w-]+)(?: relation| integration|$)', re.I),
    re.compile(r"'([\w-]+)' (?:missing|incomplete)", re.I),
    re.compile(
        r'(?:^|[^\w-])([\w-]+) (?:relation|integration)(?: is)?'
        r' (?:missing|incomplete|required|not ready)',
        re.I,
    ),
    re.compile(r'(?:missing|no|need|needs) ([\w-]+) (?:relation|integration)', re.I),
)
_NAME = re.compile(r'[\w][\w.-]*')
_MAX_BLOCKERS = 20
# A charm says in its first words what it waits for.
_MOST_LOOKED_AT = 1000


def derive(
    unit: Unit, application: Application, machine: Machine | None, now: datetime
) -> ImpliedState:
    """Return what juju status implies about the unit at `now`."""
    for info in (unit.workload, unit.agent, application.status):
        if info.failed:
            return _derived(StateName.UNKNOWN, info, now)
    if machine is not None and machine.instance.current == 'provisioning error':
        return _derived(StateName.ERROR, machine.instance, now)
    if unit.workload.current == 'error' or unit.agent.current in ('error', 'failed'):
        # A machine that went since does not undo it.
        told = unit.workload if unit.workload.current == 'error' else unit.agent
        return _derived(StateName.ERROR, told, now)
    if machine is not None and machine.agent.current in ('down', 'stopped', 'error'):
        return _derived(StateName.UNKNOWN, _machine_down(machine), now)
    if unit.agent.current == 'lost':
        return _derived(StateName.UNKNOWN, unit.agent, now)
    if unit.agent.current == 'allocating':
        return _derived(StateName.BUILDING, unit.agent, now)
    return _of_workload(unit, now)


def _of_workload(unit: Unit, now: datetime) -> ImpliedState:
    workload = unit.workload
    name = _WORKLOAD.get(workload.current, StateName.UNKNOWN)
    if unit.upgrading_from and workload.current in ('active', 'unknown'):
        message = f'its charm is being upgraded from {unit.upgrading_from}'
        return _derived(StateName.CHURNING, replace(workload, message=message), now)
    if workload.current in ('waiting', 'maintenance', 'unknown'):
        agent_and_workload = f'{workload.message}\n{unit.agent.message}'
        if workload.current == 'waiting' and _BUILDING.search(workload.message):
            name = StateName.BUILDING
        elif _INSTALLING.search(agent_and_workload):
            name = StateName.INSTALLING
    return _derived(name, workload, now)


def _machine_down(machine: Machine) -> StatusInfo:
    message = f'machine {machine.id} is {machine.agent.said()}'
    return StatusInfo(machine.agent.current, message, machine.agent.since)


def _derived(name: StateName, told: StatusInfo, now: datetime) -> ImpliedState:
    duration = None if told.since is None else max(0.0, (now - told.since).total_seconds())
    blockers = blockers_in(told.message) if name is StateName.BLOCKED else ()
    state = State(name, duration, told.since, told.message, blockers)
    return ImpliedState(state, f'juju status says {told.said("nothing")}')


def blockers_in(message: str) -> tuple[str, ...]:
    """Return what a charm's message says it waits for, sorted; empty if it does not say."""
    told = message[:_MOST_LOOKED_AT]
    for pattern in _BLOCKERS:
        found = pattern.search(told)
        if found:
            parts = re.split(r',|;|\band\b|\s+', found[1])
            names = {part.strip('\'"().:').lower() for part in parts}
            clean = sorted(name for name in names if _NAME.fullmatch(name))
            if clean:
                return tuple(clean[:_MAX_BLOCKERS])
    return ()

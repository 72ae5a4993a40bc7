"""What to ask where: one errand per machine, or per pod, with a request for each unit there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from charm.kernel.names import tag_of

from ..values.model import HEALTH_CHARM, Application, Model, Unit
from .frames import Request
from .modes import AUTO, PUSH, AskMode, Programs, request_for
from .orphans import AGENTS
from .probe import ProbeOptions, look_at

BY_HOOK = AskMode('hook')
_OF_AGENTS = ('agent', 'log')
# One that nobody answers on may take two seconds to find out.
_MOST_PORTS = 32


@dataclass(frozen=True)
class UnitRequest:
    """The request for one unit.

    Attributes:
        unit: the unit it is for.
        request: what to run.
        shipped: a health charm is there to answer, so that a missing hook is a fault; otherwise
            it is only a charm that ships none.
        hook: the path of the hook that answers for the unit, whoever is asked now.
        looked: if there is no such hook, its machine is looked at.
    """

    unit: Unit
    request: Request
    shipped: bool
    hook: str = ''
    looked: bool = False


@dataclass(frozen=True)
class MachineRequest:
    """Everything to ask on one machine, over one connection.

    Attributes:
        place: the machine's id, or a pod's unit.
        target: the unit to name to `juju ssh`.
        stand_ins: what to name instead, one after another, if that is gone by then.
        asked: the requests, in unit order.
        probe: what looks at the machine for those without a hook; `None` where nobody wants it.
        gone: Juju has not heard of anybody there for long: one try is enough to see whether it
            is right.
    """

    place: str
    target: str
    asked: tuple[UnitRequest, ...]
    probe: Request | None = None
    gone: bool = False
    stand_ins: tuple[str, ...] = ()

    @property
    def requests(self) -> tuple[Request, ...]:
        """Return the requests of all units, and the probe's after them."""
        probes = () if self.probe is None else (self.probe,)
        return (*(asked.request for asked in self.asked), *probes)


def hook_path(unit: str) -> str:
    """Return where Juju puts the health hook of a unit's charm (agent/agent.go)."""
    return f'{AGENTS}/{tag_of(unit)}/charm/hooks/health'


def agent_path(unit: str) -> str:
    """Return where the agent's client is in a unit's charm: beside its health hook."""
    return f'{hook_path(unit)}-agent'


def local_programs(unit: str) -> Programs:
    """Return what to run for this machine itself, which needs no charm."""
    agent = 'import sys; from charm.agent.cli import main; sys.exit(main())'
    return Programs(
        unit, (sys.executable, '-m', 'charm', '--unit', unit), (sys.executable, '-c', agent)
    )


def plan_errands(
    model: Model,
    units: Iterable[Unit],
    deadline_seconds: float,
    local: bool = False,
    mode: AskMode = BY_HOOK,
) -> tuple[MachineRequest, ...]:
    """Return the errands that ask `units`, in order of their places' first mention.

    A unit without a machine in a machine model has nowhere to be asked, and is left out. The hooks
    of health charms are told to end by themselves within `deadline_seconds`.
    """
    if mode.name == PUSH and not mode.checks:
        return ()
    reporters = _reporters(model)
    probe = None if local or mode.checks else mode.probe
    places: dict[str, list[UnitRequest]] = {}
    for unit in units:
        place = unit.name if model.is_k8s else unit.machine
        if place:
            reporter = reporters.get(unit.name)
            programs = _programs(unit, reporter, deadline_seconds, local)
            shipped = local or reporter is not None
            taken = _without_detour(mode, unit, reporter)
            looked = probe is not None and not shipped and unit.application not in probe.spared
            request, hook = request_for(programs, taken), programs.hook[0]
            asked = UnitRequest(unit, request, shipped, hook, looked)
            places.setdefault(place, []).append(asked)
    return tuple(
        MachineRequest(
            place,
            asked[0].unit.name,
            tuple(asked),
            None if probe is None else _look(asked, deadline_seconds, probe),
            _is_gone(model, place, asked),
            () if model.is_k8s else _stand_ins(place, asked),
        )
        for place, asked in places.items()
    )


def _stand_ins(place: str, asked: Sequence[UnitRequest]) -> tuple[str, ...]:
    """Return the next unit on a machine, if there is one, and the machine itself.

    Not all units: Juju 4 looks for one that is gone for 18 to 20 seconds.
    """
    return (*(one.unit.name for one in asked[1:2]), place)


def _look(
    asked: Sequence[UnitRequest], deadline_seconds: float, options: ProbeOptions
) -> Request | None:
    """Return what looks at the machine for those who want that."""
    hooks = [one.hook for one in asked if one.looked]
    ports = sorted({port for one in asked if one.looked for port in one.unit.tcp_ports})
    if not hooks:
        return None
    return look_at(asked[0].unit.name, ports[:_MOST_PORTS], hooks, deadline_seconds, options)


def _is_gone(model: Model, place: str, asked: Iterable[UnitRequest]) -> bool:
    machine = model.machines.get(place)
    down = machine is not None and machine.agent.current == 'down'
    return down or all(request.unit.agent.current == 'lost' for request in asked)


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


def _without_detour(mode: AskMode, unit: Unit, reporter: Unit | None) -> AskMode:
    """Return the mode to a unit: the hook has to do for a health charm's own unit.

    Its agent is there for the principal, and need not report for the charm itself.
    """
    if reporter is unit and mode.name in _OF_AGENTS and not mode.checks:
        return replace(mode, name=AUTO)
    return mode


def _programs(unit: Unit, reporter: Unit | None, seconds: float, local: bool) -> Programs:
    if local:
        return local_programs(unit.name)
    if reporter is None:
        own = hook_path(unit.name)
        return Programs(unit.name, (own,), (agent_path(unit.name),))
    hook = (hook_path(reporter.name), '--unit', unit.name, '--deadline', f'{seconds:g}')
    return Programs(unit.name, hook, (agent_path(reporter.name),))

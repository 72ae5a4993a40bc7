"""What the agent has to do, read from its files: at the start, and again on SIGHUP."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, Tuple

from ..kernel.deadline import Deadline
from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass, replace
from ..kernel.identity import own_unit
from ..kernel.paths import HERE
from ..reporting.plan import PLAN_SECONDS, Plan, make_plan
from ..reporting.runner import Callback
from ..sources import callback_loading
from ..sources.callbacks import BoundCallback
from . import config as config_file
from . import units as units_directory
from .config import Config
from .residence import Residence
from .units import Unit


@dataclass(frozen=True)
class LauncherArguments:
    """The arguments of a charm's launcher, as it gives it to `charm.cli.main` in `hooks/health`.

    Attributes:
        callbacks: by services' names, or globs.
        services: the charm's services framework definitions.
        charm: the directory of the charm; `None` for the one this package is in.
        residence: makes what tells whether the agent still has a place on this machine; `None` if
            it has.
        apart: returns one of the callbacks so that another process calls it.
    """

    callbacks: Optional[Mapping[str, Iterable[Callback]]] = None
    services: Sequence[Mapping[str, Any]] = ()
    charm: Optional[Path] = None
    residence: Optional[Callable[[], Residence]] = None
    apart: Callable[[BoundCallback], BoundCallback] = lambda bound: bound


@dataclass(frozen=True)
class Setup:
    """The agent's work, as its files ask for it.

    Attributes:
        config: the operator's file.
        units: for whom to report, each with what to run.
        faults: files of units that cannot be used; each is an `unknown` check of every unit.
    """

    config: Config
    units: Tuple[Tuple[Unit, Plan], ...]
    faults: Tuple[DefinitionError, ...] = ()

    @property
    def unusable(self) -> Tuple[str, ...]:
        """Return what cannot be used, and why: what is wrong for several units once."""
        of_checks = (fault for _unit, plan in self.units for fault in plan.unusable)
        return tuple(dict.fromkeys((*map(str, self.faults), *of_checks)))


def read_setup(path: Path, given: LauncherArguments) -> Setup:
    """Read everything; `path` is that of `agent.yaml`.

    Raises:
        DefinitionError: `agent.yaml`, or what the launcher gives, cannot be used.
    """
    config = config_file.load(path)
    units, faults = units_directory.load(config.units)
    if not units:
        name = own_unit(charm=given.charm)
        units = (Unit(name, name),)
    # Once for the machine: each file is a process as long as it is of use.
    plugged = callback_loading.load(HERE.callbacks, Deadline.after(PLAN_SECONDS))
    planned = []
    for unit in units:
        plan = make_plan(
            unit.name,
            unit.reporter,
            given.callbacks,
            config.definitions,
            given.services,
            apart=given.apart,
            plugged=plugged,
        )
        planned.append((unit, replace(plan, faults=(*plan.faults, *faults))))
    return Setup(config, tuple(planned), faults)

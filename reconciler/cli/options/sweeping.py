"""What several commands are told alike: which model, how to get there, how hard to try."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import click

from charm.kernel.deadline import Deadline
from charm.kernel.identity import own_unit
from charm.kernel.names import service_of
from charm.kernel.safe_text import clean
from reconciler.collect.fanout import FanoutLimits
from reconciler.config.settings import NOTHING, Config
from reconciler.config.suppressions import SuppressionEntry
from reconciler.juju import status
from reconciler.juju.command import Juju
from reconciler.reach.base import Reach
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.lanes import ASIDE_EACH, ASIDE_EACH_WITHOUT_PROCESS, Pace
from reconciler.reach.local import LocalReach
from reconciler.values.by_name import load
from reconciler.values.cost import SAID, STATUS, SweepCost
from reconciler.values.errors import UsageError
from reconciler.values.freshness import MAX_STATUS_AGE_SECONDS
from reconciler.values.model import Application, Machine, Model, Unit
from reconciler.values.time_budget import TimeBudget

from .juju_door import door
from .modes import AskOptions
from .said import said_store
from .saved import read_dated_status
from .told import NO_OPTION

# A server that is shared by many answers in milliseconds, and a sweep goes on without it.
_SAID_SECONDS = 10.0


@dataclass(frozen=True)
class SweepOptions(AskOptions):
    """The options of whom to ask, and how.

    Attributes:
        again: no option: whether the command asks the same machines again, so that connections of
            our own are worth keeping.
        paces, cost: no options: what the sweeps of each model took that this command made before,
            and where the time of this one goes.
    """

    model: str
    status_file: str | None
    juju: str
    reach: str
    connect_timeout: int
    ssh_options: tuple[str, ...]
    workers: int
    timeout: int
    deadline: float
    attempts: int
    quiet: bool
    jump: str = ''
    config: Config = NOTHING
    max_status_age: float = MAX_STATUS_AGE_SECONDS
    again: bool = field(default=False, metadata=NO_OPTION)
    paces: dict[tuple[str, str], Pace] = field(default_factory=dict, metadata=NO_OPTION)
    cost: SweepCost = field(default_factory=SweepCost, metadata=NO_OPTION)

    @property
    def is_local(self) -> bool:
        """Return whether this machine alone is asked."""
        return self.reach == 'local'

    @property
    def door(self) -> Juju:
        """Return the door to the juju command."""
        return door(self.juju, self.model)

    @property
    def time(self) -> TimeBudget:
        """Return how long each share of a sweep may take."""
        return TimeBudget(self.deadline, self.timeout, self.connect_timeout)

    @property
    def limits(self) -> FanoutLimits:
        """Return how hard to try."""
        by_process = self.reach == 'juju' and not self.agent_token_file
        aside = ASIDE_EACH if by_process else ASIDE_EACH_WITHOUT_PROCESS
        return FanoutLimits(self.workers, self.attempts, time=self.time, aside_each=aside)

    def pace(self, model: Model) -> Pace:
        """Return what the sweeps of a model took, for the next one of this command."""
        return self.paces.setdefault((model.controller, model.name), Pace())

    def suppressions(self, until: Deadline) -> tuple[SuppressionEntry, ...]:
        """Return what operators said of troubles on the command line; say so if that is lost."""
        # A file takes no time.
        timed = self.cost.step(SAID) if self.config.history.database else nullcontext()
        with timed:
            said = said_store(self.config).read_if_possible(until.within(_SAID_SECONDS))
        for fault in said.faults:
            click.echo(f'reconcile-health: {clean(fault)}', err=True)
        return said.entries

    def inventory(self, until: Deadline) -> Model:
        """Return the model to ask.

        Raises:
            UsageError: the saved status cannot be read.
            JujuError, StatusError: there is none to be had.
        """
        if self.is_local:
            return local_model()
        owner = self.model.rpartition(':')[2].rpartition('/')[0]
        with self.cost.step(STATUS):
            return replace(self._described(until), owner=owner)

    def _described(self, until: Deadline) -> Model:
        if self.status_file:
            return read_dated_status(self.status_file, self.max_status_age)
        return status.decode(self.door.status(until))

    def way(self, model: Model) -> Reach:
        """Return how bytes travel to the model's units.

        Raises:
            UsageError: not in this way, with this model.
        """
        if self.is_local:
            return LocalReach()
        through_juju = JujuSSH(
            self.door,
            model.is_k8s,
            self.time.connect_timeout_seconds,
            self.ssh_options,
            model.major,
        )
        if self.reach == 'direct':
            return _direct(model, through_juju, self.jump, self.again)
        if self.jump:
            raise UsageError('cannot use --jump without --reach direct: juju has its own proxy')
        return through_juju


def _direct(model: Model, vouching: JujuSSH, jump: str, again: bool) -> Reach:
    """Return the direct reach, by its name: no other waits for what speaks ssh to load."""
    direct_reach = load('reconciler.cli.options.direct:direct_reach')
    reach: Reach = direct_reach(model, vouching, jump, again)
    return reach


def local_model() -> Model:
    """Return this machine as a model of one unit."""
    unit = Unit(own_unit(), service_of(own_unit()), machine='0')
    return Model(
        name='this machine',
        machines={'0': Machine('0')},
        applications={unit.application: Application(unit.application, units=(unit,))},
    )

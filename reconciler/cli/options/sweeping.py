"""What several commands are told alike: which model, how to get there, how hard to try."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import click

from charm.kernel.deadline import Deadline
from charm.kernel.identity import own_unit
from charm.kernel.names import service_of
from reconciler.collect.fanout import FanoutLimits
from reconciler.config import suppressions_file
from reconciler.config.settings import NOTHING, Config
from reconciler.config.suppressions import SuppressionEntry
from reconciler.juju import status
from reconciler.juju.command import Juju
from reconciler.reach.base import Reach
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.lanes import ASIDE_EACH, ASIDE_EACH_WITHOUT_PROCESS, Pace
from reconciler.reach.local import LocalReach
from reconciler.saved.status_age import MAX_STATUS_AGE_SECONDS
from reconciler.values.cost import STATUS, SweepCost
from reconciler.values.errors import UsageError
from reconciler.values.model import Application, Machine, Model, Unit
from reconciler.values.time_budget import TimeBudget

from .completing import files, models
from .config_option import config_option
from .direct import direct_reach
from .durations import Duration, duration_option
from .juju_door import door
from .modes import ASK_OPTIONS, AskOptions
from .saved import read_dated_status
from .told import NO_OPTION, adding, number_option

juju_option = click.option(
    '--juju', default='juju', metavar='PATH', shell_complete=files, help='The juju command.'
)
_MODEL = (
    click.option(
        '-m',
        '--model',
        default='',
        metavar='[CONTROLLER:]MODEL',
        shell_complete=models,
        help='The Juju model to ask; by default the current one.',
    ),
    click.option(
        '--status',
        'status_file',
        type=click.Path(exists=True, dir_okay=False, allow_dash=True),
        help='Take the inventory from a saved `juju status`, JSON or YAML; - is stdin.',
    ),
    duration_option(
        '--max-status-age',
        Duration(0, 100 * 365 * 86400),
        MAX_STATUS_AGE_SECONDS,
        'With --status: a file that is older makes the sweep incomplete.',
    ),
    juju_option,
    config_option,
)
_WAY = (
    click.option(
        '--reach',
        type=click.Choice(['juju', 'direct', 'local']),
        default='juju',
        show_default=True,
        help='How to get to the units: through juju ssh, by ssh connections of our own, or only '
        'this machine.',
    ),
    click.option(
        '--jump',
        default='',
        metavar='[USER@]HOST[:PORT]|controller',
        help="With --reach direct: a host to go through, or the controller's machine.",
    ),
    duration_option(
        '--connect-timeout',
        Duration(1, 600, whole=True),
        TimeBudget.connect_timeout_seconds,
        'How long ssh may take to connect.',
    ),
    click.option(
        '--ssh-option',
        'ssh_options',
        multiple=True,
        metavar='OPTION=VALUE',
        help='Further options for ssh, such as KexAlgorithms=curve25519-sha256; may be repeated.',
    ),
)
_EFFORT = (
    number_option('--workers', 16, 256, 'COUNT', 'Machines asked at once.'),
    duration_option(
        '--timeout',
        Duration(1, 3600, whole=True),
        TimeBudget.timeout_seconds,
        'How long the hooks of one machine may take, in one attempt.',
    ),
    duration_option(
        '--deadline',
        Duration(1, 86400),
        TimeBudget.deadline_seconds,
        'When it ends, with what has arrived by then.',
    ),
    number_option(
        '--attempts', 3, 10, 'COUNT', 'Tries per machine, for faults of the network only.'
    ),
    click.option('-q', '--quiet', is_flag=True, help='No progress on stderr.'),
)


# They make a `SweepOptions`.
asking_options = adding(*_MODEL, *_WAY, *ASK_OPTIONS, *_EFFORT)


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

    def suppressions(self) -> tuple[SuppressionEntry, ...]:
        """Return what operators said of troubles on the command line; say so if that is lost."""
        said = suppressions_file.read_if_possible(suppressions_file.default_path())
        if said.fault:
            click.echo(f'reconcile-health: {said.fault}', err=True)
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
            return direct_reach(model, through_juju, self.jump, self.again)
        if self.jump:
            raise UsageError('cannot use --jump without --reach direct: juju has its own proxy')
        return through_juju


def local_model() -> Model:
    """Return this machine as a model of one unit."""
    unit = Unit(own_unit(), service_of(own_unit()), machine='0')
    return Model(
        name='this machine',
        machines={'0': Machine('0')},
        applications={unit.application: Application(unit.application, units=(unit,))},
    )

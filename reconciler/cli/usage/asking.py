"""What several commands are told alike: which model, how to get there, what to ask, how hard."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.freshness import MAX_AGE_SECONDS, MAX_STATUS_AGE_SECONDS
from reconciler.values.time_budget import TimeBudget

from .completing import controllers, files, models, services, units
from .configured import config_option
from .declare import Option, adding, number_option
from .durations import Duration, duration_option

AGENT_PORT = 8641
RECEIVER_PORT = 8642

juju_option = click.option(
    '--juju', default='juju', metavar='PATH', shell_complete=files, help='The juju command.'
)


def model_option(told: str) -> Option[Any]:
    """Return the option for the model; what it means to a command is `told`."""
    return click.option(
        '-m',
        '--model',
        default='',
        metavar='[CONTROLLER:]MODEL',
        shell_complete=models,
        help=told,
    )


_MODEL = (
    model_option('The Juju model to ask; by default the current one.'),
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
state_dir_option = click.option(
    '--state-dir',
    default='',
    metavar='DIRECTORY',
    shell_complete=files,
    help='Where what is learnt is kept.  [default: $XDG_STATE_HOME/juju-health]',
)
inbox_option = click.option(
    '--inbox',
    default='',
    metavar='DIRECTORY',
    shell_complete=files,
    help='Where `receive` keeps pushed reports.  [default: inbox in the state directory]',
)
history_option = click.option(
    '--history',
    default='',
    metavar='PATH|URL',
    shell_complete=files,
    help='Where the history is: a file of SQLite, or postgresql://USER@HOST/DATABASE.  '
    '[default: history/history.db in the state directory]',
)
_ASK = (
    click.option(
        '--ask',
        type=click.Choice(['hook', 'log', 'agent', 'auto', 'push']),
        default='hook',
        show_default=True,
        help="Run each unit's hook; reap its agent's log; take its agent's last report; whatever "
        'is cheapest and fresh; or only what was pushed.',
    ),
    click.option(
        '--probe/--no-probe',
        default=True,
        help='Look at machines and pods themselves where no health hook answers.  [default: yes]',
    ),
    duration_option(
        '--max-age',
        Duration(1, 30 * 86400),
        MAX_AGE_SECONDS,
        'How old a report may be and still say how a unit is.',
    ),
    click.option(
        '--agent-token-file',
        default='',
        metavar='FILE',
        shell_complete=files,
        help='With --ask agent: ask over TLS instead of ssh, with the token in this file.',
    ),
    click.option(
        '--agent-ca',
        default='',
        metavar='FILE',
        shell_complete=files,
        help="The authority that signed the agents' certificates, as PEM.",
    ),
    number_option('--agent-port', AGENT_PORT, 65535, 'PORT', 'Where agents listen.'),
    state_dir_option,
    inbox_option,
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
asking_options = adding(*_MODEL, *_WAY, *_ASK, *_EFFORT)
# They make a `FleetOptions`.
fleet_options = adding(
    click.option(
        '--all-models',
        is_flag=True,
        help="Sweep every model of every controller, but for the controllers' own.",
    ),
    click.option(
        '--controller',
        'controllers',
        multiple=True,
        metavar='NAME',
        shell_complete=controllers,
        help='With --all-models: of this controller only; may be repeated.',
    ),
)


# A command takes them as `names` and `units`.
selecting_options = adding(
    click.argument(
        'names', nargs=-1, metavar='[APP|UNIT|MACHINE|GLOB]...', shell_complete=services
    ),
    click.option(
        '--unit',
        'units',
        multiple=True,
        metavar='UNIT',
        shell_complete=units,
        help='Show every check of a unit; may be repeated.',
    ),
)

"""Options in, one sweep, one document on stdout; the talk goes to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path

import click

from charm import __version__
from charm.deadline import Deadline
from charm.identity import own_unit
from charm.report import Health
from reconciler import status
from reconciler.errors import ReconcilerError, UsageError
from reconciler.exit_codes import USAGE, exit_code
from reconciler.fanout import Limits
from reconciler.juju import Juju
from reconciler.model import Application, Machine, Model, Unit
from reconciler.reach.base import Reach
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.local import Local
from reconciler.render import RENDERERS, Options
from reconciler.survey import Sweep, survey

from .progress import Progress

_EPILOG = """\
\b
Examples:
  reconcile-health                      the current model
  reconcile-health -m prod mysql        one service of another model
  reconcile-health 'web*' 3             services by glob, and machine 3 with its containers
  reconcile-health --unit mysql/0       every check of one unit
  reconcile-health --reach local        this machine; needs no Juju
  reconcile-health --format json | jq   for programs

\b
Exit codes:
  0 passed   1 warn   2 fail   3 unknown, an incomplete sweep, or wrong usage
"""


@click.command(
    context_settings={'help_option_names': ['-h', '--help'], 'max_content_width': 100},
    epilog=_EPILOG,
)
@click.argument('names', nargs=-1, metavar='[APP|UNIT|MACHINE|GLOB]...')
@click.option('-m', '--model', default='', metavar='[CONTROLLER:]MODEL', help='Juju model to ask.')
@click.option('--unit', 'units', multiple=True, metavar='UNIT', help='Show every check of a unit.')
@click.option(
    '--format',
    'form',
    type=click.Choice(list(RENDERERS)),
    default='table',
    show_default=True,
    help='How to print it.',
)
@click.option(
    '--reach',
    type=click.Choice(['juju', 'local']),
    default='juju',
    show_default=True,
    help='How to get to the units: through juju ssh, or only this machine.',
)
@click.option(
    '--status',
    'status_file',
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help='Take the inventory from a saved `juju status --format json`; - is stdin.',
)
@click.option(
    '--workers', default=16, show_default=True, type=click.IntRange(1, 256), help='Asked at once.'
)
@click.option(
    '--timeout',
    default=30,
    show_default=True,
    type=click.IntRange(1, 3600),
    help='Seconds that the hooks of one machine may take, in one attempt.',
)
@click.option(
    '--deadline',
    default=120.0,
    show_default=True,
    type=click.FloatRange(1, 86400),
    help='Seconds after which the sweep ends with what has arrived.',
)
@click.option(
    '--attempts',
    default=3,
    show_default=True,
    type=click.IntRange(1, 10),
    help='Tries per machine, for faults of the network only.',
)
@click.option(
    '--connect-timeout',
    default=10,
    show_default=True,
    type=click.IntRange(1, 600),
    help='Seconds that ssh may take to connect.',
)
@click.option(
    '-o',
    'ssh_options',
    multiple=True,
    metavar='OPTION=VALUE',
    help='Further options for ssh, such as KexAlgorithms=curve25519-sha256.',
)
@click.option('--juju', default='juju', metavar='PATH', help='The juju command.')
@click.option(
    '--fail-on',
    type=click.Choice(['warn', 'unknown', 'fail']),
    default='warn',
    show_default=True,
    help='The least that is not exit code 0.',
)
@click.option('-q', '--quiet', is_flag=True, help='No progress on stderr.')
@click.version_option(__version__, prog_name='reconcile-health')
def command(
    names: tuple[str, ...],
    model: str,
    units: tuple[str, ...],
    form: str,
    reach: str,
    status_file: str | None,
    workers: int,
    timeout: int,
    deadline: float,
    attempts: int,
    connect_timeout: int,
    ssh_options: tuple[str, ...],
    juju: str,
    fail_on: str,
    quiet: bool,
) -> int:
    """Ask every unit of a Juju model how it is, and print what is wrong per service."""
    until = Deadline.after(deadline)
    door = Juju(binary=juju, model=model)
    local = reach == 'local'
    inventory = _local_model() if local else _inventory(door, status_file, until)
    way: Reach = (
        Local() if local else JujuSSH(door, inventory.is_k8s, connect_timeout, tuple(ssh_options))
    )
    progress = Progress(enabled=not quiet and sys.stderr.isatty())
    with progress:
        snapshot = survey(
            Sweep(inventory, way, Limits(workers, timeout, attempts), local, progress.update),
            [*names, *units],
            until,
        )
    options = Options(
        colour=sys.stdout.isatty() and not os.environ.get('NO_COLOR'),
        width=shutil.get_terminal_size((100, 24)).columns,
        unit_detail=bool(units),
        now=datetime.now(timezone.utc),
    )
    _print(RENDERERS[form](snapshot, options))
    return exit_code(snapshot, Health(fail_on))


def _inventory(door: Juju, status_file: str | None, until: Deadline) -> Model:
    if status_file == '-':
        return status.decode(sys.stdin.buffer.read())
    if status_file:
        try:
            return status.decode(Path(status_file).read_bytes())
        except OSError as error:
            raise UsageError(f'cannot read {status_file}: {error.strerror}') from error
    return status.decode(door.status(until))


def _local_model() -> Model:
    """Return this machine as a model of one unit."""
    unit = Unit(own_unit(), own_unit().split('/')[0], machine='0')
    return Model(
        name='this machine',
        machines={'0': Machine('0')},
        applications={unit.application: Application(unit.application, units=(unit,))},
    )


def _print(text: str) -> None:
    try:
        sys.stdout.write(text if text.endswith('\n') else text + '\n')
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has gone; the interpreter must not try to flush again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command and exit by the table in `exit_codes`; usage errors are 3, not click's 2."""
    try:
        code = command.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo('reconcile-health: interrupted', err=True)
        code = USAGE
    except ReconcilerError as error:
        click.echo(f'reconcile-health: {error}', err=True)
        if error.advice:
            click.echo(f'  {error.advice}', err=True)
        code = USAGE
    # Threads that still wait for a machine must not hold us; everything is flushed by now.
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)

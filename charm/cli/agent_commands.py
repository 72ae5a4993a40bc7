"""The commands of `hooks/health-agent`, with their options and their help."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence

from .. import __version__
from ..agent import config as config_file
from ..agent.residence import REMOVE, Residence
from ..agent.serve.client import AgentReply, ask, run_checks
from ..agent.setup import LauncherArguments
from ..agent.systemd_unit import unit_text
from ..kernel.deadline import Deadline
from ..kernel.errors import DefinitionError, HealthError
from ..kernel.exit_codes import CONFIG_EXIT, USAGE_EXIT
from ..kernel.facts import replace
from ..kernel.identity import read_boot_id
from ..kernel.log_files import Cursor, read_since
from ..kernel.paths import HERE
from ..reporting.runner import Callback
from .agent_question import ASK_SECONDS, TARGETS, report_target, show
from .usage import Parser

_EPILOG = """\
examples:
  health-agent serve                      be the daemon; systemd does this
  health-agent report                     the last report, one line of JSON
  health-agent run disk load              run these now, print their report
  health-agent log --cursor CURSOR        log lines after a cursor, then the next cursor
  health-agent check                      what is wrong in its files, and in the checks'
Exit codes: 0; 3 for wrong usage, or where it cannot be done; 78 where agent.yaml, or with `check`
anything else that is configured, cannot be used."""


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog='health-agent',
        description='The daemon that runs the health checks of this machine, and its client.',
        epilog=_EPILOG,
    )
    parser.add_argument('--version', action='version', version=f'juju-health {__version__}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
    add = {name: commands.add_parser(name, help=text) for name, text in _HELP.items()}
    for command in add.values():
        command.add_argument(
            '--config',
            metavar='FILE',
            type=Path,
            default=HERE.agent_config,
            help='the configuration (default: %(default)s)',
        )
    for name in ('report', 'run'):
        add[name].add_argument('--unit', metavar='UNIT', default='', help='of this unit')
        add[name].add_argument(
            '--envelope', action='store_true', help='print {"age": SECONDS, "report": …}'
        )
    add['run'].add_argument('names', metavar='NAME', nargs='*', help='a check')
    add['log'].add_argument('--cursor', metavar='CURSOR', help='where to go on')
    add['log'].add_argument(
        '--most', metavar='BYTES', type=int, default=1024 * 1024, help='about how much to print'
    )
    return parser


_HELP = {
    'serve': 'be the daemon',
    'check': 'say what the daemon would do, and what is wrong in its files',
    'report': 'print the last report of the running daemon',
    'run': 'have the daemon run checks now, and print their report',
    'checks': 'print the checks, their intervals and counts',
    'health': 'print the health as application/health+json',
    'metrics': 'print the metrics as OpenMetrics',
    'log': 'print lines of the log, and a cursor to go on from',
    'unit-file': 'print the systemd unit',
    REMOVE: 'remove what units left here that Juju has removed',
}


def main(
    argv: Optional[Sequence[str]] = None,
    callbacks: Optional[Mapping[str, Iterable[Callback]]] = None,
    services: Sequence[Mapping[str, Any]] = (),
    residence: Optional[Callable[[], Residence]] = None,
) -> int:
    """Do what the command line says, and return the exit code; see `charm.cli.agent.main`."""
    # The launcher is the charm's own, wherever in the charm this package lies.
    charm = Path(sys.argv[0]).resolve().parent.parent
    given = LauncherArguments(callbacks, services, charm, residence)
    arguments = _parser().parse_args(argv)
    try:
        return _COMMANDS[arguments.command](arguments, given)
    except DefinitionError as error:
        print(f'health-agent: {error}', file=sys.stderr)
        return CONFIG_EXIT
    except HealthError as error:
        print(f'health-agent: {error}', file=sys.stderr)
        return USAGE_EXIT


def _serve(arguments: argparse.Namespace, given: LauncherArguments) -> int:
    # The client has no use for the server's modules, and a hook is in a hurry.
    from ..agent.daemon import serve
    from ..sources.apart.own import OwnCallbacks

    own = OwnCallbacks(given.callbacks, given.services)
    serve(arguments.config, replace(given, callbacks=own.table, apart=own.apart))
    sys.stderr.flush()
    # A check that hangs in a thread must not hold us.
    os._exit(0)


def _check(arguments: argparse.Namespace, given: LauncherArguments) -> int:
    from ..agent.daemon import summary
    from ..agent.setup import read_setup

    setup = read_setup(arguments.config, given)
    print('\n'.join(summary(setup)))
    return CONFIG_EXIT if setup.unusable else 0


def _report(arguments: argparse.Namespace, _given: LauncherArguments) -> int:
    return _print(arguments, _get(arguments, report_target(arguments.unit)))


def _run(arguments: argparse.Namespace, _given: LauncherArguments) -> int:
    path = config_file.load(arguments.config).socket
    deadline = Deadline.after(ASK_SECONDS)
    return _print(arguments, run_checks(path, arguments.names, arguments.unit, deadline))


def _getter(target: str) -> Callable[[argparse.Namespace, LauncherArguments], int]:
    def get(arguments: argparse.Namespace, _given: LauncherArguments) -> int:
        return _print(arguments, _get(arguments, target))

    return get


def _get(arguments: argparse.Namespace, target: str) -> AgentReply:
    path = config_file.load(arguments.config).socket
    return ask(path, 'GET', target, None, Deadline.after(ASK_SECONDS))


def _print(arguments: argparse.Namespace, reply: AgentReply) -> int:
    show(reply, arguments.command, getattr(arguments, 'envelope', False))
    return 0


def _log(arguments: argparse.Namespace, _given: LauncherArguments) -> int:
    directory = config_file.load(arguments.config).log
    try:
        cursor = Cursor.parse(arguments.cursor) if arguments.cursor else None
    except ValueError as error:
        raise HealthError(f'cannot read the log: {error}') from error
    tail = read_since(directory, cursor, max(arguments.most, 1))
    for line in tail.lines:
        sys.stdout.buffer.write(line + b'\n')
    end = {
        'kind': 'cursor',
        'cursor': None if tail.cursor is None else str(tail.cursor),
        'gap': tail.gap,
        'more': tail.more,
        # By these a reader knows how old a report in the log is, whatever any clock says.
        'boot_id': read_boot_id(),
        'uptime': time.clock_gettime(time.CLOCK_BOOTTIME),
    }
    sys.stdout.buffer.write(json.dumps(end).encode() + b'\n')
    sys.stdout.flush()
    return 0


def _unit_file(arguments: argparse.Namespace, _given: LauncherArguments) -> int:
    launcher = Path(__file__).resolve().parents[2] / 'hooks' / 'health-agent'
    sys.stdout.write(unit_text(launcher, arguments.config))
    return 0


def _remove_orphans(_arguments: argparse.Namespace, given: LauncherArguments) -> int:
    if given.residence is None:
        raise HealthError('cannot remove anything: this agent belongs to no charm of juju-health')
    given.residence().remove()
    return 0


_COMMANDS: Dict[str, Callable[[argparse.Namespace, LauncherArguments], int]] = {
    'serve': _serve,
    'check': _check,
    'report': _report,
    'run': _run,
    'checks': _getter(TARGETS['checks']),
    'health': _getter(TARGETS['health']),
    'metrics': _getter(TARGETS['metrics']),
    'log': _log,
    'unit-file': _unit_file,
    REMOVE: _remove_orphans,
}

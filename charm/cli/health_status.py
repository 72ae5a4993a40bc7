"""The command line of `hooks/health-status`: hooks say what their services are doing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Mapping, Optional, Sequence

from .. import __version__
from ..agent import config as agent_config
from ..agent.serve.client import run_checks
from ..kernel.deadline import Deadline
from ..kernel.errors import HealthError
from ..kernel.exit_codes import USAGE_EXIT
from ..kernel.identity import own_unit
from ..kernel.names import nearest, service_of
from ..kernel.paths import HERE
from ..kernel.report import JSONObject, State, StateName
from ..kernel.report_json import state_to_json
from ..reporting.states import States, StatesError, directory
from .usage import Parser

_NAMES = tuple(name.value for name in StateName if name is not StateName.UNKNOWN)

_DESCRIPTION = """\
Record what this unit's services are doing; the health report says so until it is changed. Where a
health agent runs it is told, and has reported the state when this command ends. The exit code is 0
when it is recorded, and 3 when the command line is wrong or the record cannot be written."""

_EPILOG = f"""\
states: {', '.join(_NAMES)}

examples:
  health-status set installing --message 'unpacking 2.1'
  health-status set blocked --blocker db cache     waits for these
  health-status set churning --passing             for the time of this hook
  health-status set up                             keeps since when, if it was up before
  health-status get --pretty
  health-status clear --service worker             forget one of several services

Within a hook the unit is known. Records live in /var/lib/juju-health/states, or where
JUJU_HEALTH_STATE or --directory says. The agent is found by its own configuration."""

# A hook is in a hurry, and what is recorded is reported without our saying so, a little later.
_TELL_SECONDS = 3.0
_NOBODY = (FileNotFoundError, ConnectionRefusedError, PermissionError)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='health-status', description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument('--version', action='version', version=f'juju-health {__version__}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
    add = {name: commands.add_parser(name, help=text) for name, text in _HELP.items()}
    for command in add.values():
        command.add_argument('--unit', metavar='UNIT', help='whose (default: the one we are in)')
        command.add_argument(
            '--directory', metavar='DIRECTORY', type=Path, help='where the records are'
        )
    for name in ('set', 'clear'):
        add[name].add_argument(
            '--agent-config',
            metavar='FILE',
            type=Path,
            default=HERE.agent_config,
            help="the agent's configuration (default: %(default)s)",
        )
    for name in ('set', 'clear', 'get'):
        add[name].add_argument('--service', metavar='SERVICE', default='', help=_SERVICE[name])
    _describe_state(add['set'])
    add['get'].add_argument('--pretty', action='store_true', help='text for people, not JSON')
    return parser


def _describe_state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('state', metavar='STATE', help=', '.join(_NAMES))
    parser.add_argument('--message', metavar='TEXT', default='', help='one line for people')
    parser.add_argument(
        '--blocker',
        metavar='NAME',
        action='append',
        nargs='+',
        default=[],
        help='what a blocked service waits for',
    )
    parser.add_argument(
        '--passing',
        action='store_true',
        help='only for a while: when the state of before is set again, so is its beginning',
    )


_HELP = {
    'set': 'record a state',
    'get': 'print what is recorded, one line of JSON',
    'clear': 'forget what is recorded',
}
_SERVICE = {
    'set': 'which service of the unit (default: named as the application)',
    'get': 'of this service only',
    'clear': 'of this service only',
}


def main(argv: Optional[Sequence[str]] = None, environment: Mapping[str, str] = os.environ) -> int:
    """Do what the command line says, and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        unit = arguments.unit or own_unit(environment, Path(sys.argv[0]).resolve().parent.parent)
        states = States(unit, arguments.directory or directory(environment), say=_complain)
        _COMMANDS[arguments.command](states, arguments)
        if arguments.command in ('set', 'clear'):
            _tell_agent(states.unit, arguments.agent_config)
    except HealthError as error:
        _complain(str(error))
        return USAGE_EXIT
    return 0


def _complain(line: str) -> None:
    print(f'health-status: {line}', file=sys.stderr)


def _set(states: States, arguments: argparse.Namespace) -> None:
    if arguments.state not in _NAMES:
        hint = nearest(arguments.state, _NAMES)
        raise StatesError(f'cannot set {arguments.state!r}: it is not a state{hint}')
    states.set(
        arguments.service or service_of(states.unit),
        StateName(arguments.state),
        arguments.message,
        [name for group in arguments.blocker for name in group],
        arguments.passing,
    )


def _tell_agent(unit: str, config: Path) -> None:
    """Have the agent, if one runs, report what is recorded now; its absence is no fault."""
    deadline = Deadline.after(_TELL_SECONDS)
    try:
        answer = run_checks(agent_config.load(config).socket, (), unit, deadline)
    except HealthError as error:
        if not isinstance(error.__cause__, _NOBODY):
            _complain(f'recorded, but the agent could not be told: {error}')
        return
    # It may well report for other units only.
    if answer.status not in (200, 404):
        _complain(f'recorded, but the agent does not report it yet: {answer.error}')


def _get(states: States, arguments: argparse.Namespace) -> None:
    found = states.states()
    if arguments.service:
        found = {service: one for service, one in found.items() if service == arguments.service}
    if arguments.pretty:
        lines = [_line(service, state) for service, state in sorted(found.items())]
        print('\n'.join(lines) or f'{states.unit} has no recorded state')
        return
    whole = states.state()
    document: JSONObject = {
        'unit': states.unit,
        'state': whole and state_to_json(whole),
        'services': {service: state_to_json(state) for service, state in sorted(found.items())},
    }
    print(json.dumps(document, separators=(',', ':')))


def _clear(states: States, arguments: argparse.Namespace) -> None:
    states.clear(arguments.service)


_COMMANDS = {'set': _set, 'get': _get, 'clear': _clear}


def _line(service: str, state: State) -> str:
    waits = f' by {", ".join(state.blockers)}' if state.blockers else ''
    text = f': {state.message}' if state.message else ''
    return f'{service} {state.name.value}{waits} for {state.duration:.0f} s{text}'

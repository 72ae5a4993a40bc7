"""The stand-in's command line: the sub-commands of juju that this project calls.

Shapes, words and exit codes are those of Juju 2.9.49, 3.6 and 4.0 (cmd/juju, juju/cmd). What is
not modelled exits with 70 and says so, so that no test mistakes it for an answer of juju.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

from . import ssh, world
from .complaint import Complaint, NotModelled, UsageError
from .flags import Options, Parsed, parse
from .world import Client

# English whatever the locale.
_MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
_OUTPUT = frozenset({'format', 'output'})
_LOGGING = frozenset({'debug', 'verbose', 'quiet', 'show-log'})
_OPTIONS = {
    'status': Options(
        _OUTPUT | {'model', 'retry-count', 'retry-delay', 'logging-config'},
        _LOGGING | {'utc', 'color', 'no-color', 'relations', 'storage', 'integrations'},
    ),
    'version': Options(_OUTPUT, _LOGGING | {'all'}),
    'whoami': Options(_OUTPUT, _LOGGING),
    'controllers': Options(_OUTPUT, _LOGGING | {'refresh', 'managed', 'no-browser-login'}),
    'models': Options(
        _OUTPUT | {'controller', 'user'}, _LOGGING | {'all', 'uuid', 'exact-time', 'utc'}
    ),
}


def _status(client: Client, given: Parsed) -> int:
    model = client.model(given.texts.get('model', ''))
    if given.arguments:
        if client.version[0] == 4:
            raise Complaint('juju client not compatible with server: patterns are not implemented')
        raise NotModelled('status with selectors')
    document = model.facts['status']
    iso = os.environ.get('JUJU_STATUS_ISO_TIME', '').lower() == 'true'
    if not given.switches.get('utc', iso):
        document = _in_local_time(document)
    _print(document)
    if not document['machines'] and not document['applications']:
        print(f'Model "{model.name.split("/")[-1]}" is empty.', file=sys.stderr)
    return 0


def _in_local_time(value: Any) -> Any:
    """Return the document with every `since` as juju prints it without --utc."""
    if isinstance(value, list):
        return [_in_local_time(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _local(one) if key == 'since' else _in_local_time(one) for key, one in value.items()
    }


def _local(since: str) -> str:
    at = datetime.strptime(since, '%Y-%m-%d %H:%M:%SZ').replace(tzinfo=timezone.utc).astimezone()
    offset = at.strftime('%z')
    zone = 'Z' if offset == '+0000' else f'{offset[:3]}:{offset[3:]}'
    return f'{at.day:02d} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S}{zone}'


def _version(client: Client, given: Parsed) -> int:
    if given.texts.get('format') == 'json':
        _print(client.facts['version'])
    else:
        print(client.facts['version'])
    return 0


def _whoami(client: Client, given: Parsed) -> int:
    name = client.facts['current-controller']
    if not name:
        print('There is no current controller.', file=sys.stderr)
        print('Run juju list-controllers to see available controllers.', file=sys.stderr)
        return 0
    controller = client.controller(name)
    owner, _, model = controller['current-model'].rpartition('/')
    if controller['fault'] == 'logged-out':
        # juju takes this for a success, and prints no document.
        print(f'You are not logged in to controller "{name}" and model "".', file=sys.stderr)
        print('Run juju login if you want to login.', file=sys.stderr)
        return 0
    shown = model if owner == controller['user'] else controller['current-model']
    document = {'controller': name, 'model': shown, 'user': controller['user']}
    _print({key: value for key, value in document.items() if value})
    return 0


def _models(client: Client, given: Parsed) -> int:
    name = given.texts.get('controller', '') or client.facts['current-controller']
    controller = client.connect(name)
    models = [
        {
            'name': qualified,
            'short-name': qualified.split('/')[-1],
            'model-uuid': facts['uuid'],
            'model-type': facts['type'],
            'controller-uuid': controller['uuid'],
            'controller-name': name,
            'is-controller': qualified.endswith('/controller'),
            'owner': qualified.split('/')[0],
            'cloud': facts['status']['model']['cloud'],
            'life': 'alive',
            'status': {'current': 'available', 'since': '5 minutes ago'},
            'users': {
                controller['user']: {'access': facts['access'], 'last-connection': 'just now'}
            },
            'agent-version': facts['status']['model']['version'],
        }
        for qualified, facts in controller['models'].items()
    ]
    document: dict[str, Any] = {'models': models}
    if controller['current-model']:
        document['current-model'] = controller['current-model'].split('/')[-1]
    _print(document)
    return 0


def _controllers(client: Client, given: Parsed) -> int:
    # It reads files of the client only, so it answers when no controller does; without any it is
    # no complaint but for the table (cmd/juju/controller/listcontrollers.go).
    shown = {
        name: {
            'current-model': facts['current-model'],
            'user': facts['user'],
            'uuid': facts['uuid'],
            'api-endpoints': [facts['endpoint']],
            'cloud': 'localhost',
            'agent-version': client.facts['version'].split('-')[0],
        }
        for name, facts in client.facts['controllers'].items()
    }
    current = client.facts['current-controller']
    _print({'controllers': shown or None, 'current-controller': current})
    return 0


_COMMANDS: dict[str, Callable[[Client, Parsed], int]] = {
    'status': _status,
    'version': _version,
    'whoami': _whoami,
    'controllers': _controllers,
    'models': _models,
    'ssh': ssh.run,
}


def _print(document: Any) -> None:
    json.dump(document, sys.stdout, separators=(',', ':'), ensure_ascii=False)
    print(flush=True)


def main(words: Sequence[str]) -> int:
    """Do what juju would, print what it would, and return its exit code."""
    try:
        return _run(words)
    except NotModelled as error:
        print(f'juju stand-in: this is not modelled: {error}', file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _run(words: Sequence[str]) -> int:
    machine = False
    try:
        if not words:
            raise NotModelled('juju without a sub-command')
        name, *rest = words
        if name not in _COMMANDS:
            raise UsageError(f'juju: "{name}" is not a juju command. See "juju --help".')
        client = world.read()
        options = ssh.options(client.version) if name == 'ssh' else _OPTIONS[name]
        given = parse(rest, options)
        form = given.texts.get('format', '')
        if name not in ('ssh', 'version') and form != 'json':
            raise NotModelled(f'{name} without --format json')
        machine = form == 'json'
        return _COMMANDS[name](client, given)
    except Complaint as error:
        if machine:
            # A program that reads the document gets one, however empty (juju/cmd supercommand.go).
            print('{}', flush=True)
        print(f'ERROR {error}', file=sys.stderr)
        return error.exit_code

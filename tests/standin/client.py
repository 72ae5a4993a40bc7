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

from . import execute, selected, ssh, world
from .complaint import Complaint, EarlyComplaint, NotModelled, UsageError
from .flags import Options, Parsed, parse
from .world import Client

# English whatever the locale.
_MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
_OUTPUT = frozenset({'format', 'output'})
_LOGGING = frozenset({'debug', 'verbose', 'quiet', 'show-log'})
_PLAIN = ('ssh', 'version', 'model-config', 'exec', 'export-bundle')
_OPTIONS = {
    'status': Options(
        _OUTPUT | {'model', 'retry-count', 'retry-delay', 'logging-config'},
        _LOGGING | {'utc', 'color', 'no-color', 'relations', 'storage', 'integrations'},
    ),
    'version': Options(_OUTPUT, _LOGGING | {'all'}),
    'whoami': Options(_OUTPUT, _LOGGING),
    'controllers': Options(_OUTPUT, _LOGGING | {'refresh', 'managed', 'no-browser-login'}),
    'model-config': Options(_OUTPUT | {'model'}, _LOGGING),
    'export-bundle': Options(
        frozenset({'model', 'filename'}), _LOGGING | {'include-charm-defaults', 'no-browser-login'}
    ),
    'exec': Options(_OUTPUT | {'model', 'unit', 'wait'}, _LOGGING | {'utc', 'parallel'}),
    'models': Options(
        _OUTPUT | {'controller', 'user'}, _LOGGING | {'all', 'uuid', 'exact-time', 'utc'}
    ),
}


def _status(client: Client, given: Parsed) -> int:
    model = client.model(given.texts.get('model', ''))
    document = model.facts['status']
    if given.arguments and client.version < (4, 0):
        raise NotModelled('status with selectors')
    if given.arguments:
        document = selected.matching(document, given.arguments)
    iso = os.environ.get('JUJU_STATUS_ISO_TIME', '').lower() == 'true'
    if not given.switches.get('utc', iso):
        document = _in_local_time(document)
        if client.version >= (4, 0):
            now = datetime.now().astimezone().isoformat()
            document['controller'] = {'timestamp': now[11:19] + now[-6:].replace('+00:00', 'Z')}
    _print(document)
    empty = not document['machines'] and not document['applications']
    if empty and given.arguments:
        print('Nothing matched specified filter.', file=sys.stderr)
    elif empty:
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
        command = 'controllers' if client.version >= (4, 0) else 'list-controllers'
        print(f'Run juju {command} to see available controllers.', file=sys.stderr)
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
            'cloud': facts['status']['model']['cloud'],
            'life': 'alive',
            'status': {'current': 'available', 'since': '5 minutes ago'},
            **_access(client, controller['user'], qualified, facts),
            'agent-version': facts['status']['model']['version'],
        }
        for qualified, facts in controller['models'].items()
    ]
    document: dict[str, Any] = {'models': models}
    if controller['current-model']:
        document['current-model'] = controller['current-model'].split('/')[-1]
    _print(document)
    return 0


def _access(client: Client, user: str, model: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return what a version says of who owns a model, and who may what."""
    mine = {'access': facts['access'], 'last-connection': 'just now'}
    if client.version >= (4, 0):
        return {**mine, 'type': facts['status']['model']['cloud']}
    return {'owner': model.split('/')[0], 'users': {user: mine}}


def _controllers(client: Client, given: Parsed) -> int:
    four = client.version >= (4, 0)
    # It reads files of the client only, so it answers when no controller does; without any it is
    # no complaint but for the table (cmd/juju/controller/listcontrollers.go).
    shown = {
        name: {
            'current-model': _short(facts) if four else facts['current-model'],
            'user': facts['user'],
            'uuid': facts['uuid'],
            'api-endpoints': [facts['endpoint']],
            'cloud': 'localhost',
            'agent-version': client.facts['version'].split('-')[0],
            **(_counts(facts) if four else {}),
        }
        for name, facts in client.facts['controllers'].items()
    }
    current = client.facts['current-controller']
    _print({'controllers': shown or None, 'current-controller': current})
    return 0


def _short(facts: dict[str, Any]) -> str:
    """Return the current model's name, without its owner's where that is the user."""
    name: str = facts['current-model']
    return name.removeprefix(f'{facts["user"]}/')


def _counts(facts: dict[str, Any]) -> dict[str, Any]:
    machines = sum(len(model['machines']) for model in facts['models'].values())
    return {
        'recent-server': facts['endpoint'],
        'access': 'superuser',
        'model-count': len(facts['models']),
        'machine-count': machines,
    }


def _model_config(client: Client, given: Parsed) -> int:
    model = client.model(given.texts.get('model', ''))
    if given.arguments != ('proxy-ssh',) or given.texts.get('format', 'tabular') != 'tabular':
        raise NotModelled('model-config for anything but the value of proxy-ssh')
    # cmd.FormatSmart, as cmd/juju/model/config.go prints the value of one key.
    print('True' if model.facts['proxy-ssh'] else 'False')
    return 0


def _export_bundle(client: Client, given: Parsed) -> int:
    """Print a bundle (cmd/juju/model/exportbundle.go); texts are quoted more than go-yaml does."""
    model = client.model(given.texts.get('model', ''))
    if given.arguments or given.texts.get('filename'):
        raise NotModelled('export-bundle to a file')
    if not model.facts['options']:
        # apiserver/facades/client/bundle: an empty model has nothing to export.
        raise Complaint('nothing to export as there are no applications')
    print('applications:')
    for name, options in model.facts['options'].items():
        shown = model.facts['status']['applications'][name]
        print(f'  {name}:\n    charm: {json.dumps(shown["charm"])}')
        print(f'    num_units: {len(shown.get("units") or {})}')
        if options:
            print('    options:')
        for option, value in options.items():
            print(f'      {option}: {json.dumps(value)}')
    return 0


_COMMANDS: dict[str, Callable[[Client, Parsed], int]] = {
    'status': _status,
    'version': _version,
    'whoami': _whoami,
    'controllers': _controllers,
    'models': _models,
    'model-config': _model_config,
    'export-bundle': _export_bundle,
    'exec': execute.run,
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
        client = world.read()
        name, *rest = words
        if name not in _COMMANDS:
            kind = Complaint if client.version >= (4, 0) else UsageError
            raise kind(f'juju: "{name}" is not a juju command. See "juju --help".')
        options = ssh.options(client.version) if name == 'ssh' else _OPTIONS[name]
        given = parse(rest, options)
        form = given.texts.get('format', '')
        if name not in _PLAIN and form != 'json':
            raise NotModelled(f'{name} without --format json')
        machine = form == 'json'
        return _COMMANDS[name](client, given)
    except Complaint as error:
        if machine and not isinstance(error, EarlyComplaint):
            # A program that reads the document gets one, however empty (juju/cmd supercommand.go).
            print('{}', flush=True)
        print(f'ERROR {error}', file=sys.stderr)
        return error.exit_code

#!/usr/bin/python3 -I
"""Every one of Juju's hook tools: which, its own name says. It refuses what the real ones refuse.

What they know and are told is in `world.json` beside it. The words of refusals are those of Juju's
source, internal/worker/uniter/runner/jujuc and cmd/jujud/main.go.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
WORLD = os.path.join(HERE, 'world.json')
WORDS = ('maintenance', 'blocked', 'waiting', 'active')
LEVELS = ('TRACE', 'DEBUG', 'INFO', 'WARNING', 'ERROR')
KEY = re.compile(r'[a-z](?:[a-z0-9-]*[a-z0-9])?')
UNIT = re.compile(r'[a-z][a-z0-9-]*/[0-9]+')
RESERVED = ('stdout', 'stdout-encoding', 'stderr', 'stderr-encoding')


class Refused(Exception):
    """What a tool says after ERROR, and its exit code: 2 for wrong usage."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code


class Words:
    """The command line: options first, as Juju's tools take them, in any order."""

    def __init__(
        self, given: list[str], flags: tuple[str, ...] = (), values: tuple[str, ...] = ()
    ) -> None:
        self.flags: set[str] = set()
        self.values: dict[str, str] = {}
        self.rest: list[str] = []
        given = list(given)
        while given:
            word = given.pop(0)
            name, _, value = word.partition('=')
            if word == '--':
                self.rest += given
                break
            if name in values:
                self.values[name] = value or (given.pop(0) if given else '')
            elif word in flags:
                self.flags.add(word)
            elif word.startswith('-') and word != '-':
                raise Refused('option provided but not defined: ' + word, 2)
            else:
                self.rest.append(word)

    def none_left(self, most: int) -> None:
        if len(self.rest) > most:
            raise Refused('unrecognized args: ' + json.dumps(self.rest[most:]), 2)


def output(words: Words, value: Any) -> None:
    if words.values.get('--format') == 'json':
        print(json.dumps(value))
    elif isinstance(value, (list, tuple)):
        print('\n'.join(value))
    elif value is not None:
        print(value if isinstance(value, str) else json.dumps(value))


def relation_of(world: Any, words: Words) -> Any:
    identity = words.values.get('-r') or world['hook'].get('JUJU_RELATION_ID')
    if not identity:
        raise Refused('no relation id specified', 2)
    if identity not in world['relations']:
        raise Refused(f'invalid value "{identity}" for option -r: relation not found', 2)
    return world['relations'][identity]


def config_get(world: Any, given: list[str]) -> None:
    words = Words(given, ('--all', '-a'), ('--format',))
    words.none_left(1)
    if words.rest and words.flags:
        raise Refused(f'cannot use argument --all together with key "{words.rest[0]}"', 2)
    output(words, world['config'].get(words.rest[0]) if words.rest else world['config'])


def relation_ids(world: Any, given: list[str]) -> None:
    words = Words(given, (), ('--format',))
    words.none_left(1)
    here = (world['hook'].get('JUJU_RELATION') or '') if not words.rest else words.rest[0]
    if not here:
        raise Refused('no endpoint name specified', 2)
    output(words, sorted(one for one in world['relations'] if one.split(':')[0] == here))


def relation_list(world: Any, given: list[str]) -> None:
    words = Words(given, ('--app',), ('--format', '-r'))
    words.none_left(0)
    relation = relation_of(world, words)
    output(words, relation['app'] if words.flags else sorted(relation['units']))


def relation_get(world: Any, given: list[str]) -> None:
    words = Words(given, ('--app',), ('--format', '-r'))
    words.none_left(2)
    relation = relation_of(world, words)
    whom = words.rest[1] if len(words.rest) > 1 else world['hook'].get('JUJU_REMOTE_UNIT')
    if not whom:
        raise Refused('no unit or application specified', 2)
    if words.flags:
        data = relation['app_data'] if whom.split('/')[0] == relation['app'] else None
    elif not UNIT.fullmatch(whom):
        raise Refused(f'expected unit name, got application name "{whom}"', 2)
    else:
        data = relation['own'] if whom == world['unit'] else relation['units'].get(whom)
    if data is None:
        raise Refused('permission denied')
    key = words.rest[0] if words.rest else '-'
    output(words, data if key == '-' else data.get(key))


def relation_set(world: Any, given: list[str]) -> None:
    words = Words(given, ('--app',), ('-r',))
    relation = relation_of(world, words)
    if words.flags:
        raise Refused('cannot write relation settings: not the leader')
    for pair in words.rest:
        key, equals, value = pair.partition('=')
        if not equals:
            raise Refused(f'expected "key=value", got "{pair}"', 2)
        # Juju passes these on when the hook has succeeded.
        relation.setdefault('pending', {})[key] = value


def secret_get(world: Any, given: list[str]) -> None:
    words = Words(given, ('--refresh', '--peek'), ('--format', '--label'))
    if not words.rest:
        raise Refused('require either a secret URI or label', 2)
    words.none_left(2)
    if len(words.flags) > 1:
        raise Refused('specify one of --peek or --refresh but not both', 2)
    # As `secret-add` prints it: `secret:ID`, or `secret://MODEL-UUID/ID` (observed on 4.0.15).
    if not re.fullmatch(r'(secret:(//[0-9a-f-]{36}/)?)?[0-9a-z]{20}', words.rest[0]):
        raise Refused(f'secret URI "{words.rest[0]}" not valid', 2)
    secret = world['secrets'].get(words.rest[0].rpartition('/')[2].rpartition(':')[2])
    if secret is None:
        raise Refused(f'secret "{words.rest[0]}" not found')
    if not secret['granted']:
        raise Refused('permission denied')
    key = words.rest[1] if len(words.rest) > 1 else None
    output(words, secret['content'] if key is None else secret['content'][key])


def status_set(world: Any, given: list[str]) -> None:
    words = Words(given, ('--application',), ())
    if not words.rest:
        raise Refused('invalid args, require <status> [message]', 2)
    if words.rest[0] not in WORDS:
        expected = '[{}]'.format(' '.join(WORDS))
        raise Refused(f'invalid status "{words.rest[0]}", expected one of {expected}', 2)
    words.none_left(2)
    world['statuses'].append(([*words.rest, ''])[:2])


def juju_log(world: Any, given: list[str]) -> None:
    words = Words(given, ('--debug',), ('--log-level', '-l'))
    if not words.rest:
        raise Refused('no message specified', 2)
    level = words.values.get('--log-level') or words.values.get('-l') or 'INFO'
    if level.upper() not in LEVELS:
        raise Refused(f'log level "{level}" not valid')
    world['log'].append([level.upper(), ' '.join(words.rest)])


def version_set(world: Any, given: list[str]) -> None:
    words = Words(given)
    if not words.rest:
        raise Refused('no version specified', 2)
    words.none_left(1)
    world['version'] = words.rest[0]


def running(world: Any) -> Any:
    if not world['action']:
        raise Refused('not running an action')
    return world['action']


def action_get(world: Any, given: list[str]) -> None:
    words = Words(given, (), ('--format',))
    action = running(world)
    words.none_left(1)
    parameters = action['parameters']
    output(words, parameters.get(words.rest[0]) if words.rest else parameters)


def action_set(world: Any, given: list[str]) -> None:
    words = Words(given)
    results = running(world)['results']
    for pair in words.rest:
        name, equals, value = pair.partition('=')
        if not equals:
            raise Refused(f'argument "{pair}" must be of the form key...=value', 2)
        for key in name.split('.'):
            if not KEY.fullmatch(key):
                raise Refused(f'key "{key}" must start and end with lowercase alphanumeric', 2)
            if key in RESERVED:
                raise Refused(f'cannot set reserved action key "{key}"', 2)
        results[name] = value


def action_fail(world: Any, given: list[str]) -> None:
    words = Words(given)
    words.none_left(1)
    running(world)['failed'] = (
        words.rest[0] if words.rest else 'action failed without reason given'
    )


def is_leader(world: Any, given: list[str]) -> None:
    output(Words(given, (), ('--format',)), False)


TOOLS: dict[str, Callable[[Any, list[str]], None]] = {
    'action-fail': action_fail,
    'action-get': action_get,
    'action-set': action_set,
    'application-version-set': version_set,
    'config-get': config_get,
    'is-leader': is_leader,
    'juju-log': juju_log,
    'relation-get': relation_get,
    'relation-ids': relation_ids,
    'relation-list': relation_list,
    'relation-set': relation_set,
    'secret-get': secret_get,
    'status-set': status_set,
}


def main() -> None:
    if not os.environ.get('JUJU_AGENT_SOCKET_ADDRESS'):
        raise Refused('JUJU_AGENT_SOCKET_ADDRESS not set')
    identity = os.environ.get('JUJU_CONTEXT_ID')
    if not identity:
        raise Refused('JUJU_CONTEXT_ID not set')
    with open(WORLD) as file:
        world = json.load(file)
    if identity != world['context']:
        raise Refused(f'bad request: unknown context id "{identity}"')
    name = os.path.basename(sys.argv[0])
    if name in world['broken']:
        raise Refused(world['broken'][name])
    before = json.dumps(world)
    TOOLS[name](world, sys.argv[1:])
    if json.dumps(world) != before:
        half = WORLD + '.new'
        with open(half, 'w') as file:
            json.dump(world, file)
        os.replace(half, WORLD)


if __name__ == '__main__':
    try:
        main()
    except Refused as refused:
        print(f'ERROR {refused}', file=sys.stderr)
        sys.exit(refused.code)

"""Recorded sweeps tell people, and `alerts` shows whom, or why nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Done, run

# What is lost while it sweeps is told after a quiet time; here there is none.
YAML = """
history: {{database: {place}/history.db}}
alerts:
  channels:
    ops: {{kind: command, command: [sh, -c, 'cat >> {place}/ops']}}
    boss: {{kind: command, command: [sh, -c, '{boss}']}}
  routes:
    - {{name: all, channels: [ops, boss]}}
  quiet: {{boot: 0s, deploy: 0s, upgrade: 0s}}
"""


class World:
    """A saved `juju status` of a machine that cannot be reached, and what was sent of it."""

    def __init__(self, place: Path, boss: str = 'cat') -> None:
        self.place = place
        (place / 'health.yaml').write_text(YAML.format(place=place, boss=boss))
        self.say('error')

    def say(self, word: str) -> None:
        status = {'current': word, 'message': 'hook failed: "config-changed"'}
        unit = {'workload-status': status, 'juju-status': {'current': 'idle'}, 'machine': '0'}
        machines = {'0': {'juju-status': {'current': 'started'}, 'dns-name': '10.0.0.1'}}
        model = {'name': 'prod', 'controller': 'lab', 'type': 'iaas', 'version': '3.6.1'}
        own = {'charm-name': 'mysql', 'charm-rev': 218, 'units': {'mysql/0': unit}}
        document = {'model': model, 'machines': machines, 'applications': {'mysql': own}}
        (self.place / 'status.json').write_text(json.dumps(document))

    def sweep(self, *more: str) -> Done:
        status = str(self.place / 'status.json')
        return self.run('sweep', '--status', status, '--juju', '/nowhere', '--record', *more)

    def run(self, *words: str) -> Done:
        config = ('--config', str(self.place / 'health.yaml'))
        return run(*words, *config, environment={'XDG_STATE_HOME': str(self.place / 'state')})

    def alerts(self, *words: str) -> str:
        done = self.run('alerts', *words)
        assert done.returncode == 0, done
        return done.stdout.decode()

    def documents(self, *words: str) -> Any:
        return json.loads(self.alerts(*words, '--format', 'json'))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_sweep_says_whom_it_told_and_why_it_tells_nobody_yet(world: World) -> None:
    first = world.sweep('--format', 'json')
    (service,) = json.loads(first.stdout)['services']
    assert service['alerting'] == 'under cause machine 0, not alerting: 1 of 2 looks'
    assert b'told' not in first.stderr
    second = world.sweep('--format', 'json')
    (service,) = json.loads(second.stdout)['services']
    assert service['alerting'] == 'under cause machine 0, told ops, boss'
    assert b'reconcile-health: told ops: firing: machine 0\n' in second.stderr
    message = json.loads((world.place / 'ops').read_text())
    assert (message['cause']['name'], message['number']) == ('0', 1)
    again = world.sweep()
    assert b'told ops: firing' not in again.stderr


def test_to_cron_it_says_nothing_of_what_arrived(world: World) -> None:
    world.sweep('--quiet')
    second = world.sweep('--quiet')
    assert b'told' not in second.stderr
    assert (world.place / 'ops').exists()


def test_what_does_not_arrive_is_said_and_costs_no_other_channel(tmp_path: Path) -> None:
    world = World(tmp_path, boss='echo no such pager >&2; exit 7')
    world.sweep('--quiet')
    second = world.sweep('--quiet')
    assert b'reconcile-health: cannot tell boss: firing: machine 0: ' in second.stderr
    assert b'it is tried again' in second.stderr
    assert (world.place / 'ops').exists()
    states = {one['channel']: one['state'] for one in world.documents('log')}
    assert states == {'ops': 'accepted', 'boss': 'waiting'}


def test_list_shows_what_is_wrong_and_the_log_who_was_told(world: World) -> None:
    assert world.run('alerts', 'list').returncode == 3
    world.sweep()
    assert 'not alerting: 1 of 2 looks' in world.alerts('list')
    assert world.alerts('log') == 'nothing was said\n'
    world.sweep()
    (one,) = world.documents('list')
    assert one['alerting'] == 'told ops, boss'
    assert one['message']['victims'][0]['service'] == 'mysql'
    logged = world.documents('log')
    assert [(each['channel'], each['state'], each['attempts']) for each in logged] == [
        ('ops', 'accepted', 1),
        ('boss', 'accepted', 1),
    ]
    assert 'firing' in world.alerts('log', '--since', '1h')


@pytest.mark.parametrize('name', ['mysql', 'mysql/0', 'mysql/0:disk', '0', 'machine 0'])
def test_explain_tells_of_a_service_by_any_name_of_it(world: World, name: str) -> None:
    for _ in range(2):
        world.sweep()
    told = world.alerts('explain', name)
    assert 'machine 0 in lab:prod' in told
    assert 'told ops, boss' in told
    found = world.documents('explain', name)
    assert len(found['incidents']) == 1
    assert len(found['log']) == 2


def test_explain_says_so_where_nothing_is_wrong(world: World) -> None:
    world.sweep()
    assert 'web: nothing was wrong with it' in world.alerts('explain', 'web')


def test_a_rehearsal_shows_what_other_routes_would_have_said_and_sends_nothing(
    world: World,
) -> None:
    for _ in range(2):
        world.sweep()
    path = world.place / 'health.yaml'
    path.write_text(path.read_text().replace('channels: [ops, boss]', 'channels: [boss]'))
    (world.place / 'ops').unlink()
    told = world.alerts('test', '--dry-run', '--since', '1h')
    assert 'boss' in told
    assert 'ops' not in told
    assert '1 message of 1 incident' in told
    assert not (world.place / 'ops').exists()


def test_a_rehearsal_is_refused_where_it_would_send_or_names_no_route(world: World) -> None:
    world.sweep()
    done = world.run('alerts', 'test', '--since', '1h')
    assert done.returncode == 3
    assert b'--since goes with --dry-run' in done.stderr
    done = world.run('alerts', 'test', '--since', '1h', '--dry-run', 'al')
    assert b"did you mean 'all'?" in done.stderr

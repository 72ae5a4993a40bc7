"""Causes and explanations from real machines, by the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import add_unit
from tests.standin.builder import World
from tests.standin.values import Application, Machine, Relation, Unit
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).parent / 'reconcile-health'
HOOK = """\
#!/bin/sh
echo '{"schema": 1, "service": "%s", "unit": "%s", "health": "%s", "checks": [
 {"name": "answers", "health": "%s", "message": "%s"}]}'
"""
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


def put(host: Host, unit: str, message: str = '') -> None:
    """Let a unit report that it is well, or a failure with a message."""
    health = 'fail' if message else 'passed'
    add_unit(host, unit, (HOOK % (unit.split('/')[0], unit, health, health, message)).encode())


def shop(hosts: tuple[Host, ...]) -> World:
    """Lay out shop, which needs wordpress, which needs mysql, which is corrupt; and memcached."""
    first, second, third, fourth = hosts
    put(first, 'wordpress/0', 'cannot connect: 500')
    put(second, 'wordpress/1', 'cannot connect: 500')
    put(second, 'shop/0', 'no answer from wordpress')
    put(third, 'mysql/0', 'InnoDB is corrupt')
    put(fourth, 'memcached/0')
    database, cache = Relation('db', 'mysql', 'mysql'), Relation('cache', 'memcached', 'memcache')
    back = Relation('db', 'wordpress', 'mysql'), Relation('cache', 'wordpress', 'memcache')
    units = (Unit('wordpress/0', '0', leader=True), Unit('wordpress/1', '1'))
    return World(
        tuple(Machine.of(host, str(index)) for index, host in enumerate(hosts)),
        (
            Application('wordpress', units, relations=(database, cache)),
            Application('mysql', (Unit('mysql/0', '2'),), relations=(back[0],)),
            Application('memcached', (Unit('memcached/0', '3'),), relations=(back[1],)),
            Application(
                'shop', (Unit('shop/0', '1'),), relations=(Relation('back', 'wordpress', 'rest'),)
            ),
        ),
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command in a world: `run(world, identity, 'explain', 'shop')`."""

    def command(world: World, identity: Path | None, *words: str) -> Done:
        world_files = world.write(tmp_path / 'juju', identity)
        environment = {**os.environ, **world_files, 'COLUMNS': '100', 'HOME': str(tmp_path)}
        hasty = ('--connect-timeout', '2', '--attempts', '1')
        return subprocess.run(
            [str(COMMAND), *words, *hasty],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return command


def first_words(text: str, count: int) -> list[list[str]]:
    return [line.split()[:count] for line in text.splitlines() if line and line[0] != ' ']


def test_the_planted_cause_comes_first_and_each_victim_says_why(hosts: Hosts, run: Run) -> None:
    machines = hosts(4)
    world = shop(machines)
    done = run(world, machines[0].identity, '--blame')
    assert done.returncode == 2, done.stderr
    lines = done.stdout.splitlines()
    assert lines[2].split()[:2] == ['Cause', 'Health']
    assert lines[3].split(maxsplit=2) == ['mysql', 'fail', 'answers: InnoDB is corrupt']
    assert lines[4].strip() == 'likely explains 2 services: shop, wordpress'
    assert 'likely because of mysql, through wordpress' in done.stdout
    plain = run(world, machines[0].identity, '--format', 'json')
    assert plain.returncode == 2
    services = {one['name']: one for one in json.loads(plain.stdout)['services']}
    assert services['shop']['blame']['path'] == ['wordpress', 'mysql']
    assert {name: one['health'] for name, one in services.items()} == {
        'mysql': 'fail',
        'shop': 'fail',
        'wordpress': 'fail',
        'memcached': 'passed',
    }


def test_explain_leads_to_the_lost_machine_live_and_saved(
    hosts: Hosts, run: Run, tmp_path: Path
) -> None:
    machines = hosts(4)
    world = shop(machines)
    machines[2].power_off()
    done = run(world, machines[0].identity, 'explain', 'shop')
    assert done.returncode == 2, done.stderr
    for line in (
        '└ wordpress ',
        '  └ mysql ',
        '    └ machine 2 ',
        '   juju show-machine -m lab:prod 2',
    ):
        assert any(found.startswith(line) for found in done.stdout.splitlines()), line
    saved = tmp_path / 'last.json'
    run(world, machines[0].identity, '--format', 'json', '-o', str(saved))
    again = run(world, None, 'explain', 'shop', '--saved', str(saved))
    assert again.returncode == 2, again.stderr
    assert '    └ machine 2 ' in again.stdout
    well = run(world, machines[0].identity, 'explain', 'memcached/0')
    assert (well.returncode, first_words(well.stdout, 1)[0]) == (0, ['lab:prod'])
    unknown = run(world, None, 'explain', 'shap', '--saved', str(saved))
    assert (unknown.returncode, unknown.stdout) == (3, '')
    assert 'did you mean shop?' in unknown.stderr


def test_the_operators_word_decides(hosts: Hosts, run: Run, tmp_path: Path) -> None:
    machines = hosts(4)
    world = shop(machines)
    config = tmp_path / 'health.yaml'
    config.write_text('services:\n  wordpress:\n    requires: [{any-of: [mysql, memcached]}]\n')
    done = run(world, machines[0].identity, 'explain', 'wordpress', '--config', str(config))
    assert 'Role       a cause: nothing else explains it' in done.stdout
    assert 'one of mysql, memcached is enough' in done.stdout
    config.write_text('services:\n  wordpress:\n    requires: []\n')
    done = run(world, machines[0].identity, 'explain', 'wordpress', '--config', str(config))
    assert 'What it depends on' not in done.stdout


def test_a_user_who_may_not_ssh_is_one_cause(hosts: Hosts, run: Run) -> None:
    machines = hosts(4)
    world = replace(shop(machines), access='read')
    done = run(world, machines[0].identity, '--blame')
    assert done.returncode == 3, done.stderr
    lines = done.stdout.splitlines()
    assert lines[3].split()[:2] == ['collector', 'unknown']
    assert ' '.join(done.stdout.split()).count('juju grant -c lab USER admin prod') == 1

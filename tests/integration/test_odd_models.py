"""A model with every oddity of real ones is green when it is well, and right when it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import MACHINE_AGENT, add_juju_health, set_hook
from tests.standin.builder import Application, Info, Machine, Relation, Saas, Unit, World

from .probing import Operator, run_agents

BESIDE = Relation('juju-info', 'health', 'juju-info', 'container')
OWN_HOOK = b"""\
#!/bin/sh
echo '{"schema": 1, "service": "db", "unit": "db/0", "health": "passed",
 "checks": [{"name": "db-cxn", "health": "passed", "message": "connected"}]}'
"""
EXPECTED = {
    'spare': {'expect': 'no-units'},
    'landscape': {'expect': 'nothing'},
    'charm:old*': {'expect': 'juju-word'},
}


def odd(machines: tuple[Host, ...]) -> World:
    """Two principals with subordinates on one machine, silent ones on others, and more."""
    first, second, third = (Machine.of(host, str(number)) for number, host in enumerate(machines))
    web = Unit('web/0', '0', subordinates=(Unit('health/0'), Unit('telegraf/0'), Unit('ntp/0')))
    own = Unit('db/0', '0', subordinates=(Unit('telegraf/1'),))
    return World(
        (first, second, third),
        (
            Application('web', (web,), relations=(BESIDE, Relation('db', 'pg', 'pgsql'))),
            Application('db', (own,)),
            Application('cache', (Unit('cache/0', '1', subordinates=(Unit('telegraf/2'),)),)),
            Application('attic', (Unit('attic/0', '2'),), charm='old-thing'),
            Application('landscape', (Unit('landscape/0', '2', workload=Info('blocked')),)),
            Application('spare', status=Info('unknown')),
            Application('health', subordinate_to=('web',), charm='juju-health'),
            Application('telegraf', subordinate_to=('web', 'db', 'cache')),
            Application('ntp', subordinate_to=('web',)),
        ),
        saas=(Saas('pg', 'lab:admin/data.pg', 'db', 'pgsql', related=('web',)),),
    )


@pytest.fixture
def machines(hosts: Hosts) -> tuple[Host, ...]:
    given = hosts(3)
    run_agents(given[0], 'web/0', 'health/0', 'telegraf/0', 'ntp/0', 'db/0', 'telegraf/1')
    add_juju_health(given[0], 'health/0')
    set_hook(given[0], 'db/0', OWN_HOOK)
    run_agents(given[1], 'cache/0', 'telegraf/2')
    # On the third Python is missing, so that nobody can look.
    for path in (given[2].root / 'usr/bin').glob('python3*'):
        path.rename(path.with_name(f'not-{path.name}'))
    return given


@pytest.fixture
def operator(machines: tuple[Host, ...], tmp_path: Path) -> Operator:
    return Operator(tmp_path, odd(machines), machines[0].identity, services=EXPECTED)


def healths(operator: Operator) -> dict[str, Any]:
    return {name: unit['health'] for name, unit in operator.sweep().units.items()}


def test_it_is_green_when_it_is_well_and_says_what_that_rests_on(operator: Operator) -> None:
    done = operator.run()
    assert (done.returncode, done.stderr) == (0, ''), done.stdout
    for line in (
        "Juju's word was enough for 1 unit of attic (health.yaml)",
        'no units are expected of spare (health.yaml)',
        'left out: landscape (health.yaml)',
        '5 units passed by machine and agent alone: no hook there',
    ):
        assert line in done.stdout
    depths = {name: unit['evidence'] for name, unit in operator.sweep().units.items()}
    own = dict.fromkeys(('web/0', 'health/0', 'db/0'), 'own')
    seen = dict.fromkeys(('telegraf/0', 'ntp/0', 'telegraf/1', 'cache/0', 'telegraf/2'), 'machine')
    assert depths == {**own, **seen, 'attic/0': 'juju'}


def test_it_is_right_when_it_is_not(machines: tuple[Host, ...], operator: Operator) -> None:
    machines[1].must(['systemctl', 'stop', MACHINE_AGENT])
    pg = replace(operator.world.saas[0], status=Info('error', 'cannot connect'))
    wrong = replace(operator, world=replace(operator.world, saas=(pg,)))
    unknown = {name for name, health in healths(wrong).items() if health != 'passed'}
    assert unknown == {'cache/0', 'telegraf/2'}
    done = wrong.run()
    assert done.returncode == 3
    assert 'Juju says of pg, of lab:admin/data.pg, error: cannot connect' in done.stdout
    assert 'Juju says idle of the agent of 2 units, ' in done.stdout

"""Several models on real machines, a gate that waits for one, a doctor that looks at it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import add_unit, set_hook
from tests.standin.builder import Application, Machine, Offer, Relation, Saas, Unit, World
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).parent / 'reconcile-health'
HOOK = """\
#!/bin/sh
echo '{"schema": 1, "service": "%s", "unit": "%s", "health": "%s", "checks": [
 {"name": "%s", "health": "%s", "message": "%s"}]}'
"""
Done = subprocess.CompletedProcess[str]
Ask = Callable[..., Done]


def hook(unit: str, health: str, check: str = 'http', message: str = 'answers') -> bytes:
    return (HOOK % (unit.split('/')[0], unit, health, check, health, message)).encode()


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def run(world: World, identity: Path | None, *words: str) -> Done:
        environment = {**os.environ, **world.write(tmp_path / 'juju', identity), 'COLUMNS': '160'}
        return subprocess.run(
            [str(COMMAND), *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


def shop_and_data(hosts: tuple[Host, ...]) -> World:
    """Lay out a shop in one model that uses the database of another, and one model lost."""
    add_unit(hosts[0], 'web/0', hook('web/0', 'fail', 'db-cxn', 'refused'))
    add_unit(hosts[1], 'postgresql/0', hook('postgresql/0', 'fail', 'disk', 'full'))
    add_unit(hosts[1], 'redis/0', hook('redis/0', 'passed'))
    machine = Machine.of(hosts[1], '0')
    return World(
        (Machine.of(hosts[0], '0'),),
        (Application('web', (Unit('web/0', '0'),), relations=(Relation('db', 'pg', 'pgsql'),)),),
        name='shop',
        saas=(Saas('pg', 'lab:admin/data.db-offer', 'db', 'pgsql', related=('web',)),),
        beside=(
            World(
                (machine,),
                (Application('postgresql', (Unit('postgresql/0', '0'),)),),
                name='data',
                offers=(Offer('db-offer', 'postgresql', 'db', 'pgsql'),),
            ),
            World(
                (machine,),
                (Application('redis', (Unit('redis/0', '0'),)),),
                name='cache',
                controller='k2',
            ),
            World(name='gone', controller='k3', fault='unreachable'),
        ),
    )


def test_all_models_are_one_document_and_a_lost_controller_costs_only_itself(
    hosts: Hosts, ask: Ask
) -> None:
    machines = hosts(2)
    world = shop_and_data(machines)
    done = ask(world, machines[0].identity, '--all-models', '--format', 'json')
    document = json.loads(done.stdout)
    assert done.returncode == 2, done.stderr
    assert list(document['models']) == ['lab:admin/shop', 'lab:admin/data', 'k2:admin/cache']
    assert [fault.partition(':')[0] for fault in document['faults']] == ['controller k3']
    assert document['complete'] is False
    outcomes = {
        unit['unit']: unit['outcome']
        for model in document['models'].values()
        for service in model['services']
        for unit in service['units']
    }
    assert outcomes == dict.fromkeys(('web/0', 'postgresql/0', 'redis/0'), 'reported')


def test_a_cause_in_another_model_is_found(hosts: Hosts, ask: Ask) -> None:
    machines = hosts(2)
    world = shop_and_data(machines)
    words = ('--all-models', '--controller', 'lab', '--format')
    document = json.loads(ask(world, machines[0].identity, *words, 'json').stdout)
    cause = document['causes'][0]
    assert (cause['name'], cause['victims']) == ('lab:data/postgresql', ['lab:shop/web'])
    text = ask(world, machines[0].identity, *words, 'summary').stdout
    explains = r'cause: lab:data/postgresql (likely )?explains 1 service \(lab:shop/web\)'
    assert re.search(explains, text)


def test_what_is_asked_for_is_looked_for_in_every_model(hosts: Hosts, ask: Ask) -> None:
    machines = hosts(2)
    world = shop_and_data(machines)
    done = ask(world, machines[0].identity, '--all-models', 'redis', '--format', 'jsonl')
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line['unit'] for line in lines if line['kind'] == 'unit'] == ['redis/0']


def test_options_that_do_not_go_together_are_refused(ask: Ask) -> None:
    for words in (('--all-models', '-m', 'x'), ('--controller', 'lab')):
        done = ask(World(), None, *words)
        assert done.returncode == 3
        assert 'cannot use' in done.stderr


def test_a_gate_opens_when_the_service_recovers(hosts: Hosts, tmp_path: Path) -> None:
    (host,) = hosts(1)
    add_unit(host, 'web/0', hook('web/0', 'fail'))
    world = World((Machine.of(host, '0'),), (Application('web', (Unit('web/0', '0'),)),))
    environment = {**os.environ, **world.write(tmp_path / 'juju', host.identity)}
    words = ('--wait-for', 'passed', '--within', '100s', '--every', '0.5s', '--format', 'summary')
    with subprocess.Popen(
        [str(COMMAND), *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith('attempt 1: fail')
        set_hook(host, 'web/0', hook('web/0', 'passed'))
        # What is still said has to be read, or the command waits for us.
        rest: list[str] = []
        reader = threading.Thread(target=lambda: rest.extend(process.stderr or ()))
        reader.start()
        assert process.stdout is not None
        assert process.stdout.read() == 'lab:prod: passed: the service passed\n'
        reader.join(PATIENCE)
    assert process.returncode == 0
    assert rest[-1].startswith('attempt ')
    assert 'passed' in rest[-1]


def diagnose(done: Done) -> dict[str, Any]:
    return {one['name']: one for one in json.loads(done.stdout)['findings']}


def test_the_doctor_finds_what_keeps_from_collecting_on_real_machines(
    hosts: Hosts, ask: Ask
) -> None:
    machines = hosts(2)
    world = shop_and_data(machines)
    words = ('doctor', '--connect-timeout', '2', '--format', 'json')
    found = diagnose(ask(world, machines[0].identity, *words))
    assert found['ssh']['result'] == found['sudo']['result'] == found['hook']['result'] == 'ok'
    assert found['health charm']['result'] == 'ok'
    plain = diagnose(ask(world, machines[0].identity, *words, '--no-probe'))
    assert plain['health charm']['result'] == 'warn', 'only its own hook answers for it'

    done = ask(world, None, *words)
    assert diagnose(done)['ssh']['mend'].startswith('juju add-ssh-key')
    assert done.returncode == 2

    done = ask(replace(world, access='read'), machines[0].identity, *words)
    assert diagnose(done)['ssh']['mend'] == 'juju grant -c lab USER admin shop'

    machines[0].must('rm -f /etc/sudoers.d/*')
    done = ask(world, machines[0].identity, *words)
    assert diagnose(done)['sudo']['message'].startswith('web/0: the ssh user may not use sudo')
    assert done.returncode == 1

    machines[0].power_off()
    done = ask(world, machines[0].identity, *words)
    assert diagnose(done)['ssh']['result'] == 'fail'
    assert 'juju show-machine -m lab:shop 0' in diagnose(done)['ssh']['mend']

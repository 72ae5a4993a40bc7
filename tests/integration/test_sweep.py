"""The main job on real machines: ask them all through juju ssh, and say what is wrong where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import add_juju_health, add_unit, set_hook
from tests.standin.builder import Application, Info, Machine, Relation, Unit, World
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).parent / 'reconcile-health'
GOOD = """\
#!/bin/sh
echo '{"schema": 1, "service": "%s", "unit": "%s", "health": "%s", "checks": [
 {"name": "db-cxn", "health": "%s", "message": "%s"}]}'
"""
BESIDE = Relation('juju-info', 'health', 'juju-info', 'container')
Done = subprocess.CompletedProcess[str]


def hook(unit: str, health: str = 'passed', message: str = 'connected') -> bytes:
    return (GOOD % (unit.split('/')[0], unit, health, health, message)).encode()


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Done]:
    """Run reconcile-health in a world: `ask(world, identity, '--format', 'json')`."""

    def run(world: World, identity: Path | None, *words: str) -> Done:
        environment = {**os.environ, **world.write(tmp_path / 'juju', identity), 'COLUMNS': '160'}
        return subprocess.run(
            [str(COMMAND), '--connect-timeout', '2', '--attempts', '1', *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


def units_of(done: Done) -> dict[str, Any]:
    document = json.loads(done.stdout)
    return {unit['unit']: unit for s in document['services'] for unit in s['units']}


def fleet(hosts: tuple[Host, ...]) -> World:
    """Lay out 30 units on 12 machines: 12 web, 10 of them with a health subordinate, and 8 db."""
    machines = tuple(Machine.of(host, str(index)) for index, host in enumerate(hosts))
    web, db = [], []
    for index, host in enumerate(hosts):
        name = f'web/{index}'
        if index < 10:
            add_unit(host, name)
            add_juju_health(host, f'health/{index}')
            web.append(Unit(name, str(index), subordinates=(Unit(f'health/{index}'),)))
        else:
            add_unit(host, name, hook(name))
            web.append(Unit(name, str(index)))
        if index < 8:
            add_unit(host, f'db/{index}', hook(f'db/{index}'))
            db.append(Unit(f'db/{index}', str(index)))
    return World(
        machines,
        (
            Application('web', tuple(web), relations=(BESIDE,)),
            Application('db', tuple(db)),
            Application('health', subordinate_to=('web',), charm='juju-health'),
        ),
    )


def test_twelve_machines_with_three_faulty_ones_give_the_right_table(
    hosts: Hosts, ask: Callable[..., Done]
) -> None:
    machines = hosts(12)
    world = fleet(machines)
    set_hook(machines[7], 'db/7', hook('db/7', 'fail', 'cannot connect to 10.0.0.7'))
    machines[9].power_off()
    machines[10].partition()
    machines[11].freeze()
    words = ('--timeout', '10', '--deadline', '60')
    done = ask(world, machines[0].identity, *words)
    assert done.returncode == 2, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith('lab:prod  fail  3 services, 30 units')
    rows = [line for line in lines[3 : lines.index('', 3)] if not line.startswith(' ')]
    services = {line.split()[0]: line.split()[:3] for line in rows}
    assert services == {
        'db': ['db', 'fail', '8/8'],
        'health': ['health', 'unknown', '9/10'],
        'web': ['web', 'unknown', '9/12'],
    }
    assert rows[0].startswith('db'), 'problems come first'
    causes = [line.split()[:3] for line in lines if line.startswith('machine ')]
    assert causes == [['machine', str(n), 'unknown'] for n in (9, 10, 11)]
    assert any('db/7' in line and 'cannot connect to 10.0.0.7' in line for line in lines)
    unreachable = next(line for line in lines if line.startswith('web/') and 'unreach' in line)
    assert 'unknown' in unreachable
    found = units_of(ask(world, machines[0].identity, *words, '--format', 'json'))
    assert {name for name, unit in found.items() if unit['outcome'] == 'unreachable'} == {
        'web/9',
        'health/9',
        'web/10',
        'web/11',
    }
    reported = found['web/0']['report']
    assert reported['reporter']['unit'] == 'health/0'
    assert {check['name'] for check in reported['checks']} >= {'disk', 'memory', 'load'}


FLOOD = b'#!/bin/sh\nhead -c 100000000 /dev/zero | tr "\\0" x\n'
HANG = b'#!/bin/sh\ntrap "" TERM\nsleep 1000 &\nwhile :; do sleep 1000; done\n'
NOISE = b'#!/bin/sh\nyes "$(printf "\\377\\033\\200")" | head -c 5000\n'
HALF = b'#!/bin/sh\nprintf \'{"schema": 1, "service": "web", "un\'\n'
BROKEN = b'#!/bin/sh\necho "Traceback: no such module" >&2\nexit 1\n'
OTHER = hook('db/0')


@pytest.mark.parametrize(
    ('content', 'outcome', 'said'),
    [
        (FLOOD, 'unreadable', 'not a report'),
        (HANG, 'timeout', 'did not end in time'),
        (NOISE, 'unreadable', 'not a report'),
        (HALF, 'unreadable', 'not a report'),
        (BROKEN, 'hook-broken', 'exited with 1: Traceback: no such module'),
        (b'#!/bin/sh\nexit 0\n', 'unreadable', 'printed nothing'),
        (b'#!/nonexistent\n', 'hook-broken', ''),
        (OTHER, 'unreadable', "'db/0'"),
        (None, 'no-hook', 'juju status says active'),
    ],
    ids=['flood', 'hang', 'noise', 'half', 'broken', 'silent', 'interpreter', 'other', 'none'],
)
def test_a_bad_hook_costs_only_its_own_unit(
    hosts: Hosts, ask: Callable[..., Done], content: bytes | None, outcome: str, said: str
) -> None:
    (host,) = hosts(1)
    add_unit(host, 'web/0', content)
    add_unit(host, 'web/1', hook('web/1'))
    world = World(
        (Machine.of(host, '0'),), (Application('web', (Unit('web/0', '0'), Unit('web/1', '0'))),)
    )
    done = ask(world, host.identity, '--timeout', '3', '--no-probe', '--format', 'json')
    found = units_of(done)
    assert found['web/1']['outcome'] == 'reported'
    assert found['web/0']['outcome'] == outcome
    assert said in found['web/0']['message']
    assert done.returncode == 3
    left = host.run('ps -eo args | grep -c "[s]leep 1000"').stdout.decode().strip()
    assert left == '0', 'nothing is left behind over there'


@pytest.mark.parametrize(
    ('fault', 'outcome'),
    [
        (Host.stop_sshd, 'unreachable'),
        (Host.refuse_key, 'refused-key'),
        (Host.new_host_key, 'host-key'),
        (Host.freeze, 'unreachable'),
    ],
    ids=['stopped-sshd', 'refused-key', 'new-host-key', 'frozen'],
)
def test_a_bad_way_is_told_by_its_kind_with_advice(
    hosts: Hosts, ask: Callable[..., Done], fault: Callable[[Host], object], outcome: str
) -> None:
    good, bad = hosts(2)
    add_unit(good, 'web/0', hook('web/0'))
    add_unit(bad, 'web/1', hook('web/1'))
    world = World(
        (Machine.of(good, '0'), Machine.of(bad, '1')),
        (Application('web', (Unit('web/0', '0'), Unit('web/1', '1'))),),
    )
    fault(bad)
    done = ask(world, good.identity, '--timeout', '5', '--format', 'json')
    found = units_of(done)
    assert found['web/0']['outcome'] == 'reported'
    assert found['web/1']['outcome'] == outcome, found['web/1']
    assert found['web/1']['advice']
    assert done.returncode == 3


def test_banners_and_noise_around_the_answer_do_no_harm(
    hosts: Hosts, ask: Callable[..., Done]
) -> None:
    (host,) = hosts(1)
    add_unit(host, 'web/0', hook('web/0'))
    host.must('echo "Authorised use only" > /etc/issue.net')
    host.must('echo "echo welcome, dear user; echo \\"{}\\"" > /home/ubuntu/.bashrc')
    world = World((Machine.of(host, '0'),), (Application('web', (Unit('web/0', '0'),)),))
    done = ask(world, host.identity, '--format', 'json')
    assert units_of(done)['web/0']['outcome'] == 'reported'
    assert done.returncode == 0


def test_a_shipped_hook_that_is_missing_is_a_fault_not_a_charm_without_one(
    hosts: Hosts, ask: Callable[..., Done]
) -> None:
    (host,) = hosts(1)
    add_unit(host, 'web/0')
    unit = Unit('web/0', '0', subordinates=(Unit('health/0'),))
    health = Application('health', subordinate_to=('web',), charm='juju-health')
    world = World((Machine.of(host, '0'),), (Application('web', (unit,)), health))
    found = units_of(ask(world, host.identity, '--format', 'json'))
    assert found['web/0']['outcome'] == 'hook-missing'


def test_what_juju_status_says_is_the_reading_of_units_that_cannot_be_asked(
    hosts: Hosts, ask: Callable[..., Done]
) -> None:
    (host,) = hosts(1)
    add_unit(host, 'web/0')
    blocked = Info('blocked', 'Missing relations: db, amqp')
    starting = Unit('web/1', '', Info('waiting', 'waiting for machine'), Info('allocating'))
    world = World(
        (Machine.of(host, '0'),),
        (Application('web', (Unit('web/0', '0', blocked), starting)),),
    )
    found = units_of(ask(world, host.identity, '--format', 'json'))
    assert found['web/0']['health'] == 'fail'
    assert found['web/0']['state']['name'] == 'blocked'
    assert found['web/0']['state']['blockers'] == ['amqp', 'db']
    assert found['web/1']['outcome'] == 'unassigned'
    assert found['web/1']['state']['name'] == 'building'


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'fault': 'logged-out'}, 'juju login -c lab'),
        ({'fault': 'no-password', 'version': '4.0.15'}, 'juju login'),
        ({'fault': 'unreachable'}, 'juju show-controller'),
    ],
)
def test_a_controller_that_does_not_let_us_in_is_one_clear_error(
    ask: Callable[..., Done], change: dict[str, str], said: str
) -> None:
    done = ask(replace(World(), **change), None)  # type: ignore[arg-type]
    assert done.returncode == 3
    assert done.stdout == ''
    assert done.stderr.startswith('reconcile-health: cannot')
    assert said in done.stderr


def test_pods_are_asked_by_exec(hosts: Hosts, ask: Callable[..., Done]) -> None:
    (host,) = hosts(1)
    add_unit(host, 'web/0', hook('web/0', 'warn', 'slow'))
    pod = Unit('web/0', leader=True, pod=Machine.of(host, ''))
    world = World((), (Application('web', (pod, Unit('web/1', workload=Info('waiting')))),))
    done = ask(replace(world, type='caas'), host.identity, '--format', 'json')
    found = units_of(done)
    assert found['web/0']['outcome'] == 'reported'
    assert found['web/0']['health'] == 'warn'
    assert found['web/1']['outcome'] == 'unreachable'


def test_a_reader_without_admin_access_is_told_so(hosts: Hosts, ask: Callable[..., Done]) -> None:
    (host,) = hosts(1)
    add_unit(host, 'web/0', hook('web/0'))
    world = World(
        (Machine.of(host, '0'),), (Application('web', (Unit('web/0', '0'),)),), access='read'
    )
    found = units_of(ask(world, host.identity, '--format', 'json'))
    assert found['web/0']['outcome'] == 'no-permission'

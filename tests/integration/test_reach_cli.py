"""`reconcile-health --reach direct` from end to end, on real machines."""

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
from tests.hosts.layout import add_unit
from tests.standin.builder import JUJU, Application, Machine, Unit, World
from tests.standin.world import FILE
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).parent / 'reconcile-health'
REPORT = (
    '{"schema": 1, "service": "web", "unit": "%s", "health": "passed", '
    '"checks": [{"name": "up", "health": "passed"}]}'
)
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Done]:
    """Run reconcile-health as a user whose home and juju are there: `ask('--reach', 'direct')`."""

    def run(*words: str, **changes: str) -> Done:
        environment = {**os.environ, 'HOME': str(tmp_path), 'JUJU_DATA': str(tmp_path / 'juju')}
        environment |= {'XDG_STATE_HOME': '', 'SSH_AUTH_SOCK': '', **changes}
        return subprocess.run(
            [str(COMMAND), '--connect-timeout', '3', '--attempts', '1', *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


def web_on(hosts: tuple[Host, ...]) -> World:
    """Lay one unit of web out on each machine."""
    units = []
    for index, host in enumerate(hosts):
        name = f'web/{index}'
        add_unit(host, name, f"#!/bin/sh\necho '{REPORT % name}'\n".encode())
        units.append(Unit(name, str(index)))
    machines = tuple(Machine.of(host, str(index)) for index, host in enumerate(hosts))
    return World(machines, (Application('web', tuple(units)),))


def units_of(done: Done) -> dict[str, Any]:
    document = json.loads(done.stdout)
    return {unit['unit']: unit for s in document['services'] for unit in s['units']}


DIRECT = ('--reach', 'direct', '--format', 'json')


def test_a_sweep_by_direct_reach_needs_no_juju_once_host_keys_are_known(
    hosts: Hosts, tmp_path: Path, ask: Callable[..., Done]
) -> None:
    two = hosts(2)
    world = web_on(two)
    world.write(tmp_path / 'juju', two[0].identity)
    done = ask(*DIRECT, '--juju', str(JUJU))
    assert (done.returncode, done.stderr) == (0, '')
    assert {unit['via'] for unit in units_of(done).values()} == {'direct ssh, hook'}
    assert (tmp_path / '.local/state/juju-health/known_hosts').is_file()
    saved = tmp_path / 'status.json'
    saved.write_text(json.dumps(world.status()))
    two[1].stop_sshd()
    done = ask(*DIRECT, '--juju', '/nonexistent/juju', '--status', str(saved))
    found = units_of(done)
    assert (done.returncode, done.stderr) == (3, '')
    assert found['web/0']['outcome'] == 'reported'
    assert found['web/1']['outcome'] == 'unreachable'
    assert 'Connection refused' in found['web/1']['message']


def test_the_controllers_machine_can_be_gone_through(
    hosts: Hosts, tmp_path: Path, ask: Callable[..., Done]
) -> None:
    controller, host = hosts(2)
    world = web_on((host,))
    world.write(tmp_path / 'juju', host.identity)
    assert ask(*DIRECT, '--juju', str(JUJU)).returncode == 0
    of_controller = World((Machine.of(controller, '0'),), name='controller').document()
    file = tmp_path / 'juju' / FILE
    facts = json.loads(file.read_text())
    models = of_controller['controllers']['lab']['models']
    facts['controllers']['lab']['models'].update(models)
    file.write_text(json.dumps(facts))
    done = ask(*DIRECT, '--juju', str(JUJU), '--jump', 'controller')
    assert (done.returncode, done.stderr) == (0, '')
    came_from = host.must('journalctl --no-pager -o cat -t sshd').splitlines()
    accepted = [line for line in came_from if line.startswith('Accepted publickey')]
    assert f' from {controller.address} ' in accepted[-1]


def test_a_jump_host_of_ssh_can_be_gone_through(
    hosts: Hosts, tmp_path: Path, ask: Callable[..., Done]
) -> None:
    jump, host = hosts(2)
    web_on((host,)).write(tmp_path / 'juju', host.identity)
    assert ask(*DIRECT, '--juju', str(JUJU)).returncode == 0
    # The real ssh reads the home directory of the passwd file, so it is told here what to use.
    (tmp_path / 'bin').mkdir()
    ssh = tmp_path / 'bin/ssh'
    known = tmp_path / 'known'
    known.write_text(f'{jump.address} {jump.host_key}\n')
    ssh.write_text(
        f'#!/bin/sh\nexec /usr/bin/ssh -F none -i {jump.identity} '
        f'-o UserKnownHostsFile={known} "$@"\n'
    )
    ssh.chmod(0o755)
    path = f'{ssh.parent}:{os.environ["PATH"]}'
    words = (*DIRECT, '--juju', str(JUJU), '--jump', f'ubuntu@{jump.address}')
    done = ask(*words, PATH=path)
    assert (done.returncode, done.stderr) == (0, '')
    # A jump host that nobody vouches for is refused as well.
    known.write_text('')
    found = units_of(ask(*words, PATH=path))
    assert found['web/0']['outcome'] == 'unreachable'
    assert 'Host key verification failed' in found['web/0']['message']


@pytest.mark.parametrize(
    ('type_', 'words', 'said'),
    [
        ('caas', ('--reach', 'direct'), 'cannot reach the pods of prod with --reach direct'),
        ('iaas', ('--jump', 'bastion'), 'cannot use --jump without --reach direct'),
    ],
)
def test_what_makes_no_sense_is_an_error_of_usage(
    tmp_path: Path, ask: Callable[..., Done], type_: str, words: tuple[str, ...], said: str
) -> None:
    world = replace(World((), (Application('web', (Unit('web/0'),)),)), type=type_)
    world.write(tmp_path / 'juju')
    done = ask('--juju', str(JUJU), *words)
    assert (done.returncode, done.stdout) == (3, '')
    assert said in done.stderr

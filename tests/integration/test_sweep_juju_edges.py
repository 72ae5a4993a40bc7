"""Where juju itself is the trouble: it calls itself, looks for the dead, lets nobody in."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from reconciler.juju.command import Juju as Door
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.runaway_ssh import MOST_PROCESSES, Sessions
from reconciler.values.outcomes import Outcome
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import add_unit
from tests.standin.builder import JUJU, Application, Info, Machine, Unit, World
from tests.standin.examples import Juju, forget_controllers
from tests.standin.ssh import MOST_DEEP
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).parent / 'reconcile-health'
REPORT = (
    '{"schema": 1, "service": "web", "unit": "%s", "health": "passed", '
    '"checks": [{"name": "up", "health": "passed"}]}'
)
FOUR = '4.0.15'
Done = subprocess.CompletedProcess[str]
Ask = Callable[..., Done]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Run reconcile-health in a world: `ask(world, host.identity, '--format', 'json')`."""

    def run(
        world: World, identity: Path | None, *words: str, no_controllers: bool = False
    ) -> Done:
        environment = {**os.environ, **world.write(tmp_path / 'juju', identity)}
        environment |= {'HOME': str(tmp_path), 'XDG_STATE_HOME': '', 'SSH_AUTH_SOCK': ''}
        if no_controllers:
            forget_controllers(tmp_path / 'juju')
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


def web_on(*hosts: Host, **changes: Any) -> World:
    """Lay one unit of web out on each machine."""
    units = []
    for index, host in enumerate(hosts):
        name = f'web/{index}'
        add_unit(host, name, f"#!/bin/sh\necho '{REPORT % name}'\n".encode())
        units.append(Unit(name, str(index)))
    machines = tuple(Machine.of(host, str(index)) for index, host in enumerate(hosts))
    world = World(machines, (Application('web', tuple(units)),), version=FOUR)
    return replace(world, **changes)


def units_of(done: Done) -> dict[str, Any]:
    document = json.loads(done.stdout)
    return {unit['unit']: unit for one in document['services'] for unit in one['units']}


# -- proxy-ssh ---------------------------------------------------------------------------------


@pytest.mark.hosts
def test_where_juju_ssh_would_call_itself_none_is_started_and_the_advice_works(
    hosts: Hosts, ask: Ask
) -> None:
    controller, host = hosts(2)
    of_controller = World((Machine.of(controller, '0'),), name='controller', version=FOUR)
    world = web_on(host, proxy=controller.address, proxy_ssh=True, beside=(of_controller,))
    done = ask(world, host.identity, '--format', 'json')
    unit = units_of(done)['web/0']
    assert unit['outcome'] == 'juju-failed'
    assert 'proxy-ssh=true' in unit['message']
    assert unit['advice'] == 'go without juju ssh: --reach direct --jump controller'
    assert 'Accepted' not in host.must('journalctl --no-pager -o cat -t sshd')
    # Its host keys are learnt of juju as well, and not by juju ssh.
    _what, _, words = unit['advice'].partition(': ')
    done = ask(world, host.identity, '--format', 'json', *shlex.split(words))
    assert (done.returncode, done.stderr) == (0, ''), done.stdout
    assert units_of(done)['web/0']['outcome'] == 'reported'
    found = ask(world, host.identity, 'doctor').stdout
    assert 'proxy-ssh=true' in found
    assert '--reach direct --jump controller' in found


def test_what_calls_itself_all_the_same_is_ended_by_the_number_of_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine('0', ('127.0.0.9',), ('ssh-ed25519 AAAA',))
    applications = (Application('web', (Unit('web/0', '0'),)),)
    world = World((machine,), applications, version=FOUR, proxy='127.0.0.8', proxy_ssh=True)
    for key, value in world.write(tmp_path / 'juju').items():
        monkeypatch.setenv(key, value)
    # As of a version that is not known to do so.
    reach = JujuSSH(Door(str(JUJU)), major=2)
    with pytest.raises(ReachError, match='more than 16 processes') as raised:
        reach.run('web/0', RemoteCommand('true', 1000), Deadline.after(PATIENCE))
    assert raised.value.outcome is Outcome.JUJU_FAILED
    assert '--reach direct' in str(raised.value.advice)
    assert MOST_DEEP > 2 * MOST_PROCESSES
    left = [
        path
        for path in Path('/proc').glob('[0-9]*/environ')
        if _has(path, f'JUJU_DATA={tmp_path}'.encode())
    ]
    assert left == []


def _has(path: Path, text: bytes) -> bool:
    try:
        return text in path.read_bytes()
    except OSError:
        return False


def test_processes_are_counted_by_session_whatever_their_names() -> None:
    script = 'exec -a ") 1 (" sleep 1000 & sleep 1000 & sleep 1000 & wait'
    with subprocess.Popen(['bash', '-c', script], start_new_session=True) as leader:
        sessions = Sessions()
        deadline = Deadline.after(PATIENCE)
        while sessions.size(leader.pid) != 4 and not deadline.passed:
            time.sleep(0.1)
        assert sessions.size(leader.pid) == 4
        os.killpg(leader.pid, 9)
    assert Sessions(Path('/nonexistent')).size(leader.pid) == 0


# -- a dead machine ----------------------------------------------------------------------------


@pytest.mark.hosts
def test_a_dead_machine_costs_one_attempt_at_jujus_own_patience(hosts: Hosts, ask: Ask) -> None:
    dead, well = hosts(2)
    world = web_on(dead, well, patience=1.0)
    dead.power_off()
    began = time.monotonic()
    found = units_of(ask(world, well.identity, '--format', 'json'))
    took = time.monotonic() - began
    assert found['web/1']['outcome'] == 'reported'
    assert (found['web/0']['outcome'], found['web/0']['attempts']) == ('unreachable', 1)
    assert 'cannot connect to any address' in found['web/0']['message']
    # Three attempts would have been a minute and a half.
    assert 18 <= took < 90
    world = web_on(dead, well, patience=9.0)
    began = time.monotonic()
    found = units_of(ask(world, well.identity, '--format', 'json', '--deadline', '6'))
    # One attempt would take so long.
    assert time.monotonic() - began < 9 * 18
    assert found['web/0']['outcome'] in ('deadline', 'unreachable')


@pytest.mark.hosts
def test_what_status_calls_down_is_asked_once(hosts: Hosts, ask: Ask) -> None:
    dead, lost, well = hosts(3)
    world = web_on(dead, lost, well)
    dead.power_off()
    lost.stop_sshd()
    machines = (replace(world.machines[0], agent=Info('down')), *world.machines[1:])
    (web,) = world.applications
    units = (web.units[0], replace(web.units[1], agent=Info('lost')), web.units[2])
    world = replace(world, machines=machines, applications=(replace(web, units=units),))
    found = units_of(ask(world, well.identity, '--format', 'json'))
    assert [found[f'web/{n}']['attempts'] for n in range(3)] == [1, 1, 1]
    assert [found[f'web/{n}']['juju']['says'] for n in range(2)] == [
        'machine 0 down',
        'agent lost',
    ]


# -- advice ------------------------------------------------------------------------------------


@pytest.mark.parametrize('version', ['3.6.5', FOUR])
@pytest.mark.parametrize(
    ('changes', 'words', 'kind'),
    [
        ({'fault': 'logged-out'}, (), 'juju login -c lab'),
        ({'fault': 'logged-out'}, ('-m', 'prod'), 'juju login -c lab'),
        ({'fault': 'login-expired'}, (), 'juju login'),
        ({'fault': 'login-expired'}, ('-m', 'lab:prod'), 'juju login -c lab'),
        ({'fault': 'no-password'}, (), 'juju login'),
        ({'fault': 'unreachable'}, (), 'juju show-controller'),
        ({}, ('-m', 'nosuch'), 'juju models'),
        ({}, ('-m', 'X:prod'), 'juju controllers'),
        ({'controller': ''}, (), 'juju register'),
    ],
)
def test_no_advice_is_to_run_what_fails_in_the_same_way(
    ask: Ask,
    juju: Juju,
    version: str,
    changes: dict[str, str],
    words: tuple[str, ...],
    kind: str,
) -> None:
    none = 'controller' in changes
    world = replace(World(version=version), **({} if none else changes))  # type: ignore[arg-type]
    done = ask(world, None, *words, no_controllers=none)
    complaint, *advice = done.stderr.splitlines()
    assert complaint.startswith('reconcile-health: cannot use juju status: ')
    (command,) = [line.strip().partition(': ')[2] for line in advice if 'juju ' in line]
    assert command.startswith(kind)
    reason = complaint.partition('juju status: ')[2]
    for one in command.split('; '):
        if one.startswith('juju '):
            tried = juju(world, *shlex.split(one)[1:], '--format', 'json', no_controllers=none)
            assert reason not in tried.stderr
    doctor = ask(world, None, 'doctor', *words, no_controllers=none)
    mends = [
        line.partition('mend: ')[2] for line in doctor.stdout.splitlines() if 'mend: ' in line
    ]
    assert mends
    for one in mends[0].split('; '):
        if one.startswith('juju '):
            tried = juju(world, *shlex.split(one)[1:], '--format', 'json', no_controllers=none)
            assert reason not in tried.stderr, one

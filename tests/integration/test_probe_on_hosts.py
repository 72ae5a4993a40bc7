"""Nothing is deployed: machines are looked at themselves, and nothing is left on them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from charm.kernel import report_json
from reconciler.ask.probe import look_at
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import MACHINE_AGENT, add_failed_service, add_juju_health
from tests.hosts.shell import wait_until
from tests.standin.builder import Application, Machine, Relation, Unit, World
from tests.support.patience import PATIENCE

from .probing import Operator, run_agents, set_agent, untouched

# As Pebble answers where a workload's service crashes, and nobody defined a check.
PEBBLE = """
import http.server, json, os, socketserver
ANSWERS = {
    '/v1/health': {'healthy': True},
    '/v1/checks': None,
    '/v1/services': [{'name': 'nginx', 'startup': 'enabled', 'current': 'backoff'}],
}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = {'type': 'sync', 'result': ANSWERS[self.path]}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())
    def address_string(self):
        return 'unix'
socketserver.UnixStreamServer('/charm/containers/nginx/pebble.socket', Handler).serve_forever()
"""
SHOWN = ('/etc', '/home', '/opt', '/root', '/srv', '/usr/local', '/tmp', '/var/tmp', '/var/lib')


@pytest.fixture
def host(hosts: Hosts) -> Host:
    """A machine with the agents of two units, and nothing of ours."""
    (one,) = hosts(1)
    run_agents(one, 'web/0', 'telegraf/0')
    return one


@pytest.fixture
def operator(host: Host, tmp_path: Path) -> Operator:
    return Operator(tmp_path, untouched((host,)), host.identity)


def files(host: Host) -> list[str]:
    return host.must(['find', *SHOWN, '-xdev', '-newer', '/srv/before']).splitlines()


def test_an_untouched_model_is_answered_by_one_command(hosts: Hosts, tmp_path: Path) -> None:
    machines = hosts(2)
    for number, host in enumerate(machines):
        run_agents(host, f'web/{number}', f'telegraf/{number}')
    operator = Operator(tmp_path, untouched(machines), machines[0].identity)
    done = operator.run()
    assert (done.returncode, done.stderr) == (0, '')
    assert '4 units passed by machine and agent alone: no hook there' in done.stdout
    sweep = operator.sweep()
    assert {unit['evidence'] for unit in sweep.units.values()} == {'machine'}
    assert {unit['via'] for unit in sweep.units.values()} == {'juju ssh, probe'}
    agent = sweep.check('telegraf/1', 'agent')
    assert (agent['data']['answers'], agent['data']['uniter']) == (True, 'started')
    direct = operator.sweep('--reach', 'direct').units
    assert {unit['via'] for unit in direct.values()} == {'direct ssh, probe'}


def test_who_does_not_want_it_is_told_what_juju_says(operator: Operator) -> None:
    for words in (('--no-probe',), ('--config', str(operator.write_config(False)))):
        sweep = operator.sweep(*words)
        assert {unit['outcome'] for unit in sweep.units.values()} == {'no-hook'}
        assert sweep.done.returncode == 3


def test_nothing_is_left_behind(host: Host, operator: Operator) -> None:
    host.must(['touch', '/srv/before'])
    time.sleep(0.01)  # So that what comes is newer; the clock of a file system is coarse.
    before = files(host)
    assert operator.sweep().done.returncode == 0
    left = set(files(host)) - {*before, '/var/lib', '/home', '/home/ubuntu'}
    # What sudo and logins write of themselves is not of the probe.
    ours = [path for path in left if not path.startswith(('/var/lib/sudo', '/var/lib/systemd'))]
    assert ours == []
    wait_until(lambda: 'python3 -I' not in host.must(['ps', '-eo', 'args']), 'its end')


def test_a_service_that_failed_is_found_on_the_machine(host: Host, operator: Operator) -> None:
    add_failed_service(host, 'mysql')
    sweep = operator.sweep()
    assert sweep.done.returncode == 2
    assert sweep.units['web/0']['message'] == 'failed-units: failed: mysql.service'
    ignoring = operator.write_config(checks={'failed-units': {'ignore': ['mysql.*']}})
    assert operator.sweep('--config', str(ignoring)).done.returncode == 0


def test_an_agent_that_is_stopped_is_no_evidence(host: Host, operator: Operator) -> None:
    host.must(['systemctl', 'stop', MACHINE_AGENT])
    sweep = operator.sweep()
    assert sweep.done.returncode == 3
    unit = sweep.units['web/0']
    assert unit['message'] == 'agent: its agent was not seen running on machine 0'
    assert unit['advice'].endswith('juju show-status-log -m lab:prod web/0')


def test_a_unit_that_is_not_there_is_told_from_those_that_are(
    host: Host, operator: Operator
) -> None:
    stranger = Application('ghost', (Unit('ghost/0', '0'),))
    world = replace(operator.world, applications=(*operator.world.applications, stranger))
    sweep = replace(operator, world=world).sweep()
    healths = {name: unit['health'] for name, unit in sweep.units.items()}
    assert healths == {'ghost/0': 'unknown', 'web/0': 'passed', 'telegraf/0': 'passed'}


def test_a_hook_that_holds_the_lock_for_hours_is_told_of_who_has_it_and_who_waits(
    host: Host, operator: Operator
) -> None:
    set_agent(host, 'web/0', 'lock', '  holder: uniter (run install hook), holding 3h0m1s')
    waits = '  holder: none\n  waiting:\n  - uniter (run start hook), waiting 2h0m0s'
    set_agent(host, 'telegraf/0', 'lock', waits)
    sweep = operator.sweep()
    assert sweep.units['web/0']['message'] == (
        'hook: its agent has held the lock of its machine for 3h: uniter (run install hook)'
    )
    assert sweep.check('telegraf/0', 'hook')['message'] == (
        'its agent has waited for the lock of its machine for 2h, which web/0 holds: uniter (run '
        'start hook)'
    )


def test_an_agent_that_hangs_or_runs_no_hooks_is_a_warning(host: Host, operator: Operator) -> None:
    set_agent(host, 'web/0', 'deaf', '')
    set_agent(host, 'telegraf/0', 'uniter', 'stopped')
    sweep = operator.sweep()
    assert sweep.units['web/0']['message'] == 'agent: its agent listens, and does not answer'
    assert sweep.units['telegraf/0']['message'] == (
        'agent: its agent runs no hooks: stopped: dependency not available'
    )


def test_a_running_hook_is_seen_by_its_process(host: Host) -> None:
    hook = '/var/lib/juju/agents/unit-web-0/charm/hooks/config-changed'
    path = host.root / hook.lstrip('/')
    path.write_text('#!/bin/sh\nsleep 600\n')
    path.chmod(0o755)
    (host.root / 'var/lib/juju/agents/machine-0/run').write_text(f'{hook}\n')
    wait_until(lambda: hook in host.must(['ps', '-eo', 'args']), 'the hook')
    looking = look_at('web/0', [], [], PATIENCE)
    done = host.ssh([looking.path, *looking.arguments], stdin=b''.join(looking.stdin))
    report = report_json.decode(done.stdout)
    (hooks,) = (check for check in report.checks if check.name == 'hooks')
    assert [(one['agent'], one['hook']) for one in hooks.data['running']] == [
        ('unit-web-0', 'config-changed')
    ]


def test_a_port_that_was_opened_and_on_which_nobody_answers_is_a_warning(
    host: Host, operator: Operator
) -> None:
    web = operator.world.applications[0]
    unit = replace(web.units[0], open_ports=('22/tcp', '80/tcp', '9000-9009/tcp'))
    applications = (replace(web, units=(unit,)), *operator.world.applications[1:])
    sweep = replace(operator, world=replace(operator.world, applications=applications)).sweep()
    assert sweep.units['web/0']['message'] == (
        'open-ports: nobody answers on 80/tcp, which it opened'
    )
    assert sweep.units['telegraf/0']['health'] == 'passed'


def test_a_service_that_is_named_is_answered_as_in_the_whole(host: Host, tmp_path: Path) -> None:
    run_agents(host, 'health/0', 'web/0', 'telegraf/0')
    add_juju_health(host, 'health/0')
    beside = Relation('juju-info', 'health', 'juju-info', 'container')
    unit = Unit('web/0', '0', subordinates=(Unit('health/0'), Unit('telegraf/0')))
    applications = (
        Application('web', (unit,), relations=(beside,)),
        Application('health', subordinate_to=('web',), charm='juju-health'),
        Application('telegraf', subordinate_to=('web',)),
    )
    world = World((Machine.of(host, '0'),), applications)
    operator = Operator(tmp_path, world, host.identity)
    whole, alone = operator.sweep(), operator.sweep('telegraf')
    outcomes = {name: unit['outcome'] for name, unit in whole.units.items()}
    assert outcomes == {'web/0': 'reported', 'health/0': 'reported', 'telegraf/0': 'probed'}
    assert alone.units['telegraf/0']['message'] == whole.units['telegraf/0']['message']
    assert alone.units['telegraf/0']['health'] == 'passed'


def test_a_check_that_hangs_costs_only_itself_and_leaves_nothing(
    host: Host, operator: Operator
) -> None:
    hanging = host.root / 'usr/local/bin/systemctl'
    hanging.write_text('#!/bin/sh\nexec sleep 4321\n')
    hanging.chmod(0o755)
    sweep = operator.sweep('--timeout', '20s')
    assert sweep.check('web/0', 'failed-units')['health'] == 'unknown'
    assert sweep.check('web/0', 'disk')['health'] == 'passed'
    wait_until(lambda: 'sleep 4321' not in host.must(['ps', '-eo', 'args']), 'the end of all')


def test_what_does_not_end_is_ended_and_named(host: Host, operator: Operator) -> None:
    python = host.root / 'usr/local/bin/python3'
    python.write_text('#!/bin/sh\nexec sleep 4321\n')
    python.chmod(0o755)
    sweep = operator.sweep('--timeout', '1s')
    unit = sweep.units['web/0']
    assert (unit['outcome'], unit['health']) == ('no-hook', 'unknown')
    assert unit['message'].endswith('could not be looked at: that did not end in time')
    wait_until(lambda: 'sleep 4321' not in host.must(['ps', '-eo', 'args']), 'its end')


def test_a_pod_is_looked_at_in_its_charm_container(hosts: Hosts, tmp_path: Path) -> None:
    (host,) = hosts(1)
    run_agents(host, 'web/0')
    pod = Unit('web/0', leader=True, pod=Machine.of(host, ''), open_ports=('22/tcp', '8080/tcp'))
    world = World((), (Application('web', (pod,)),), type='caas')
    operator = Operator(tmp_path, world, host.identity)
    unit = operator.sweep().units['web/0']
    assert (unit['outcome'], unit['evidence']) == ('probed', 'machine')
    assert unit['message'] == 'open-ports: nobody answers on 8080/tcp, which it opened'
    socket = host.root / 'charm/containers/nginx/pebble.socket'
    socket.parent.mkdir(parents=True)
    (host.root / 'srv/pebble.py').write_text(PEBBLE)
    host.must(['systemd-run', 'python3', '/srv/pebble.py'])
    wait_until(socket.is_socket, 'Pebble')
    sweep = operator.sweep()
    assert sweep.units['web/0']['message'] == (
        'pebble-nginx: Pebble is not healthy: nginx is backoff'
    )
    assert sweep.done.returncode == 2

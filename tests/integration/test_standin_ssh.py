"""The stand-in's `juju ssh` does what juju's does, on real machines through the real OpenSSH."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from jubilant.statustypes import Status

from tests.conftest import Hosts
from tests.hosts import layout
from tests.hosts.park import Park
from tests.standin.builder import JUJU, Application, Machine, Unit, World
from tests.standin.examples import OPTIONS, Juju, model, of, pods, said
from tests.support.patience import PATIENCE

# -- ssh to machines ------------------------------------------------------------------------


def test_a_unit_its_subordinate_and_its_machine_are_one_place(juju: Juju, hosts: Hosts) -> None:
    two = hosts(2)
    for target, name in (
        ('mysql/0', 'juju-0'),
        ('health/0', 'juju-0'),
        ('mysql/leader', 'juju-0'),
        ('wordpress/0', 'juju-1'),
        ('1', 'juju-1'),
        ('ubuntu@1', 'juju-1'),
    ):
        done = juju(
            of(two),
            *('ssh', '-m', 'lab:prod', '--pty=false', target, *OPTIONS, 'hostname; id -un'),
            identity=two[0].identity,
        )
        assert (done.stdout, said(done)) == (f'{name}\nubuntu\n', (0, ''))


@pytest.mark.parametrize(
    ('command', 'code'), [('exit 7', 7), ('/nowhere', 127), ('/etc/passwd', 126), ('kill $$', 255)]
)
def test_the_exit_code_on_a_machine_is_jujus(
    juju: Juju, hosts: Hosts, command: str, code: int
) -> None:
    two = hosts(2)
    done = juju(of(two), 'ssh', '--pty=false', '0', *OPTIONS, command, identity=two[0].identity)
    assert done.returncode == code
    assert 'ERROR' not in done.stderr


def test_words_are_joined_and_read_by_the_far_shell(juju: Juju, hosts: Hosts) -> None:
    two = hosts(2)
    words = ('sh', '-c', 'echo "a  b"')
    done = juju(of(two), 'ssh', '0', '--', *words, identity=two[0].identity)
    assert done.stdout == '\n'
    done = juju(of(two), 'ssh', '0', '--', 'echo "a  b"', identity=two[0].identity)
    assert done.stdout == 'a  b\n'


def test_a_pty_mixes_stderr_into_stdout(juju: Juju, hosts: Hosts) -> None:
    two = hosts(2)
    words = ('ssh', '--pty', '0', 'echo out; echo err >&2')
    done = juju(of(two), *words, identity=two[0].identity)
    assert done.stdout == 'out\r\nerr\r\n'
    assert 'Connection to' in done.stderr


def test_faults_of_machines_are_what_ssh_says(juju: Juju, hosts: Hosts) -> None:
    two = hosts(2)
    world = of(two)

    def ask(target: str) -> tuple[int, str]:
        words = ('ssh', '--pty=false', target, *OPTIONS, 'echo up')
        return said(juju(world, *words, identity=two[0].identity))

    two[0].freeze()
    two[1].stop_sshd()
    assert ask('1') == (255, f'ssh: connect to host {two[1].address} port 22: Connection refused')
    assert ask('0') == (255, 'Connection timed out during banner exchange')
    two[0].thaw()
    two[0].power_off()
    assert ask('0') == (
        255,
        f'ssh: connect to host {two[0].address} port 22: Connection timed out',
    )
    two[1].start_sshd()
    two[1].refuse_key()
    assert ask('1') == (255, f'ubuntu@{two[1].address}: Permission denied (publickey).')


def test_a_host_key_that_the_controller_does_not_know_is_refused(juju: Juju, hosts: Hosts) -> None:
    two = hosts(2)
    world = of(two)
    two[0].new_host_key()
    words = ('--pty=false', '0', *OPTIONS, 'echo in')
    done = juju(world, 'ssh', *words, identity=two[0].identity)
    assert (done.returncode, done.stdout) == (255, '')
    assert 'Host key verification failed.' in done.stderr
    done = juju(world, 'ssh', '--no-host-key-checks', *words, identity=two[0].identity)
    assert (done.returncode, done.stdout) == (0, 'in\n')


def test_a_client_without_a_key_is_refused(juju: Juju, hosts: Hosts) -> None:
    two = hosts(2)
    done = juju(of(two, version='4.0.15'), 'ssh', '0', *OPTIONS, 'true')
    assert done.returncode == 255
    assert 'Permission denied (publickey)' in done.stderr


def test_of_several_addresses_the_one_with_the_right_key_is_taken(
    juju: Juju, hosts: Hosts
) -> None:
    first, second = hosts(2)
    both = (second.address, first.address)
    world = model(Machine('0', both, (first.host_key,)), Machine('1', both))
    done = juju(world, 'ssh', '0', 'hostname', identity=first.identity)
    assert done.stdout == 'juju-0\n'
    first.stop_sshd()
    assert said(juju(world, 'ssh', '0', 'hostname', identity=first.identity)) == (
        1,
        f'ERROR cannot connect to any address: [{both[0]}:22 {both[1]}:22]',
    )


def test_a_proxy_carries_the_connection(juju: Juju, hosts: Hosts) -> None:
    first, second = hosts(2)
    world = of((first, second), proxy=second.address)
    done = juju(world, 'ssh', '--proxy', '0', 'echo $SSH_CLIENT', identity=first.identity)
    assert done.stdout.split()[:1] == [second.address], done.stderr


def test_known_hosts_do_not_stay_behind(
    juju: Juju, hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = hosts(2)
    scratch = tmp_path / 'scratch'
    scratch.mkdir()
    monkeypatch.setenv('TMPDIR', str(scratch))
    done = juju(of(two), 'ssh', '0', 'true', identity=two[0].identity)
    assert (done.returncode, list(scratch.iterdir())) == (0, [])


def test_who_kills_only_juju_leaves_ssh_behind(hosts: Hosts, tmp_path: Path) -> None:
    two = hosts(2)
    environment = of(two).write(tmp_path / 'juju', two[0].identity)
    with subprocess.Popen(
        [str(JUJU), 'ssh', '--pty=false', '0', *OPTIONS, 'echo here; sleep 1000'],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == 'here\n'
        running.terminate()
        running.wait(PATIENCE)
        # ssh holds the pipe, until the whole group is ended.
        os.killpg(running.pid, signal.SIGKILL)
        assert running.stdout.read() == ''


# -- pods -----------------------------------------------------------------------------------


def test_jubilant_reads_the_status_of_pods(juju: Juju, hosts: Hosts) -> None:
    (host,) = hosts(1)
    document = json.loads(juju(pods(host), 'status', '--format', 'json').stdout)
    status = Status._from_dict(document)
    assert (status.model.type, status.apps['web'].scale) == ('caas', 2)
    assert status.apps['web'].units['web/0'].address == host.address
    assert document['machines'] == {}


@pytest.mark.parametrize(
    ('words', 'output', 'code', 'complaint'),
    [
        (['id -un; pwd | wc -l'], 'root\n1\n', 0, ''),
        (['echo', '"a', ' b"'], 'a  b\n', 0, ''),
        (['exit 7'], '', 1, 'ERROR command terminated with exit code 7'),
        (['kill -9 $$'], '', 1, 'ERROR command terminated with exit code 137'),
        (['--', 'true'], '', 1, 'ERROR command terminated with exit code 2'),
    ],
)
def test_a_command_in_a_pod_is_executed_and_every_failure_is_1(
    juju: Juju, hosts: Hosts, words: list[str], output: str, code: int, complaint: str
) -> None:
    (host,) = hosts(1)
    prefix = ['ssh', '-m', 'prod', '--pty=false', '--container', 'charm', 'web/0']
    done = juju(pods(host), *prefix, *words, identity=host.identity)
    assert (done.stdout, done.returncode) == (output, code), done.stderr
    assert (done.stderr.splitlines() or [''])[-1].startswith(complaint)


def test_pods_that_cannot_be_reached_are_jujus_failures(juju: Juju, hosts: Hosts) -> None:
    (host,) = hosts(1)

    def ask(*words: str) -> tuple[int, str]:
        return said(juju(pods(host), 'ssh', *words, 'true', identity=host.identity))

    assert ask('web/1') == (1, 'ERROR container for unit "web/1" is not ready yet')
    assert ask('0') == (1, 'ERROR invalid unit name "0"')
    assert ask('--container', 'db', 'web/0') == (
        1,
        'ERROR container "db" must be one of charm, nginx',
    )
    host.stop_sshd()
    assert ask('web/0') == (
        1,
        f'ERROR error dialing backend: dial tcp {host.address}:10250: connect: connection refused',
    )


# -- the whole ------------------------------------------------------------------------------


def test_reconcile_health_runs_a_units_hook_through_the_stand_in(
    hosts: Hosts, park: Park, tmp_path: Path
) -> None:
    two = hosts(2)
    for index, host in enumerate(two):
        layout.add_juju_health(host, f'health/{index}')
    beside = tuple(
        Unit(f'web/{index}', str(index), subordinates=(Unit(f'health/{index}'),))
        for index in range(2)
    )
    machines = tuple(Machine.of(host, str(index)) for index, host in enumerate(two))
    applications = (Application('web', beside), Application('health', subordinate_to=('web',)))
    environment = World(machines, applications).write(tmp_path / 'juju', park.identity)
    two[1].stop_sshd()
    program = 'from reconciler.cli import main; main()'
    done = subprocess.run(
        [
            *(sys.executable, '-c', program, '--juju', str(JUJU), '--format', 'json'),
            *('--attempts', '1', '--connect-timeout', '2', '-q'),
        ],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode in (2, 3), done.stderr
    assert 'health/0' in done.stdout
    assert 'refused' in done.stdout

"""The test machines are machines: what is claimed of them and of their faults holds."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Hosts
from tests.hosts import layout
from tests.hosts.shell import HostError, wait_until
from tests.support.patience import PATIENCE

HOOK = b'#!/bin/sh\necho "$(id -un) $0"\n'


def listening(address: str) -> str:
    """Return what a new connection to sshd meets: a banner, silence, or an error's name."""
    try:
        with socket.create_connection((address, 22), 5) as connection:
            return connection.recv(7).decode()
    except OSError as error:
        return type(error).__name__


def test_a_machine_runs_systemd_and_lets_ubuntu_be_root(hosts: Hosts) -> None:
    (host,) = hosts(1)
    wait_until(lambda: host.run('systemctl is-system-running').stdout == b'running\n', 'systemd')
    done = host.ssh('hostname; id -un; sudo -n id -un')
    assert done.stdout.split() == [host.name.encode(), b'ubuntu', b'root']
    assert done.returncode == 0


def test_the_exit_code_of_a_command_comes_back(hosts: Hosts) -> None:
    (host,) = hosts(1)
    assert host.ssh('exit 7').returncode == 7
    assert host.run('exit 7').returncode == 7
    with pytest.raises(HostError, match='3: no'):
        host.must('echo no >&2; exit 3')


def test_no_two_machines_are_the_same(hosts: Hosts) -> None:
    three = hosts(3)
    what = 'cat /etc/machine-id /etc/hostname /proc/sys/kernel/random/boot_id'
    said = [host.must(what).split() for host in three]
    for values in zip(*said):
        assert len(set(values)) == 3
    assert len({host.host_key for host in three}) == 3


def test_machines_reach_each_other_and_nothing_else(hosts: Hosts) -> None:
    one, other, _ = hosts(3)
    assert one.run(['nc', '-z', '-w', '2', other.address, '22']).returncode == 0
    assert 'default' not in one.must('ip route')


def test_stopping_sshd_refuses_connections_to_that_machine_only(hosts: Hosts) -> None:
    one, other, third = hosts(3)
    other.stop_sshd()
    assert [listening(host.address) for host in (one, other, third)] == [
        'SSH-2.0',
        'ConnectionRefusedError',
        'SSH-2.0',
    ]
    other.start_sshd()
    assert other.ssh('true').returncode == 0


def test_a_partition_is_silence_and_what_hung_goes_on_when_it_heals(hosts: Hosts) -> None:
    one, other, _ = hosts(3)
    with socket.create_connection((one.address, 22), PATIENCE) as connection:
        assert connection.recv(7) == b'SSH-2.0'
        connection.recv(100)
        one.partition()
        assert listening(one.address) == 'TimeoutError'
        assert listening(other.address) == 'SSH-2.0'
        connection.sendall(b'SSH-2.0-test\r\n')
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        one.heal()
        connection.settimeout(PATIENCE)
        assert connection.recv(1)


def test_a_frozen_machine_accepts_and_never_answers(hosts: Hosts) -> None:
    (host,) = hosts(1)
    host.freeze()
    with socket.create_connection((host.address, 22), PATIENCE) as connection:
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        host.thaw()
        connection.settimeout(PATIENCE)
        assert connection.recv(7) == b'SSH-2.0'


@pytest.mark.parametrize('clean', [False, True])
def test_a_machine_that_is_off_is_silent_and_keeps_its_files(hosts: Hosts, clean: bool) -> None:
    (host,) = hosts(1)
    boot = 'cat /proc/sys/kernel/random/boot_id'
    before = host.must(boot)
    host.must('echo kept > /var/lib/kept; sync')
    host.power_off(clean=clean)
    assert not host.is_on
    assert listening(host.address) == 'TimeoutError'
    with pytest.raises(HostError, match='it is off'):
        host.run('true')
    host.power_on()
    assert host.must(boot) != before
    assert host.must('cat /var/lib/kept') == 'kept\n'


def test_a_refused_key_is_refused_until_it_is_accepted(hosts: Hosts) -> None:
    (host,) = hosts(1)
    host.refuse_key()
    done = host.ssh('true')
    assert (done.returncode, b'Permission denied (publickey)' in done.stderr) == (255, True)
    host.accept_key()
    assert host.ssh('true').returncode == 0


def test_a_new_host_key_is_what_sshd_shows(hosts: Hosts) -> None:
    (host,) = hosts(1)
    before = host.host_key
    host.new_host_key()
    scan = ['ssh-keyscan', '-t', 'ed25519', host.address]
    shown = subprocess.run(scan, capture_output=True, text=True, check=True).stdout
    assert host.host_key in shown
    assert before not in shown
    assert host.ssh('true').returncode == 0


def test_restore_ends_every_fault_at_once(hosts: Hosts) -> None:
    (host,) = hosts(1)
    host.stop_sshd()
    host.refuse_key()
    host.freeze()
    host.partition()
    host.restore()
    assert host.ssh('true').returncode == 0


def test_renew_forgets_what_was_done_to_a_machine(hosts: Hosts) -> None:
    (host,) = hosts(1)
    host.must('echo spoilt > /etc/spoilt')
    host.freeze()
    key = host.host_key
    host.renew()
    assert host.run('test -e /etc/spoilt').returncode == 1
    assert host.host_key != key
    assert host.ssh('true').returncode == 0


def test_a_unit_lies_where_juju_puts_it_and_its_hook_runs(hosts: Hosts) -> None:
    (host,) = hosts(1)
    layout.add_unit(host, 'my-sql/12', HOOK)
    charm = '/var/lib/juju/agents/unit-my-sql-12/charm'
    done = host.ssh(f'{charm}/hooks/health')
    assert done.stdout == f'ubuntu {charm}/hooks/health\n'.encode()
    modes = host.must(f'stat -c "%U %a" {charm}/.. {charm} {charm}/hooks {charm}/hooks/health')
    assert set(modes.splitlines()) == {'root 755'}
    conf = '/var/lib/juju/agents/unit-my-sql-12/agent.conf'
    assert host.must(['stat', '-c', '%U %a', conf]) == 'root 600\n'
    tool = host.run('/var/lib/juju/tools/unit-my-sql-12/config-get')
    assert (tool.returncode, tool.stderr) == (1, b'ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n')
    layout.set_hook(host, 'my-sql/12', HOOK, 0o644)
    assert host.ssh(f'{charm}/hooks/health').returncode == 126
    layout.remove_units(host)
    assert host.ssh(f'{charm}/hooks/health').returncode == 127


def test_a_charm_directory_is_laid_out_whole(hosts: Hosts, tmp_path: Path) -> None:
    (host,) = hosts(1)
    (tmp_path / 'hooks').mkdir()
    (tmp_path / 'hooks' / 'health').write_bytes(HOOK)
    (tmp_path / 'hooks' / 'health').chmod(0o755)
    (tmp_path / 'metadata.yaml').write_text('name: web\n')
    layout.add_unit(host, 'web/0', tmp_path)
    charm = layout.charm_directory('web/0')
    assert host.ssh(f'{charm}/hooks/health; cat {charm}/metadata.yaml').stdout.endswith(
        b'name: web\n'
    )

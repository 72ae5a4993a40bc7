"""How the direct reach logs in: through jump hosts, past a busy sshd, with the ssh agent."""

from __future__ import annotations

import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.reach.base import RemoteCommand
from reconciler.reach.direct import DirectReach, places_of
from reconciler.values.readings import Outcome
from tests.conftest import Hosts
from tests.hosts.shell import run as run_here
from tests.hosts.shell import wait_until
from tests.standin.builder import Machine
from tests.support.patience import PATIENCE

from .reaches import Lab, direct_way, logins, refusal, run, world_of


class Refusing:
    """A reach that nobody may ask."""

    name = 'refusing'

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        raise AssertionError(f'asked for {command.line} at {target}')


def test_a_jump_host_of_the_ssh_configuration_is_gone_through(lab: Lab, hosts: Hosts) -> None:
    jump, host = hosts(2)
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        run(reach, 'true')
    known = lab.directory / 'known'
    known.write_text(f'{jump.address} {jump.host_key}\n')
    command = (
        f'ssh -F none -i {jump.identity} -o UserKnownHostsFile={known} -o LogLevel=ERROR '
        f'-o BatchMode=yes -W %h:%p ubuntu@{jump.address}'
    )
    before = logins(jump)
    with lab.pool(Refusing(), config=f'Host 10.213.*\n  ProxyCommand {command}\n') as pool:
        reach = DirectReach(places_of(model), pool)
        done = run(reach, 'echo $SSH_CONNECTION')
        assert done.stdout.split()[0] == jump.address.encode()
        jump.must('pkill -u ubuntu sshd')
        assert run(reach, 'hostname').stdout == b'juju-1\n'
        jump.refuse_key()
        jump.must('pkill -u ubuntu sshd')
        error = refusal(reach)
    assert error.outcome is Outcome.UNREACHABLE
    assert 'Permission denied (publickey)' in str(error)
    assert logins(jump) == before + 2


def test_many_at_once_through_one_busy_sshd_all_arrive(lab: Lab, hosts: Hosts) -> None:
    jump, host = hosts(2)
    drop_in = jump.root / 'etc/ssh/sshd_config.d/starts.conf'
    drop_in.write_text('MaxStartups 9:100:9\n')
    jump.must('systemctl restart ssh.service')
    jump.wait_for_sshd()
    machines = [Machine.of(host, str(n)) for n in range(24)]
    model = lab.write(world_of(*machines))
    known = lab.directory / 'known'
    known.write_text(f'{jump.address} {jump.host_key}\n')
    command = (
        *('ssh', '-F', 'none', '-i', str(jump.identity), '-o', f'UserKnownHostsFile={known}'),
        *('-o', 'BatchMode=yes', '-W', '[%h]:%p', f'ubuntu@{jump.address}'),
    )
    with lab.pool() as pool:
        # So that every machine's key is known, and only the jump host is busy.
        direct = DirectReach(places_of(model), pool)
        run(direct, 'true')
        line = lab.known_hosts.path.read_text()
    lab.known_hosts.path.write_text(''.join(line.replace(':0 ', f':{n} ') for n in range(24)))
    with lab.pool(Refusing(), jump=command) as pool, ThreadPoolExecutor(24) as workers:
        reach, hostname = DirectReach(places_of(model), pool), RemoteCommand('hostname', 1000)
        asked = [
            workers.submit(reach.run, f'web/{n}', hostname, Deadline.after(PATIENCE))
            for n in range(24)
        ]
        assert {one.result().stdout for one in asked} == {b'juju-1\n'}


def test_an_sshd_that_is_too_busy_may_be_tried_again(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        run(reach, 'true')
    drop_in = host.root / 'etc/ssh/sshd_config.d/starts.conf'
    drop_in.write_text('MaxStartups 1:100:1\n')
    host.must('systemctl restart ssh.service')
    host.wait_for_sshd()
    with ExitStack() as stack:

        def is_in() -> bool:
            """Return whether a connection of ours is the one that may wait to log in."""
            idle = stack.enter_context(socket.create_connection((host.address, 22), PATIENCE))
            return idle.recv(4) == b'SSH-'

        wait_until(is_in, 'sshd to let go of earlier connections')
        with direct_way(lab, model) as reach:
            error = refusal(reach)
    assert (error.outcome, error.retryable) == (Outcome.UNREACHABLE, True)


def test_a_key_with_a_passphrase_is_used_through_the_ssh_agent(
    lab: Lab, hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        run(reach, 'true')
    line = lab.known_hosts.path.read_text()
    lab.known_hosts.path.write_text(''.join(line.replace(':0 ', f':{n} ') for n in range(8)))
    model = lab.write(world_of(*(Machine.of(host, str(n)) for n in range(8))))
    juju_key = next((lab.directory / 'juju/ssh').glob('*.pub')).with_suffix('')
    open_key = tmp_path / 'open'
    open_key.write_bytes(juju_key.read_bytes())
    open_key.chmod(0o600)
    run_here(['ssh-keygen', '-q', '-p', '-P', '', '-N', 'secret', '-f', str(juju_key)])
    monkeypatch.delenv('SSH_AUTH_SOCK', raising=False)
    with direct_way(lab, model) as reach:
        error = refusal(reach)
        assert (error.outcome, error.retryable) == (Outcome.REFUSED_KEY, False)
        assert 'a key with a passphrase has to be in the ssh agent' in str(error)
    socket_path = tmp_path / 'agent'
    with subprocess.Popen(
        ['ssh-agent', '-D', '-a', str(socket_path)], stdout=subprocess.DEVNULL
    ) as agent:
        try:
            wait_until(socket_path.exists, 'the ssh agent')
            monkeypatch.setenv('SSH_AUTH_SOCK', str(socket_path))
            run_here(['ssh-add', '-q', str(open_key)])
            # At once, since one connection to the agent is not for several threads.
            with direct_way(lab, model) as reach, ThreadPoolExecutor(8) as workers:
                asked = [workers.submit(run, reach, 'id -un', 20, f'web/{n}') for n in range(8)]
                assert {one.result().stdout for one in asked} == {b'ubuntu\n'}
        finally:
            agent.terminate()

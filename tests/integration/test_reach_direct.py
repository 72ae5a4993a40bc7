"""What only the direct reach does: learn host keys, keep connections, choose addresses, jump."""

from __future__ import annotations

import shlex
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.reach.base import RemoteCommand
from reconciler.reach.direct import DirectReach, places_of
from reconciler.reach.ssh.hostkeys import KEY_FILES
from reconciler.values.readings import Outcome
from tests.conftest import Hosts
from tests.hosts.shell import run as run_here
from tests.hosts.shell import wait_until
from tests.standin.builder import Machine
from tests.support.patience import PATIENCE

from .reaches import Lab, direct_way, logins, refusal, run, world_of


class Counting:
    """A reach that counts what it is asked for, and passes it on."""

    name = 'counting'

    def __init__(self, lab: Lab) -> None:
        self._behind = lab.through_juju
        self.asked: list[tuple[str, str]] = []

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        self.asked.append((target, command.line))
        return self._behind.run(target, command, deadline)


def test_host_keys_are_learnt_once_and_kept_for_the_user_alone(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    counting = Counting(lab)
    for _ in range(2):
        with lab.pool(counting) as pool:
            assert run(DirectReach(places_of(model), pool), 'hostname').stdout == b'juju-0\n'
    ((target, command),) = counting.asked
    assert target == 'web/0'
    assert KEY_FILES in command
    assert lab.known_hosts.path.read_text() == f'lab:prod:0 {host.host_key} juju-0\n'
    assert stat.S_IMODE(lab.known_hosts.path.stat().st_mode) == 0o600


def test_a_changed_key_is_never_learnt_again_until_the_old_one_is_forgotten(
    lab: Lab, hosts: Hosts
) -> None:
    (host,) = hosts(1)
    machine = Machine.of(host, '0')
    model = lab.write(world_of(machine))
    with direct_way(lab, model) as reach:
        run(reach, 'true')
    known = lab.known_hosts.path.read_text()
    host.new_host_key()
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        for _ in range(2):
            error = refusal(reach)
            assert error.outcome is Outcome.HOST_KEY
            assert 'it has new host keys, which juju knows of too' in str(error)
            assert lab.known_hosts.forgetting('lab:prod:0') in str(error)
            assert lab.known_hosts.path.read_text() == known
        forget = lab.known_hosts.forgetting('lab:prod:0')
        subprocess.run(shlex.split(forget), check=True, capture_output=True, timeout=PATIENCE)
        assert run(reach, 'hostname').stdout == b'juju-0\n'


def test_a_machine_that_was_built_anew_is_told_by_its_instance(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        run(reach, 'true')
    host.new_host_key()
    model = lab.write(world_of(Machine.of(host, '0')))
    machine = replace(model.machines['0'], instance_id='i-2')
    with direct_way(lab, replace(model, machines={'0': machine})) as reach:
        error = refusal(reach)
    assert error.outcome is Outcome.HOST_KEY
    assert 'built anew: its host key was learnt of instance juju-0, and it is i-2 now' in str(
        error
    )


def test_without_the_controllers_word_no_key_is_believed(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(replace(Machine.of(host, '0'), keys=())))
    with direct_way(lab, model) as reach:
        assert refusal(reach).outcome is Outcome.HOST_KEY
    assert not lab.known_hosts.path.exists()


def test_one_machine_has_one_connection_that_is_kept(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        run(reach, 'true')
        before = logins(host)
        with ThreadPoolExecutor(6) as workers:
            asked = [workers.submit(run, reach, f'sleep 0.3; echo {n}') for n in range(6)]
        assert [one.result().stdout for one in asked] == [b'%d\n' % n for n in range(6)]
        # sshd is gone, and what is asked comes through all the same.
        host.stop_sshd()
        assert run(reach, 'hostname').stdout == b'juju-0\n'
        assert logins(host) == before


def test_a_dead_connection_is_replaced(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        run(reach, 'true')
        before = logins(host)
        host.must('pkill -u ubuntu sshd')
        assert run(reach, 'hostname').stdout == b'juju-0\n'
        assert logins(host) == before + 1


def test_a_connection_that_dies_meanwhile_may_be_tried_again(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        run(reach, 'true')

        def strike() -> None:
            wait_until((host.root / 'home/ubuntu/started').exists, 'the command')
            host.must('pkill -u ubuntu sshd')

        thread = threading.Thread(target=strike)
        thread.start()
        error = refusal(reach, 'touch started; sleep 1000')
        thread.join()
    assert (error.outcome, error.retryable) == (Outcome.UNREACHABLE, True)


def test_a_command_too_many_at_once_costs_the_others_nothing(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    (host.root / 'etc/ssh/sshd_config.d/sessions.conf').write_text('MaxSessions 2\n')
    host.must('systemctl restart ssh.service')
    host.wait_for_sshd()
    model = lab.write(world_of(Machine.of(host, '0')))
    wait = 'touch $0; until [ -e go ]; do sleep 0.05; done; echo done'
    with direct_way(lab, model) as reach, ThreadPoolExecutor(2) as workers:
        asked = [workers.submit(run, reach, f"sh -c '{wait}' started-{n}") for n in range(2)]
        for n in range(2):
            wait_until((host.root / f'home/ubuntu/started-{n}').exists, 'both commands')
        error = refusal(reach)
        assert (error.outcome, error.retryable) == (Outcome.UNREACHABLE, True)
        (host.root / 'home/ubuntu/go').touch()
        assert [one.result().stdout for one in asked] == [b'done\n'] * 2
        assert run(reach, 'echo again').stdout == b'again\n'


def test_the_far_command_ends_with_the_deadline(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with direct_way(lab, model) as reach:
        refusal(reach, 'trap "" TERM; echo x; sleep 1000 & sleep 1000; sleep 1000', seconds=2)

        def gone() -> bool:
            return host.run('ps -eo args | grep "[s]leep 1000"').stdout == b''

        wait_until(gone, 'the far command to end')


def test_of_several_addresses_the_one_that_is_the_machine_is_taken(lab: Lab, hosts: Hosts) -> None:
    first, second, third = hosts(3)
    third.power_off()
    addresses = ('10.213.255.1', third.address, first.address, 'fe80::1', second.address)
    model = lab.write(world_of(Machine('0', addresses, (second.host_key,))))
    counting = Counting(lab)
    with lab.pool(counting) as pool:
        assert run(DirectReach(places_of(model), pool), 'hostname').stdout == b'juju-1\n'
        slot = pool._slots['lab:prod:0']
        assert slot.address == second.address


def test_an_address_may_be_of_ipv6(lab: Lab, hosts: Hosts) -> None:
    (host,) = hosts(1)
    slot = host.address.split('.')[2]
    # As ssh writes an address, in whose known hosts juju's key is then found: without `:0:`.
    here, there = f'fd00:213:1{slot}::1', f'fd00:213:1{slot}::2'
    run_here(['ip', 'addr', 'replace', f'{here}/64', 'dev', f'jhbr{slot}', 'nodad'])
    inside = ['ip', '-n', host.interface, 'addr', 'replace']
    run_here([*inside, f'{there}/64', 'dev', 'host0', 'nodad'])
    model = lab.write(world_of(Machine('0', (there,), (host.host_key,))))
    with direct_way(lab, model) as reach:
        done = reach.run(
            'web/0', RemoteCommand('echo $SSH_CONNECTION', 1000), Deadline.after(PATIENCE)
        )
    assert done.stdout.split()[0] == here.encode()

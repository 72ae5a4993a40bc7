"""Where the direct reach looks for machines, and which connections a model's sweeps share."""

from __future__ import annotations

import socket
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.cli.options.direct import _client, direct_reach
from reconciler.juju.command import Juju
from reconciler.reach.base import Reach, ReachError, RemoteCommand
from reconciler.reach.direct import DirectReach, places_of
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.ssh.approach import MachineAddress, SshSettings
from reconciler.reach.ssh.far_end import SshTarget
from reconciler.reach.ssh.hostkeys import HostKey, KnownHosts
from reconciler.reach.ssh.login import Logins
from reconciler.reach.ssh.pool import Pool
from reconciler.values.errors import UsageError
from reconciler.values.model import Application, Machine, Model, Unit
from reconciler.values.readings import Outcome
from tests.support.patience import PATIENCE


def model(machine: Machine, name: str = 'prod', type_: str = 'iaas') -> Model:
    units = (Unit('web/0', 'web', machine.id), Unit('web/1', 'web'))
    return Model(
        name,
        'lab',
        type_,
        machines={machine.id: machine},
        applications={'web': Application('web', units=units)},
    )


@pytest.mark.parametrize(
    ('dns_name', 'listed', 'addresses'),
    [
        ('10.0.0.5', ('10.0.0.5', '192.168.0.5'), ('10.0.0.5', '192.168.0.5')),
        ('54.0.0.1', ('10.0.0.5',), ('54.0.0.1', '10.0.0.5')),
        ('node.maas', ('10.0.0.5',), ('10.0.0.5',)),
        ('node.maas', (), ('node.maas',)),
        ('', ('fe80::1', '169.254.0.1', 'fd00::5', '0.0.0.0'), ('fd00::5',)),  # noqa: S104
        ('', ('nonsense',), ()),
    ],
    ids=['usual', 'public', 'named', 'only-named', 'link-local', 'none'],
)
def test_a_machine_is_looked_for_where_juju_says_it_may_be(
    dns_name: str, listed: tuple[str, ...], addresses: tuple[str, ...]
) -> None:
    machine = Machine('0/lxd/1', dns_name=dns_name, addresses=listed, instance_id='i-1')
    places = places_of(model(machine))
    assert places['web/0'] is places['0/lxd/1']
    assert places['web/0'].addresses == addresses
    assert (places['web/0'].name, places['web/0'].instance) == ('lab:prod:0/lxd/1', 'i-1')
    assert 'web/1' not in places


def test_what_other_machines_have_too_is_no_address_of_ones_own() -> None:
    listed = {
        '0': ('10.0.0.5', '172.17.0.1', '127.0.0.1', '10.9.0.1', '192.168.0.5'),
        '1': ('127.0.0.1', '10.9.0.1'),
        '2': ('::1', 'fd00::7', '::1'),
    }
    machines = {
        name: Machine(name, addresses=addresses, bridged=frozenset({'172.17.0.1'}))
        for name, addresses in listed.items()
    }
    places = places_of(Model('prod', 'lab', machines=machines))
    # Of the first, what it has on a bridge, what is here as well, and what is listed elsewhere.
    assert places['0'].shared == {'172.17.0.1', '127.0.0.1', '10.9.0.1'}
    assert places['1'].shared == {'127.0.0.1', '10.9.0.1'}
    assert places['2'].shared == set(), 'what juju prefers is its own, if nobody shares it'


def test_pods_are_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match='leave --reach out'):
        places_of(model(Machine('0'), type_='caas'))


@pytest.fixture
def reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reach:
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path))
    monkeypatch.delenv('JUJU_DATA', raising=False)
    monkeypatch.setattr('reconciler.cli.options.direct._POOLS', {})
    there = model(Machine('0', addresses=('10.0.0.5',)))
    return direct_reach(there, JujuSSH(Juju('/nonexistent/juju')), '', again=True)


def test_who_has_no_machine_is_not_reached(reach: Reach) -> None:
    with pytest.raises(ReachError, match='names no machine') as raised:
        reach.run('web/1', RemoteCommand('true', 1000), Deadline.after(PATIENCE))
    assert raised.value.outcome is Outcome.UNREACHABLE


def test_who_has_no_address_is_not_reached_and_juju_is_not_asked(reach: Reach) -> None:
    nowhere = direct_reach(model(Machine('0')), JujuSSH(Juju('/nonexistent/juju')), '', again=True)
    with pytest.raises(ReachError, match='names no address') as raised:
        nowhere.run('web/0', RemoteCommand('true', 1000), Deadline.after(PATIENCE))
    assert raised.value.outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize('jump', ['-oProxyCommand=touch', 'a,$(b)', 'a b', '%h', 'fd00::5', ','])
def test_a_jump_that_is_no_host_is_wrong_usage(reach: Reach, jump: str) -> None:
    assert isinstance(reach, DirectReach)
    with pytest.raises(UsageError, match=r'a host to go through is \[USER@\]HOST'):
        direct_reach(model(Machine('0')), JujuSSH(Juju('/nonexistent/juju')), jump, again=True)


def test_what_keeps_juju_from_telling_a_host_key_is_what_is_said(reach: Reach) -> None:
    with pytest.raises(ReachError, match='cannot run /nonexistent/juju') as raised:
        reach.run('web/0', RemoteCommand('true', 1000), Deadline.after(PATIENCE))
    assert raised.value.outcome is Outcome.JUJU_FAILED


def test_sweeps_of_one_model_share_connections_and_models_do_not(reach: Reach) -> None:
    through_juju = JujuSSH(Juju('/nonexistent/juju'))
    again = direct_reach(
        model(Machine('0', addresses=('10.0.0.5',))), through_juju, '', again=True
    )
    other = direct_reach(model(Machine('0'), 'test'), through_juju, '', again=True)
    assert isinstance(reach, DirectReach)
    assert isinstance(again, DirectReach)
    assert isinstance(other, DirectReach)
    assert again.pool is reach.pool
    assert other.pool is not reach.pool, 'juju vouches for the machines of one model'


@pytest.mark.parametrize(
    ('installed', 'speaks'),
    [('2.24.0', 'LoopClient'), ('3.0', 'LoopClient'), ('2.9.1', 'ParamikoClient'), ('', '')],
)
def test_asyncssh_speaks_ssh_where_one_is_installed_that_is_no_less_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str, speaks: str
) -> None:
    def version(name: str) -> str:
        if not installed:
            raise PackageNotFoundError(name)
        return installed

    monkeypatch.setattr('reconciler.cli.options.direct.version', version)
    assert type(_client()).__name__ == (speaks or 'ParamikoClient')


@pytest.mark.parametrize('again', [True, False])
def test_connections_are_kept_where_machines_are_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    links: list[Counted] = []

    class Client:
        def connect(self, far: SshTarget, deadline: Deadline) -> Counted:
            links.append(Counted(far.sock))
            return links[-1]

    known = KnownHosts(tmp_path / 'known')
    known.learn('lab:prod:0', [HostKey('ssh-ed25519', b'\0\0\0\x0bssh-ed25519key')], '')
    ways = SshSettings(Logins(tmp_path, tmp_path), known, never_vouched, Client(), keeps=again)
    with socket.create_server(('127.0.0.1', 0)) as door:
        (tmp_path / 'config').write_text(f'Port {door.getsockname()[1]}\n')
        pool = Pool(ways)
        place = MachineAddress('lab:prod:0', ('127.0.0.1',))
        for _ in range(3):
            pool.run(place, '0', RemoteCommand('true', 100), Deadline.after(PATIENCE))
    assert [(one.runs, one.alive) for one in links] == ([(3, True)] if again else [(1, False)] * 3)
    pool.close()
    assert not any(one.alive for one in links)


class Counted:
    """A connection that counts what is run on it."""

    def __init__(self, sock: socket.socket) -> None:
        self.runs, self.alive, self._sock = 0, True, sock

    def run(self, command: RemoteCommand, deadline: Deadline, open_seconds: float) -> Completed:
        self.runs += 1
        return Completed(0, b'', b'')

    def close(self) -> None:
        self.alive = False
        self._sock.close()


def never_vouched(target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
    raise AssertionError(f'asked for {command.line} at {target}')

"""How to log in: juju's keys first, then what ~/.ssh/config says, then ssh's defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError
from reconciler.reach.ssh.login import Logins, through
from reconciler.values.readings import Outcome
from tests.support.hostile_names import hostile_names

SOON = Deadline.after(1e6)


def logins(tmp_path: Path, config: str = '', jump: tuple[str, ...] = ()) -> Logins:
    ssh = tmp_path / 'ssh'
    ssh.mkdir(exist_ok=True)
    if config:
        (ssh / 'config').write_text(config)
    return Logins(tmp_path / 'juju', ssh, jump)


def test_without_any_configuration_it_is_as_juju_does_it(tmp_path: Path) -> None:
    keys = tmp_path / 'juju' / 'ssh'
    keys.mkdir(parents=True)
    for name in ('juju_id_rsa', 'juju_id_rsa.pub', 'other.pub', 'lonely'):
        (keys / name).touch()
    login = logins(tmp_path).login('10.0.0.5', SOON)
    assert (login.user, login.port, login.proxy) == ('ubuntu', 22, ())
    ssh = tmp_path / 'ssh'
    defaults = [ssh / name for name in ('id_ed25519', 'id_ecdsa', 'id_rsa')]
    assert list(login.identities) == [keys / 'juju_id_rsa', keys / 'other', *defaults]


def test_the_configuration_is_asked_by_address(tmp_path: Path) -> None:
    found = logins(
        tmp_path,
        'Host 10.1.*\n  User ann\n  Port 2222\n  IdentityFile ~/k\n  IdentitiesOnly yes\n'
        'Host 10.2.*\n  ProxyJump bastion\n',
    )
    login = found.login('10.1.0.5', SOON)
    assert (login.user, login.port, login.identities_only) == ('ann', 2222, True)
    assert login.identities[0] == Path('~/k').expanduser()
    assert found.login('10.2.0.5', SOON).proxy == (
        *('ssh', '-F', str(tmp_path / 'ssh/config'), '-o', 'BatchMode=yes'),
        *('-o', 'LogLevel=ERROR', '-W', '[10.2.0.5]:22'),
        'ssh://bastion',
    )
    assert (found.login('10.3.0.5', SOON).user, found.login('10.3.0.5', SOON).proxy) == (
        'ubuntu',
        (),
    )


def test_a_jump_that_was_asked_for_outweighs_the_configuration(tmp_path: Path) -> None:
    found = logins(tmp_path, 'Host *\n  ProxyCommand nc %h %p\n', ('jump', '%h', '%p'))
    assert found.login('10.0.0.5', SOON).proxy == ('jump', '10.0.0.5', '22')


@pytest.mark.parametrize(
    ('said', 'proxy'),
    [
        ('ProxyCommand nc -x s:1 %h %p', ('sh', '-c', 'exec nc -x s:1 10.0.0.5 22')),
        ('ProxyCommand none', ()),
        ('ProxyJump none', ()),
    ],
)
def test_a_proxy_command_is_run_by_a_shell(
    tmp_path: Path, said: str, proxy: tuple[str, ...]
) -> None:
    assert logins(tmp_path, f'Host *\n  {said}\n').login('10.0.0.5', SOON).proxy == proxy


@pytest.mark.parametrize(
    ('hosts', 'tail'),
    [
        ('bastion', ['-W', '[%h]:%p', 'ssh://bastion']),
        ('ann@b:2222', ['-W', '[%h]:%p', 'ssh://ann@b:2222']),
        ('a,ann@b', ['-J', 'a', '-W', '[%h]:%p', 'ssh://ann@b']),
    ],
)
def test_jump_hosts_are_gone_through_by_ssh_itself(hosts: str, tail: list[str]) -> None:
    assert through(hosts)[5:] == tuple(tail)


def test_included_files_count_where_they_are_included(tmp_path: Path) -> None:
    (tmp_path / 'ssh' / 'd').mkdir(parents=True)
    (tmp_path / 'ssh' / 'd' / 'a').write_text('Host 10.*\n  User first\n')
    (tmp_path / 'ssh' / 'd' / 'b').write_text('Host *\n  User second\n')
    every = tmp_path / 'ssh' / 'd'
    found = logins(tmp_path, f'Include {every}/* /nowhere\nHost *\n  User third\n')
    assert found.login('10.0.0.5', SOON).user == 'first'
    assert found.login('192.0.2.5', SOON).user == 'second'


@pytest.mark.parametrize(
    ('line', 'said'),
    [
        ('User $(id)', "User '\\$\\(id\\)' is not the name of a user"),
        ('User -oProxyCommand=id', 'is not the name of a user'),
        ('ProxyJump a,`id`', "cannot go through '`id`'"),
        ('ProxyJump -oProxyCommand=id', "cannot go through '-oProxyCommand=id'"),
        ('HostName $(id)', "HostName '\\$\\(id\\)' is not a host name or an address"),
    ],
)
def test_what_makes_no_sense_of_one_machine_costs_that_machine(
    tmp_path: Path, line: str, said: str
) -> None:
    found = logins(tmp_path, f'Host 10.0.0.5\n  {line}\n')
    with pytest.raises(ReachError, match=said) as raised:
        found.login('10.0.0.5', SOON)
    assert raised.value.outcome is Outcome.UNREACHABLE
    assert str(raised.value).startswith(f'cannot use {tmp_path}/ssh/config: ')
    assert found.login('10.0.0.6', SOON).port == 22


def test_a_configuration_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    found = logins(tmp_path, 'Host *\n  Nonsense yes\n')
    with pytest.raises(ReachError, match='line 2: Bad configuration option: nonsense') as raised:
        found.login('10.0.0.5', SOON)
    assert str(raised.value.advice) == f'mend {tmp_path}/ssh/config'


def test_no_address_runs_anything(tmp_path: Path) -> None:
    proof, ran = tmp_path / 'proof', tmp_path / 'ran'
    proxy = 'ProxyCommand sh -c "echo %h" %r\n'
    found = logins(tmp_path, f'Match exec "touch {ran}; echo %h"\n  {proxy}')
    for name in hostile_names(proof):
        with pytest.raises(ReachError, match='is not a host name or an address'):
            found.login(name, SOON)
    assert not proof.exists()
    assert not ran.exists()
    found = logins(tmp_path, f'Host *\n  User ann\n  {proxy}')
    assert found.login('node-1.maas', SOON).proxy == (
        'sh',
        '-c',
        'exec sh -c "echo node-1.maas" ann',
    )

"""What ssh would do at an address: the same as `ssh -G` says of the configuration itself."""

from __future__ import annotations

import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from getpass import getuser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError
from reconciler.reach.ssh import ssh_config
from reconciler.reach.ssh.login import Logins
from reconciler.values.errors import UsageError
from tests.support.patience import PATIENCE

_PROXIES = ('proxyjump', 'proxycommand')
ADDRESSES = ('10.1.0.5', '10.2.0.5', 'fd00::5', 'node-1.maas')
_HEADS = (
    *('Host *', 'Host * # all', 'Host=10.1.*', 'Host "10.2.*" !10.2.0.5', 'host fd00::* node-?.*'),
    *('Match all', 'Match host 10.1.*,10.2.*', 'Match !originalhost 10.1.0.5', 'Match user ann'),
    *('Match exec "test %h = 10.1.0.5"', 'Match final host 10.2.*', 'Match localuser root'),
)
_OPTIONS = (
    *(
        'User ann',
        'User = "bob" # ours',
        'USER carl',
        'Port 2222',
        'Port=2022 # ours',
        'Port "23"',
    ),
    *(
        'IdentityFile ~/k1',
        'IdentityFile "~/a key" # c',
        'IdentityFile %d/.ssh/%r',
        'HostName h.%h',
    ),
    *(
        'IdentitiesOnly yes',
        'IdentityAgent none',
        'IdentityAgent $AGENT',
        'CertificateFile ~/c.pub',
    ),
    *('ProxyJump ann@b:2222,c', 'ProxyJump none', 'ProxyCommand nc %h %p', 'ProxyCommand none'),
    *('StrictHostKeyChecking no', 'UserKnownHostsFile a b', 'CanonicalizeHostname no'),
    *('# a comment', '# caf\udce9', ''),
)
_LINES = st.lists(st.sampled_from((*_HEADS, *(f'  {option}' for option in _OPTIONS))), max_size=12)


def said_by_ssh(config: Path, address: str) -> list[str]:
    """Return the lines of `ssh -G` of the configuration alone."""
    done = subprocess.run(
        ['ssh', '-T', '-G', '-F', str(config), '--', address],
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    return done.stdout.decode(errors='surrogateescape').splitlines()


@pytest.mark.slow
@example(['Match final host 10.2.*', '  User ann'], '10.2.0.5')
@settings(max_examples=150, deadline=None)
@given(_LINES, st.sampled_from(ADDRESSES))
def test_every_configuration_is_read_as_ssh_reads_it(lines: list[str], address: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory, 'config')
        text = ''.join(f'{line}\n' for line in lines)
        config.write_bytes(text.encode(errors='surrogateescape'))
        found = ssh_config.ask(config, address, 'nobody-named-one', Deadline.after(PATIENCE))
        pure = said_by_ssh(config, address)
        # What is said to be so everywhere is what ssh says of every other address.
        for other in ADDRESSES if found.everywhere else ():
            also = ssh_config.ask(config, other, 'nobody-named-one', Deadline.after(PATIENCE))
            assert {**also.values, 'hostname': '', 'host': ''} == {
                **found.values,
                'hostname': '',
                'host': '',
            }
            assert also.values['hostname'] == other
            assert (also.lists, also.everywhere) == (found.lists, True)
    own = [line.partition(' ')[2] for line in pure if line.startswith('identityfile ')]
    named = [name for name in own if name not in _DEFAULTS]
    assert list(found.lists['identityfile']) == named
    for line in pure:
        key, _, value = line.partition(' ')
        if key == 'user' and found.values['user'] == 'nobody-named-one':
            assert value == getuser(), 'ssh found no user either'
        elif key in ('user', 'hostname', 'port', 'identitiesonly', 'identityagent', *_PROXIES):
            assert found.values[key] == value


_DEFAULTS = [
    f'~/.ssh/id_{kind}'
    for kind in ('rsa', 'ecdsa', 'ecdsa_sk', 'ed25519', 'ed25519_sk', 'xmss', 'dsa')
]


@pytest.mark.parametrize('config', ['', 'User ann # ours\n', '# caf\udce9\nUser ann\n'])
def test_a_login_is_what_ssh_says(config: str, tmp_path: Path) -> None:
    (tmp_path / 'config').write_bytes(config.encode(errors='surrogateescape'))
    login = Logins(tmp_path / 'juju', tmp_path).login('10.0.0.5', Deadline.after(PATIENCE))
    assert login.user == ('ann' if config else 'ubuntu')


@pytest.mark.parametrize(
    ('line', 'attribute', 'value'),
    [
        ('HostName node', 'host', 'node'),
        ('IdentityAgent none', 'agent', ''),
        ('IdentityAgent ~/agent', 'agent', str(Path('~/agent').expanduser())),
        ('IdentityAgent $OTHER_AGENT', 'agent', '/run/other'),
        ('IdentityAgent ${OTHER_AGENT}', 'agent', '/run/other'),
        ('IdentityAgent SSH_AUTH_SOCK', 'agent', '/run/agent'),
        ('', 'agent', '/run/agent'),
        ('IdentitiesOnly yes', 'identities_only', True),
        ('ProxyCommand nc %%h %h %p %r', 'proxy', ('sh', '-c', 'exec nc %h 10.0.0.5 22 ubuntu')),
        ('CertificateFile /c/%r.pub', 'certificates', (Path('/c/ubuntu.pub'),)),
    ],
)
def test_tokens_and_variables_are_filled_in_as_ssh_does(
    line: str, attribute: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('SSH_AUTH_SOCK', '/run/agent')
    monkeypatch.setenv('OTHER_AGENT', '/run/other')
    (tmp_path / 'config').write_text(f'Host *\n {line}\n')
    logins = Logins(tmp_path / 'juju', tmp_path)
    assert getattr(logins.login('10.0.0.5', Deadline.after(PATIENCE)), attribute) == value


def test_without_an_ssh_nothing_can_be_read_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(UsageError, match='cannot run ssh'):
        ssh_config.ask(tmp_path / 'config', '10.0.0.5', 'ubuntu', Deadline.after(PATIENCE))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the addresses that ssh is asked for."""
    found: list[str] = []
    really = ssh_config.ask

    def noting(config: Path, address: str, user: str, deadline: Deadline) -> ssh_config.SshAnswer:
        found.append(address)
        return really(config, address, user, deadline)

    monkeypatch.setattr(ssh_config, 'ask', noting)
    return found


ALIKE = {
    'nothing': '',
    'every': '# Host 10.1.0.5, 5 %\nHost *\n  User ann\nMatch all\n  Port=23\n',
    'proxy': 'ProxyCommand nc %h %p\nControlPath ~/%C\n',
}
APART = {
    'host': 'Host 10.1.*\n  User ann\n',
    'some': 'Host * !10.1.0.5\n  User ann\n',
    'quoted': '"Host" 10.1.0.5\n  User ann\n',
    'equals': ' = Host=10.1.0.5\n',
    'match': 'Match exec true\n  User ann\n',
    'name': 'HostName node\n',
    'token': 'IdentityFile ~/%n\n',
    'canonical': 'CanonicalizeHostname yes\n',
}


@pytest.mark.parametrize('case', [*ALIKE, *APART])
def test_ssh_is_asked_once_where_its_configuration_tells_no_address_from_another(
    case: str, tmp_path: Path, asked: list[str]
) -> None:
    (tmp_path / 'included').write_text({**ALIKE, **APART}[case])
    (tmp_path / 'config').write_text(f'Include {tmp_path}/incl*\n')
    logins = Logins(tmp_path / 'juju', tmp_path)
    with ThreadPoolExecutor(len(ADDRESSES)) as workers:
        soon = Deadline.after(PATIENCE)
        found = list(workers.map(lambda address: logins.login(address, soon), ADDRESSES))
    assert len(asked) == (1 if case in ALIKE else len(ADDRESSES))
    for address, login in zip(ADDRESSES, found, strict=True):
        alone = Logins(tmp_path / 'juju', tmp_path).login(address, soon)
        assert login == alone


def test_what_one_address_cannot_be_asked_for_in_time_costs_it_alone(
    tmp_path: Path, asked: list[str]
) -> None:
    logins = Logins(tmp_path / 'juju', tmp_path)
    with pytest.raises(ReachError, match='cannot wait longer'):
        logins.login('10.1.0.5', Deadline.after(0))
    assert logins.login('10.2.0.5', Deadline.after(PATIENCE)).user == 'ubuntu'

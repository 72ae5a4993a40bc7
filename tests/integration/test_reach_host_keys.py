"""What a real sshd shows itself by, beside our known_hosts: keys that are marked, certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.reach.direct import DirectReach, places_of
from reconciler.values.readings import Outcome
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.standin.builder import Machine

from .reaches import Lab, direct_way, refusal, run, world_of

CERTIFY = """
cd /root && rm -f ca ca.pub
ssh-keygen -q -t ed25519 -N '' -f ca
ssh-keygen -q -s ca -I juju-0 -h /etc/ssh/ssh_host_ed25519_key.pub
"""
CONFIG = 'etc/ssh/sshd_config.d/10-certificate.conf'
CERTIFICATE = 'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\n'


@pytest.fixture
def host(hosts: Hosts) -> Host:
    return hosts(1)[0]


@pytest.fixture
def certified(host: Host) -> Iterator[Host]:
    yield host
    (host.root / CONFIG).unlink()
    restart(host)


def restart(host: Host) -> None:
    host.must('systemctl restart ssh.service')
    host.wait_for_sshd()


def certify(host: Host, more: str = '') -> None:
    host.must(CERTIFY)
    (host.root / CONFIG).write_text(CERTIFICATE + more)
    restart(host)


@pytest.mark.parametrize('hosts_of_line', ['*', 'lab:prod:0'])
def test_a_revoked_key_is_refused_and_told_as_revoked(
    lab: Lab, host: Host, hosts_of_line: str
) -> None:
    model = lab.write(world_of(Machine.of(host, '0')))
    revoked = f'@revoked {hosts_of_line} {host.host_key}\n'
    lab.known_hosts.path.parent.mkdir()
    for known in ('', f'lab:prod:0 {host.host_key} juju-0\n'):
        lab.known_hosts.path.write_text(known + revoked)
        with direct_way(lab, model) as reach:
            error = refusal(reach)
        assert (error.outcome, 'marked @revoked' in str(error)) == (Outcome.HOST_KEY, True)
        assert 'in between' not in str(error)


ONLY = 'HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com\n'


@pytest.mark.parametrize('more', ['', ONLY], ids=['beside-keys', 'alone'])
def test_a_machine_that_shows_a_certificate_is_known_by_its_key(
    lab: Lab, certified: Host, more: str
) -> None:
    certify(certified, more)
    model = lab.write(world_of(Machine.of(certified, '0')))
    lab.known_hosts.path.parent.mkdir()
    authority = certified.must('cat /root/ca.pub')
    lab.known_hosts.path.write_text(f'@cert-authority * {authority}')
    with direct_way(lab, model) as reach:
        assert run(reach, 'hostname').stdout == b'juju-0\n'


def test_a_certificate_that_cannot_be_checked_here_is_no_attack(lab: Lab, certified: Host) -> None:
    model = lab.write(world_of(Machine.of(certified, '0')))
    with direct_way(lab, model) as reach:
        run(reach, 'true')
    certified.new_host_key()
    certify(certified, ONLY)
    with direct_way(lab, model) as reach:
        error = refusal(reach)
    assert (error.outcome, 'host certificate' in str(error)) == (Outcome.HOST_KEY, True)
    assert 'in between' not in str(error)
    assert '--reach juju' in str(error.advice)


class Vouching:
    """A reach by which juju says these keys of whatever machine, or fails."""

    name = 'vouching'

    def __init__(self, *keys: str, fault: Outcome | None = None) -> None:
        self._keys = keys
        self._fault = fault

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        if self._fault is not None:
            raise ReachError(self._fault, 'cannot reach it: no')
        found = re.search('[0-9a-f]{16}', command.line)
        assert found is not None
        said = ''.join(f'\n{found[0]} {key}\n' for key in self._keys).encode()
        return Completed(0, said, b'')


def asked_again(lab: Lab, host: Host, vouching: Vouching) -> str:
    """Return what is said of a machine that shows another key, while juju says that."""
    model = lab.write(world_of(Machine.of(host, '0')))
    with lab.pool(vouching) as pool:
        error = refusal(DirectReach(places_of(model), pool))
    assert error.outcome is Outcome.HOST_KEY
    return str(error)


def test_of_a_machine_that_shows_another_key_juju_is_asked_again(lab: Lab, host: Host) -> None:
    model, learnt = lab.write(world_of(Machine.of(host, '0'))), host.host_key
    with direct_way(lab, model) as reach:
        run(reach, 'true')
    known = lab.known_hosts.path.read_text()
    host.new_host_key()
    shown, other = host.host_key, learnt[:-8] + 'AAAAAAAA'
    new = asked_again(lab, host, Vouching(shown))
    assert ('which juju knows of too' in new, 'in between' in new) == (True, False)
    for keys, told in (((learnt,), 'another answers there'), ((other,), 'yet another key')):
        changed = asked_again(lab, host, Vouching(*keys))
        assert ('in between' in changed, told in changed) == (True, True)
        assert 'ssh-keygen' not in changed, 'no command forgets a key that may be right'
    unverified = asked_again(lab, host, Vouching(fault=Outcome.HOST_KEY))
    assert unverified.endswith('juju ssh does not trust it either')
    silent = asked_again(lab, host, Vouching(fault=Outcome.JUJU_FAILED))
    assert silent.endswith('or somebody is in between')
    assert lab.known_hosts.path.read_text() == known

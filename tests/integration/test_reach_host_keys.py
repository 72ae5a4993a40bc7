"""What a real sshd shows itself by, beside our known_hosts: keys that are marked, certificates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
def lab(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv('JUJU_DATA', str(tmp_path / 'juju'))
    return Lab(tmp_path, host.identity)


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

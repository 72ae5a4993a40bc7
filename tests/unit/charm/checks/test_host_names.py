"""Hosts with names that Python finds odd, by every check that looks one up: as libc has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.http_url import HttpUrl
from charm.checks.kinds.tcp_port import TcpPort
from charm.checks.kinds.tls_expiry import TlsExpiry
from charm.checks.sockets import NoAnswer, connect
from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from tests.support.apart import checked_apart
from tests.support.checking import run
from tests.support.patience import PATIENCE
from tests.support.tls import make_certificates, shown

NOWHERE = ['a' * 64, f'{"a" * 63}.{"b" * 64}', '.x', 'web..x', 'a' * 300, 'under_score.invalid']


@pytest.fixture(scope='module')
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate and its key."""
    made = make_certificates(tmp_path_factory.mktemp('names'))
    made.certificate.write_bytes(made.certificate.read_bytes() + made.key.read_bytes())
    return made.certificate


@pytest.mark.parametrize('host', NOWHERE)
@pytest.mark.parametrize('kind', ['tcp', 'http', 'https', 'tls'])
def test_a_host_that_cannot_be_fails_and_is_named(kind: str, host: str) -> None:
    checks: dict[str, Any] = {
        'tcp': TcpPort(port=1, host=host),
        'http': HttpUrl(url=f'http://{host}/'),
        'https': HttpUrl(url=f'https://{host}/'),
        'tls': TlsExpiry(host=host),
    }
    verdict = run(checks[kind])
    assert verdict.health is Health.FAIL
    assert f'cannot resolve {host}: ' in verdict.message
    assert 'codec' not in verdict.message


def test_a_name_that_no_name_can_be_has_no_address() -> None:
    with pytest.raises(NoAnswer, match='cannot resolve'):
        connect('a\0b', 80, Deadline.after(PATIENCE))


@pytest.mark.parametrize('name', ['a' * 64, 'my_host', 'web..x', 'bücher.example'])
def test_tls_is_asked_for_by_any_name(pem: Path, name: str) -> None:
    with shown(pem) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port, server_name=name))
    assert verdict.data['protocol'], verdict.message


def test_a_name_by_which_tls_cannot_ask_fails(pem: Path) -> None:
    with shown(pem) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port, server_name='.x'))
    assert verdict.health is Health.FAIL
    assert "TLS has no way to ask for '.x'" in verdict.message


_SERVED = """
ip link set lo up
printf '127.0.0.1 %s\\n' "$1" > "$2/hosts"
mount --bind "$2/hosts" /etc/hosts
cd "$2"
openssl s_server -accept 127.0.0.1:4433 -www -cert "$3" > said &
trap "kill $!" EXIT
while kill -0 $!; do grep -q ACCEPT said && break; done
"""


@pytest.mark.hosts
@pytest.mark.parametrize('name', ['a' * 64, 'my_host', 'web..x'])
def test_a_host_that_libc_finds_is_asked(pem: Path, tmp_path: Path, name: str) -> None:
    checks = {
        'far-tcp': {'kind': 'tcp', 'host': name, 'port': 4433},
        'far-tls': {'kind': 'tls', 'host': name, 'port': 4433, 'warn_days': 0, 'fail_days': 0},
        'far-http': {'kind': 'http', 'url': f'https://{name}:4433/', 'verify_tls': False},
    }
    (tmp_path / 'definitions').mkdir()
    (tmp_path / 'definitions' / 'a.json').write_text(json.dumps({'checks': checks}))
    scene = (name, str(tmp_path), str(pem))
    for check in checks:
        result = checked_apart(check, _SERVED, *scene, definitions=tmp_path / 'definitions')
        assert result['health'] == 'passed', result['message']

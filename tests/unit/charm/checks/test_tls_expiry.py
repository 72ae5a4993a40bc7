"""Certificates that openssl made: good, about to expire, expired, of others, in chains."""

from __future__ import annotations

import contextlib
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.der import DerError, read_certificate
from charm.checks.kinds.tls_expiry import TlsExpiry
from charm.checks.options import OptionError
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import answering, free_port, run, server, silent
from tests.support.servers import Authority
from tests.support.tls import shown


@pytest.fixture(scope='module')
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp('ca'))


def later(days: float) -> Any:
    return lambda: datetime.now(timezone.utc) + timedelta(days=days)


@pytest.mark.parametrize(
    ('days', 'health', 'said'),
    [
        (0, Health.PASSED, 'is good for 90 more days'),
        (61, Health.WARN, 'good for 29 more days'),
        (84, Health.FAIL, 'good for 6 more days'),
        (93, Health.FAIL, 'expired 3 days ago'),
        (-2, Health.FAIL, 'is not good before'),
    ],
)
def test_a_certificate_in_a_file_is_judged_by_the_days_it_has_left(
    authority: Authority, days: float, health: Health, said: str
) -> None:
    verdict = run(TlsExpiry(file=authority.sign('web'), now=later(days)))
    assert verdict.health is health
    assert said in verdict.message
    assert round(verdict.data['days_left']) == round(90 - days)


def test_of_a_chain_the_first_to_expire_counts(authority: Authority, tmp_path: Path) -> None:
    chain = tmp_path / 'chain.pem'
    chain.write_bytes(authority.ca.read_bytes() + authority.sign('web', days=5).read_bytes())
    verdict = run(TlsExpiry(file=chain))
    assert verdict.health is Health.FAIL
    assert round(verdict.data['days_left']) == 5


def test_one_that_has_really_expired_is_seen_on_a_server(authority: Authority) -> None:
    with shown(authority.sign('old', days=-10)) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port))
    assert verdict.health is Health.FAIL
    assert f'127.0.0.1:{port} expired 10 days ago' in verdict.message


def test_a_server_s_certificate_need_not_be_trusted_to_be_read(authority: Authority) -> None:
    with shown(authority.sign('elsewhere.example')) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port))
    assert verdict.health is Health.PASSED
    assert verdict.data['trusted'] is None


@pytest.mark.parametrize(
    ('name', 'options', 'said'),
    [
        ('web.example', {'server_name': 'web.example'}, ''),
        ('web.example', {'server_name': 'other.example'}, 'not trusted: Hostname mismatch'),
        ('web.example', {'server_name': 'web.example', 'ca_file': None}, 'not trusted: '),
    ],
)
def test_asked_to_verify_it_fails_for_another_s_name_and_for_nobody_s_authority(
    authority: Authority, name: str, options: dict[str, Any], said: str
) -> None:
    with shown(authority.sign(name)) as port:
        options = {'ca_file': authority.ca, **options}
        verdict = run(TlsExpiry(host='127.0.0.1', port=port, verify=True, **options))
    assert verdict.health is (Health.FAIL if said else Health.PASSED)
    assert said in verdict.message
    assert verdict.data['trusted'] is not bool(said)


@pytest.mark.parametrize(
    ('serve', 'said'),
    [
        (silent, 'did not end in time|timed out'),
        (answering(b'HTTP/1.1 400 Bad Request\r\n\r\n'), 'no TLS there'),
        (answering(b''), 'no TLS there|closed|EOF|reset'),
    ],
    ids=['silent', 'http', 'hangs up'],
)
def test_a_server_without_tls_fails(serve: Any, said: str) -> None:
    with server(serve) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port), seconds=0.5)
    assert verdict.health is Health.FAIL
    assert 'shows no certificate' in verdict.message
    assert any(word in verdict.message for word in said.split('|')), verdict.message


def test_nobody_there_fails() -> None:
    verdict = run(TlsExpiry(host='127.0.0.1', port=free_port()))
    assert verdict.health is Health.FAIL
    assert 'refused' in verdict.message


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        (None, 'does not exist'),
        (b'', 'no certificate in PEM'),
        (b'-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'cannot read the'),
        (b'-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n', 'cannot read'),
    ],
)
def test_a_file_without_a_certificate_is_unknown(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / 'web.pem'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckError, match=said):
        run(TlsExpiry(file=path))


@pytest.mark.parametrize(
    'options',
    [
        {},
        {'host': 'x', 'file': Path('/x')},
        {'host': 'x', 'port': 0},
        {'file': Path('/x'), 'verify': True},
        {'host': 'x', 'warn_days': 3.0, 'fail_days': 7.0},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        TlsExpiry(**options)


def test_openssl_and_we_read_the_same_validity(authority: Authority) -> None:
    pem = authority.sign('web', days=20000, start='20300101000000Z').read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index('-----BEGIN CERT') :])
    validity = read_certificate(der)
    assert validity.not_before == datetime(2030, 1, 1, tzinfo=timezone.utc)
    assert validity.not_after.year > 2049  # GeneralizedTime from there on.


@given(st.binary(max_size=300))
def test_any_bytes_are_a_certificate_or_a_clear_refusal(data: bytes) -> None:
    with pytest.raises(DerError):
        read_certificate(data)


@given(st.data())
def test_a_damaged_certificate_is_read_or_refused_and_never_crashes(
    authority: Authority, data: st.DataObject
) -> None:
    pem = authority.ca.read_text()
    der = bytearray(ssl.PEM_cert_to_DER_cert(pem))
    at = data.draw(st.integers(0, len(der) - 1))
    der[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DerError):
        validity = read_certificate(bytes(der[: data.draw(st.integers(0, len(der)))]))
        assert validity.not_after.tzinfo is timezone.utc

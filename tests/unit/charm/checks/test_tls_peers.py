"""Servers that OpenSSL here would rather not speak with, or that want to know who we are.

Each is a real `openssl s_server`, set up as appliances and old services are.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.http_url import HttpUrl
from charm.checks.kinds.tls_expiry import TlsExpiry
from charm.checks.options import OptionError
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import answering, free_port, run, server
from tests.support.patience import PATIENCE
from tests.support.servers import Authority
from tests.support.tls import make_certificates, shown


@pytest.fixture(scope='module')
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `long.pem` and `short.pem`: key and certificate, for 200 days."""
    place = tmp_path_factory.mktemp('keys')
    for name, bits in (('long', '2048'), ('short', '1024')):
        made = ('-days', '200', '-subj', '/CN=bmc', '-out', f'{name}.pem')
        openssl(place, 'req', '-x509', '-newkey', f'rsa:{bits}', '-nodes', '-keyout', 'key', *made)
        pem = place / f'{name}.pem'
        pem.write_bytes((place / 'key').read_bytes() + pem.read_bytes())
    openssl(place, 'dhparam', '-dsaparam', '-out', 'dh.pem', '1024')
    return place


def openssl(place: Path, *words: str) -> None:
    subprocess.run(
        ['openssl', *words], cwd=place, check=True, capture_output=True, timeout=PATIENCE
    )


@contextlib.contextmanager
def s_server(place: Path, *words: str) -> Iterator[int]:
    """Run `openssl s_server` with these words; the port is yielded once it listens."""
    port = free_port()
    argv = ['openssl', 's_server', '-accept', f'127.0.0.1:{port}', *words]
    with subprocess.Popen(
        argv, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            assert child.stdout is not None
            # It says so before it accepts.
            for line in child.stdout:
                if line.startswith(b'ACCEPT'):
                    break
            os.set_blocking(child.stdout.fileno(), False)
            yield port
        finally:
            child.kill()


ANY = ('-cipher', 'ALL@SECLEVEL=0')
OLD = [
    (('-cert', 'short.pem', *ANY), ''),
    (('-cert', 'long.pem', '-tls1_1', *ANY), 'speaks TLSv1.1 at most'),
    (('-cert', 'long.pem', '-tls1', *ANY), 'speaks TLSv1 at most'),
    (('-cert', 'short.pem', '-tls1', *ANY), 'speaks TLSv1 at most'),
    (
        ('-cert', 'long.pem', '-tls1_2', '-cipher', 'NULL-SHA256@SECLEVEL=0'),
        'weaker settings than usual',
    ),
    (
        ('-cert', 'long.pem', '-tls1_1', '-Verify', '1', *ANY),
        'speaks TLSv1.1 at most, .*, asks for a certificate of ours',
    ),
    (('-cert', 'long.pem', '-tls1_2', '-Verify', '1'), 'asks for a certificate of ours'),
    (('-cert', 'long.pem', '-tls1_3', '-Verify', '1'), 'asks for a certificate of ours'),
]


@pytest.mark.parametrize(('words', 'said'), OLD)
def test_the_days_of_whatever_server_are_read_and_what_is_odd_with_it_is_said(
    keys: Path, words: tuple[str, ...], said: str
) -> None:
    with s_server(keys, *words) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port))
    assert verdict.health is Health.PASSED, verdict.message
    assert round(verdict.data['days_left']) == 200
    assert pytest.approx(200, abs=1) == verdict.data['chain'][0]['days_left']
    assert verdict.data['protocol'].startswith('TLSv1')
    assert verdict.data['asks_for_certificate'] is ('-Verify' in words)
    tail = verdict.message.partition(', until ')[2]
    assert re.search(said, tail) if said else ',' not in tail


def test_a_small_diffie_hellman_is_named(keys: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers('DHE-RSA-AES128-GCM-SHA256@SECLEVEL=0')
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_dh_params(str(keys / 'dh.pem'))
    with shown(keys / 'long.pem', context) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port))
    assert verdict.health is Health.PASSED, verdict.message
    assert re.search('weaker settings than usual: .*DH_KEY_TOO_SMALL', verdict.message)


def test_asked_to_verify_one_that_no_client_here_speaks_with_fails(keys: Path) -> None:
    with s_server(keys, '-cert', 'long.pem', '-tls1_1', *ANY) as port:
        verdict = run(
            TlsExpiry(host='127.0.0.1', port=port, verify=True, ca_file=keys / 'long.pem')
        )
    assert verdict.health is Health.FAIL
    assert 'have no TLS in common' in verdict.message
    assert round(verdict.data['days_left']) == 200


def test_what_is_tls_of_no_kind_is_told_from_tls_that_we_cannot() -> None:
    alert = b'\x15\x03\x01\x00\x02\x02\x46'  # Fatal, protocol_version.
    for answer, said in ((alert, 'have no TLS in common'), (b'220 hello\r\n', 'no TLS there')):
        with server(answering(answer)) as port:
            verdict = run(TlsExpiry(host='127.0.0.1', port=port))
        assert verdict.health is Health.FAIL
        assert said in verdict.message


def test_one_that_breaks_off_behind_its_certificate_fails_with_its_days(keys: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(keys / 'long.pem')

    def hang_up(connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        half = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(connection.recv(65536))
        with contextlib.suppress(ssl.SSLWantReadError):
            half.do_handshake()
        connection.sendall(outgoing.read())
        connection.recv(65536)

    with server(hang_up) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port))
    assert verdict.health is Health.FAIL
    assert 'good for 200 more days' in verdict.message
    assert 'but the handshake fails' in verdict.message


@pytest.mark.parametrize('version', [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_to_know_who_we_are_is_told(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    made = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=made.ca)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(made.certificate, made.key)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b'HTTP/1.1 204 No Content\r\n\r\n')

    ours: dict[str, Any] = {'cert_file': made.certificate, 'key_file': made.key}
    trusting: dict[str, Any] = {'ca_file': made.ca}
    with server(serve) as port:
        url = f'https://localhost:{port}/'
        stranger = run(HttpUrl(url=url, **trusting))
        known = run(HttpUrl(url=url, **trusting, **ours))
        days = run(TlsExpiry(host='localhost', port=port, verify=True, **trusting, **ours))
        days_of_stranger = run(TlsExpiry(host='localhost', port=port, verify=True, **trusting))
    assert (stranger.health, known.health) == (Health.FAIL, Health.PASSED), known.message
    # Two days are too few, whoever asks.
    for verdict in (days, days_of_stranger):
        assert verdict.data['trusted'] is True, verdict.message
        assert verdict.data['asks_for_certificate'] is True
    assert 'asks for a certificate' not in days.message
    assert 'asks for a certificate' in days_of_stranger.message


def test_a_certificate_of_ours_that_cannot_be_used_is_unknown(keys: Path, tmp_path: Path) -> None:
    locked = tmp_path / 'locked.pem'
    secret = ('-aes128', '-passout', 'pass:secret')
    openssl(tmp_path, 'rsa', '-in', str(keys / 'long.pem'), *secret, '-out', str(locked))
    for cert, key in (
        (tmp_path / 'none', None),
        (keys / 'long.pem', keys / 'short.pem'),
        (keys / 'long.pem', locked),
    ):
        for check in (
            TlsExpiry(host='127.0.0.1', port=1, cert_file=cert, key_file=key),
            HttpUrl(url='https://127.0.0.1:1/', cert_file=cert, key_file=key),
        ):
            with pytest.raises(CheckError, match='cannot use'):
                run(check)


def test_a_key_without_a_certificate_is_refused(keys: Path) -> None:
    for make in (TlsExpiry, HttpUrl):
        where = {'host': 'x'} if make is TlsExpiry else {'url': 'https://x/'}
        with pytest.raises(OptionError, match='cert_file is missing'):
            make(**where, key_file=keys / 'long.pem')  # type: ignore[arg-type]


def test_another_s_authority_is_no_reason_to_read_no_days(keys: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with s_server(keys, '-cert', 'short.pem', *ANY) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port, verify=True, ca_file=authority.ca))
    assert (verdict.health, verdict.data['trusted']) == (Health.FAIL, False)
    assert round(verdict.data['days_left']) == 200

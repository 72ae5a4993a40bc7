"""STARTTLS over each protocol's own bytes.

PostgreSQL is real. The other servers are a few lines each that answer as their protocol says, and
`openssl s_client -starttls`, a client that knows the protocols, takes them for what they are.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from charm.checks.kinds.tls_expiry import TlsExpiry
from charm.checks.options import OptionError
from charm.checks.starttls import PROTOCOLS
from charm.kernel.report import Health
from tests.support.checking import free_port, run, server, silent, trickling
from tests.support.patience import PATIENCE
from tests.support.tls import Certificates, make_certificates

# Debian keeps each version's programs apart.
POSTGRES = max(Path('/usr/lib/postgresql').glob('*/bin/postgres'), default=None)
Talk = Callable[[socket.socket, bool], bool]


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp('starttls'))


def smtp(connection: socket.socket, offers: bool) -> bool:
    connection.sendall(b'220-welcome\r\n220 mail.example ESMTP\r\n')
    if not _is_literal_of(connection.getpeername()[0], connection.recv(1000)):
        connection.sendall(b'504 5.5.2 Helo command rejected: need fully-qualified hostname\r\n')
        return False
    # In pieces, as it may come.
    for piece in (b'250-mail.exa', b'mple\r\n250-SIZE 10\r', b'\n'):
        connection.sendall(piece)
    connection.sendall(b'250-STARTTLS\r\n250 HELP\r\n' if offers else b'250 HELP\r\n')
    if connection.recv(1000).upper() == b'STARTTLS\r\n':
        connection.sendall(b'220 go ahead\r\n')
        return True
    return False


def _is_literal_of(address: str, line: bytes) -> bool:
    """Judge as Postfix with reject_non_fqdn_helo_hostname and _unknown_helo_hostname may."""
    tag = 'IPv6:' if ':' in address else ''
    return line == f'EHLO [{tag}{address}]\r\n'.encode()


def imap(connection: socket.socket, offers: bool) -> bool:
    connection.sendall(b'* OK IMAP4rev2 ready\r\n')
    tag = connection.recv(1000).split()[0]
    word = b' STARTTLS' if offers else b''
    connection.sendall(b'* CAPABILITY IMAP4rev1' + word + b'\r\n' + tag + b' OK done\r\n')
    asked = connection.recv(1000).split()
    if asked[1:] == [b'STARTTLS']:
        connection.sendall(asked[0] + b' OK begin\r\n')
        return True
    return False


def pop3(connection: socket.socket, offers: bool) -> bool:
    connection.sendall(b'+OK ready\r\n')
    assert connection.recv(1000) == b'STLS\r\n'
    connection.sendall(b'+OK begin\r\n' if offers else b'-ERR unknown command\r\n')
    return offers


def postgres(connection: socket.socket, offers: bool) -> bool:
    assert connection.recv(8) == bytes.fromhex('00000008 04d2162f')
    connection.sendall(b'S' if offers else b'N')
    return offers


def mysql(connection: socket.socket, offers: bool) -> bool:
    """Greet as MariaDB 10.11 does, with its capabilities."""
    lower = 0xF7FE if not offers else 0xFFFE
    greeting = b'\x0a5.5.5-10.11.6-MariaDB\0' + b'\x07\0\0\0' + b'saltsalt' + b'\0'
    greeting += lower.to_bytes(2, 'little') + b'\x2d\x02\0\xff\x81\x15' + bytes(10)
    greeting += b'saltsaltsalt\0mysql_native_password\0'
    connection.sendall(len(greeting).to_bytes(3, 'little') + b'\0' + greeting)
    request = connection.recv(36)
    if len(request) < 36:
        return False
    assert request[:4] == b'\x20\0\0\x01'
    assert int.from_bytes(request[4:8], 'little') & 0x0800
    return True


def ldap(connection: socket.socket, offers: bool) -> bool:
    asked = connection.recv(1000)
    assert b'1.3.6.1.4.1.1466.20037' in asked
    code = b'\0' if offers else b'\x34'  # unavailable
    inner = b'\x0a\x01' + code + b'\x04\0\x04\0'
    answer = asked[2:5] + b'\x78' + bytes([len(inner)]) + inner
    connection.sendall(b'\x30' + bytes([len(answer)]) + answer)
    return offers


TALKS: dict[str, Talk] = {
    'smtp': smtp,
    'imap': imap,
    'pop3': pop3,
    'postgres': postgres,
    'mysql': mysql,
    'ldap': ldap,
}


@contextlib.contextmanager
def speaking(
    protocol: str, made: Certificates, offers: bool = True, host: str = '127.0.0.1'
) -> Iterator[int]:
    """Serve the protocol up to the handshake, and that if it offers TLS; the port is yielded."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)

    def serve(connection: socket.socket) -> None:
        if TALKS[protocol](connection, offers):
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

    with server(serve, host) as port:
        yield port


def test_a_server_of_mail_is_greeted_by_an_address_of_ipv6(made: Certificates) -> None:
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip('there is no IPv6 here')
    with speaking('smtp', made, host='::1') as port:
        verdict = run(TlsExpiry(host='::1', port=port, starttls='smtp'))
    assert round(verdict.data['days_left']) == 2


def test_every_protocol_has_a_server_here() -> None:
    assert set(TALKS) == set(PROTOCOLS)


@pytest.mark.parametrize('protocol', TALKS)
def test_the_certificate_behind_each_protocol_is_read(protocol: str, made: Certificates) -> None:
    with speaking(protocol, made) as port:
        verdict = run(
            TlsExpiry(host='localhost', port=port, starttls=protocol, verify=True, ca_file=made.ca)
        )
    assert verdict.data['trusted'] is True, verdict.message
    assert round(verdict.data['days_left']) == 2
    assert verdict.data['chain'][0]['subject'] == 'localhost'


@pytest.mark.parametrize('protocol', TALKS)
def test_openssl_s_own_client_takes_our_servers_for_what_they_are(
    protocol: str, made: Certificates
) -> None:
    with speaking(protocol, made) as port:
        to = ('-connect', f'127.0.0.1:{port}', '-starttls', protocol, '-name', '[127.0.0.1]')
        done = subprocess.run(
            ['openssl', 's_client', *to],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    assert b'BEGIN CERTIFICATE' in done.stdout, done.stderr


@pytest.mark.parametrize('protocol', TALKS)
def test_a_server_that_offers_none_fails_and_it_is_said(protocol: str, made: Certificates) -> None:
    with speaking(protocol, made, offers=False) as port:
        verdict = run(TlsExpiry(host='localhost', port=port, starttls=protocol))
    assert verdict.health is Health.FAIL
    assert 'offers no STARTTLS' in verdict.message


@pytest.mark.parametrize('protocol', TALKS)
@pytest.mark.parametrize('serve', [silent, trickling(b'')], ids=['silent', 'trickle'])
def test_neither_silence_nor_a_trickle_outlasts_the_deadline(protocol: str, serve: Any) -> None:
    with server(serve) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port, starttls=protocol), seconds=0.3)
    assert verdict.health is Health.FAIL


@pytest.mark.parametrize('protocol', TALKS)
@pytest.mark.parametrize(
    'noise',
    [
        b'',
        b'\n' * 5000,
        b'250-\r\n' * 500,
        b'\xff' * 40000,
        b'554 no\r\n',
        b'* BYE\r\n',
        b'\0' * 9,
    ],
)
def test_whatever_a_server_says_is_a_verdict(protocol: str, noise: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(noise)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with server(serve) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port, starttls=protocol))
    assert verdict.health is Health.FAIL
    assert 'shows no certificate' in verdict.message


@pytest.mark.parametrize(('protocol', 'port'), [('smtp', 25), ('ldap', 389), ('', 443)])
def test_without_a_port_it_is_the_protocol_s(protocol: str, port: int) -> None:
    verdict = run(TlsExpiry(host='127.3.2.1', starttls=protocol), seconds=1)
    assert f'127.3.2.1:{port}' in verdict.message


def test_other_protocols_are_refused_with_those_there_are() -> None:
    with pytest.raises(OptionError, match='smtp, imap, pop3, postgres, mysql, ldap'):
        TlsExpiry(host='x', starttls='smpt')


@contextlib.contextmanager
def real_postgres(directory: Path, made: Certificates, encrypts: bool) -> Iterator[int]:
    """Run a PostgreSQL of our own, as `nobody` since it refuses to be root; yield its port."""
    assert POSTGRES is not None
    home = POSTGRES.parent
    user = pwd.getpwnam('nobody') if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    port, data = free_port(), directory / 'data'
    for file in (made.certificate, made.key):
        shutil.copy(file, directory)
        (directory / file.name).chmod(0o600)
        os.chown(directory / file.name, user.pw_uid, user.pw_gid)
    os.chown(directory, user.pw_uid, user.pw_gid)
    identity: dict[str, Any] = (
        {'user': user.pw_uid, 'group': user.pw_gid} if os.geteuid() == 0 else {}
    )
    initdb: list[Any] = [home / 'initdb', '-D', data, '-U', 'postgres', '--no-sync', '-A', 'trust']
    subprocess.run(
        initdb, cwd=directory, check=True, capture_output=True, timeout=PATIENCE, **identity
    )
    settings = {
        'port': port,
        'listen_addresses': '127.0.0.1',
        'unix_socket_directories': directory,
        'ssl': 'on' if encrypts else 'off',
        'ssl_cert_file': directory / made.certificate.name,
        'ssl_key_file': directory / made.key.name,
    }
    argv: list[Any] = [home / 'postgres', '-D', data]
    argv += [word for key, value in settings.items() for word in ('-c', f'{key}={value}')]
    with subprocess.Popen(
        argv, cwd=directory, stderr=subprocess.PIPE, text=True, **identity
    ) as child:
        try:
            assert child.stderr is not None
            assert any('ready to accept' in line for line in child.stderr)
            yield port
        finally:
            child.terminate()
            child.wait(PATIENCE)
            shutil.rmtree(directory)


@pytest.mark.slow
@pytest.mark.skipif(POSTGRES is None, reason='there is no PostgreSQL here')
@pytest.mark.parametrize('encrypts', [True, False])
def test_a_real_postgresql_is_asked_as_it_wants_to_be(made: Certificates, encrypts: bool) -> None:
    # Not below pytest's, where `nobody` may not go.
    directory = Path(tempfile.mkdtemp())
    with real_postgres(directory, made, encrypts) as port:
        verdict = run(
            TlsExpiry(
                host='127.0.0.1', port=port, starttls='postgres', verify=True, ca_file=made.ca
            )
        )
    if encrypts:
        assert verdict.data['trusted'] is True, verdict.message
        assert verdict.data['protocol'] == 'TLSv1.3'
    else:
        assert 'offers no STARTTLS' in verdict.message

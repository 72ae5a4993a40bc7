"""Bodies as text: every packing and charset, beside what curl unpacks of the same answers."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import socket
import subprocess
import zlib
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks import urls
from charm.checks.http_body import NotLookedAt, text_of
from charm.checks.kinds.http_url import HttpUrl
from charm.checks.sockets import NoAnswer
from charm.kernel.report import Health
from tests.support.checking import run, server
from tests.support.patience import PATIENCE

OK = b'HTTP/1.1 200 OK\r\nConnection: close\r\n'
TEXT = '<p>Größe: alles grün</p>'
UTF8 = TEXT.encode()
LATIN = TEXT.encode('latin-1')


def whole(body: bytes, *headers: str, before: bytes = b'') -> bytes:
    lines = ''.join(f'{line}\r\n' for line in (*headers, f'Content-Length: {len(body)}'))
    return before + OK + lines.encode() + b'\r\n' + body


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def chunked(data: bytes, size: int) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    body = b''.join(b'%x\r\n' % len(part) + part + b'\r\n' for part in parts)
    return OK + b'Transfer-Encoding: chunked\r\n\r\n' + body + b'0\r\n\r\n'


EARLY = b'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nContent-Length: 7\r\n\r\n'
# What is sent, and the charset in which the text stands in what curl gives back.
ANSWERS: Mapping[str, tuple[bytes, str]] = {
    'plain': (whole(UTF8), 'utf-8'),
    'gzip': (whole(gzip.compress(UTF8, mtime=0), 'Content-Encoding: gzip'), 'utf-8'),
    'x-gzip': (whole(gzip.compress(UTF8, mtime=0), 'Content-Encoding: X-GZIP'), 'utf-8'),
    'deflate': (whole(zlib.compress(UTF8), 'Content-Encoding: deflate'), 'utf-8'),
    'bare-deflate': (whole(bare_deflate(UTF8), 'Content-Encoding: deflate'), 'utf-8'),
    'twice': (
        whole(gzip.compress(zlib.compress(UTF8), mtime=0), 'Content-Encoding: deflate, gzip'),
        'utf-8',
    ),
    'identity': (whole(UTF8, 'Content-Encoding: identity'), 'utf-8'),
    'latin1': (whole(LATIN, 'Content-Type: text/html; charset=ISO-8859-1'), 'latin-1'),
    'quoted': (whole(LATIN, 'Content-Type: text/html; charset="latin1"'), 'latin-1'),
    'gzip-latin1': (
        whole(
            gzip.compress(LATIN, mtime=0),
            *('Content-Encoding: gzip', 'Content-Type: text/html;charset=windows-1252'),
        ),
        'latin-1',
    ),
    'meta': (whole(b'<html><meta charset="iso-8859-1">' + LATIN), 'latin-1'),
    'meta-http': (
        whole(b"<meta http-equiv=c content='text/html; charset=iso-8859-1'>" + LATIN),
        'latin-1',
    ),
    'xml': (whole(b"<?xml version='1.0' encoding='ISO-8859-1'?>" + LATIN), 'latin-1'),
    'nobody-says': (whole(LATIN, 'Content-Type: text/html'), 'latin-1'),
    'bom': (whole(b'\xef\xbb\xbf' + UTF8, 'Content-Type: text/html; charset=latin1'), 'utf-8'),
    'utf16': (whole(TEXT.encode('utf-16'), 'Content-Type: text/plain'), 'utf-16'),
    'utf16be': (
        whole(TEXT.encode('utf-16-be'), 'Content-Type: text/plain; charset=utf-16be'),
        'utf-16-be',
    ),
    'http10': (b'HTTP/1.0 200 OK\r\n\r\n' + UTF8, 'utf-8'),
    'chunks': (chunked(UTF8, 1), 'utf-8'),
    'early': (whole(UTF8, before=EARLY.replace(b'Content-Length: 7\r\n', b'')), 'utf-8'),
    'continue': (whole(UTF8, before=b'HTTP/1.1 100 Continue\r\n\r\n' * 3), 'utf-8'),
    'processing': (whole(UTF8, before=b'HTTP/1.1 102 Processing\r\n\r\n'), 'utf-8'),
}


@contextlib.contextmanager
def answers(by_path: Mapping[str, bytes], host: str = '127.0.0.1') -> Iterator[str]:
    """Answer each path with its bytes and hang up; the URL without a path is yielded."""

    def serve(connection: socket.socket) -> None:
        path = connection.recv(65536).split()[1].decode()
        connection.sendall(by_path[path.lstrip('/')])

    with server(serve) as port:
        yield f'http://{host}:{port}'


@pytest.fixture(scope='module')
def site() -> Iterator[str]:
    with answers({name: answer for name, (answer, _charset) in ANSWERS.items()}) as url:
        yield url


@pytest.mark.parametrize('name', ANSWERS)
def test_a_text_is_found_however_it_is_packed_and_written(site: str, name: str) -> None:
    verdict = run(HttpUrl(url=f'{site}/{name}', contains='Größe: alles grün'))
    assert verdict.health is Health.PASSED, verdict.message
    assert verdict.data['status'] == 200
    verdict = run(HttpUrl(url=f'{site}/{name}', contains='rot'))
    assert verdict.health is Health.FAIL


@pytest.mark.skipif(shutil.which('curl') is None, reason='there is no curl here')
@pytest.mark.parametrize('name', ANSWERS)
def test_curl_finds_the_same_text(site: str, name: str) -> None:
    argv = ['curl', '--compressed', '-s', '--noproxy', '*', f'{site}/{name}']
    done = subprocess.run(argv, capture_output=True, timeout=PATIENCE, check=True)
    assert TEXT in done.stdout.decode(ANSWERS[name][1])


@pytest.mark.parametrize(
    ('headers', 'body', 'said'),
    [
        (('Content-Encoding: br',), b'\x0b\x02', "packed as 'br', and was not looked at"),
        (('Content-Encoding: zstd',), b'x', "'zstd'"),
        (('Content-Encoding: gzip, br',), b'x', "'br'"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_only_if_it_is_to_be_read(
    headers: tuple[str, ...], body: bytes, said: str
) -> None:
    with answers({'x': whole(body, *headers)}) as url:
        verdict = run(HttpUrl(url=f'{url}/x', contains='ok'))
        assert (verdict.health, verdict.data['status']) == (Health.UNKNOWN, 200)
        assert said in verdict.message
        assert run(HttpUrl(url=f'{url}/x')).health is Health.PASSED


@pytest.mark.parametrize(
    ('coding', 'body', 'said'),
    [
        ('gzip', b'not packed', 'not the gzip that it says it is'),
        ('deflate', b'\xff\xff\xff', 'not the deflate'),
        ('gzip', gzip.compress(b'x' * 1000, mtime=0)[:-9], 'breaks off'),
    ],
)
def test_a_body_that_is_not_what_it_says_it_is_fails(coding: str, body: bytes, said: str) -> None:
    with answers({'x': whole(body, f'Content-Encoding: {coding}')}) as url:
        verdict = run(HttpUrl(url=f'{url}/x', contains='ok'))
    assert verdict.health is Health.FAIL
    assert said in verdict.message


def test_a_bomb_is_unpacked_up_to_the_bound() -> None:
    bomb = gzip.compress(gzip.compress(b'x' * 100_000_000), mtime=0)
    text, cut = text_of(bomb, False, 'gzip, gzip', '', 10_000_000)
    assert (len(text), cut) == (10_000_000, True)
    packed = whole(gzip.compress(b'x' * 9_000_000, mtime=0), 'Content-Encoding: gzip')
    with answers({'x': packed}) as url:
        verdict = run(HttpUrl(url=f'{url}/x', contains='y'))
    assert "without 'y' in its first 1.0 MiB" in verdict.message


@given(st.text(), st.sampled_from(['utf-8', 'utf-16', 'utf-16-le', 'gb18030']), st.data())
def test_text_in_a_charset_that_is_named_is_read_back(
    text: str, charset: str, data: st.DataObject
) -> None:
    # By a blank is known what has two bytes a letter.
    text += ' '
    body = ''.join(char for char in text if char != '\ufeff').encode(charset, 'replace')
    wanted = body.decode(charset).removeprefix('\ufeff')
    packed = data.draw(st.sampled_from(['', 'gzip', 'deflate']))
    if packed:
        body = gzip.compress(body, mtime=0) if packed == 'gzip' else zlib.compress(body)
    kind = f'text/plain; charset={charset}'
    if not (body.startswith((b'\xff\xfe', b'\xfe\xff', b'\xef\xbb\xbf')) and charset != 'utf-16'):
        assert text_of(body, False, packed, kind, 1 << 20) == (wanted, False)


@given(st.binary(), st.booleans(), st.text(max_size=20), st.text(max_size=60))
def test_any_bytes_under_any_headers_are_text_or_a_clear_refusal(
    body: bytes, truncated: bool, coding: str, kind: str
) -> None:
    with contextlib.suppress(NotLookedAt, NoAnswer):
        text_of(body, truncated, coding, f'text/html; charset={kind}', 100)


@given(st.binary(min_size=1), st.integers(0, 1000))
def test_a_cut_at_any_byte_is_read_up_to_there(body: bytes, at: int) -> None:
    packed = gzip.compress(body, mtime=0)
    text, cut = text_of(packed[:at], True, 'gzip', 'a/b; charset=latin-1', 1 << 20)
    assert cut
    assert body.decode('cp1252', 'replace').startswith(text) or text == ''


def test_an_address_of_ipv6_is_asked_with_its_brackets() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(whole(UTF8))

    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip('there is no IPv6 here')
    with server(serve, '::1') as port:
        verdict = run(HttpUrl(url=f'http://[::1]:{port}/', contains='grün'))
    assert verdict.health is Health.PASSED, verdict.message
    assert f'Host: [::1]:{port}\r\n'.encode() in heard[0]


def test_the_zone_of_an_address_is_for_this_machine_alone() -> None:
    parts = urls.split('http://[fe80::1%25eth0]:8080/')
    assert (urls.host_of(parts), urls.port_of(parts)) == ('fe80::1%eth0', 8080)
    assert urls.host_header(parts) == '[fe80::1]:8080'
    assert urls.host_header(urls.split('http://web.example/')) == 'web.example'

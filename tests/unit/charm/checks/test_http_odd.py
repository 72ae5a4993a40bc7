"""Answers that are odd and sound: what browsers and curl read, the check reads."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.charsets import codec_of
from charm.checks.http_body import text_of
from charm.checks.http_head import read_head
from charm.checks.kinds.http_url import HttpUrl
from charm.kernel.report import Health
from tests.support.checking import answering, run, server
from tests.support.patience import PATIENCE

WORD = 'ok-wörd'
BODY = f'<html>{WORD}</html>'.encode()
LENGTH = b'Content-Length: %d\r\n' % len(BODY)
ENCODINGS = [
    line.split('\t')
    for line in (Path(__file__).parents[3] / 'data' / 'whatwg-encodings.tsv')
    .read_text()
    .splitlines()
]


def page(*headers: bytes, first: bytes = b'HTTP/1.1 200 OK', body: bytes = BODY) -> bytes:
    lines = b''.join(header + b'\r\n' for header in (first, *headers, b'Connection: close'))
    return lines + b'Content-Length: %d\r\n\r\n' % len(body) + body


def of_type(charset: str) -> bytes:
    return f'Content-Type: text/html; charset={charset}'.encode()


CODINGS = ('UTF-8', 'none', 'binary', 'identity', '', '8bit', 'aws-chunked', 'text/html')
CHARSETS = (
    *('utf8mb4', 'none', '_charset_', 'UNICODE', 'utf-16', 'x-user-defined', '', '?', 'klingon'),
    *('punycode', 'hex', '"utf-8"', "'UTF8'", '"utf-8', 'utf-8,text/html', ' utf-8'),
    *('none; charset=utf-8', 'unicode-1-1-utf-8', 'x-unicode20utf8'),
)
HINTS = b'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n'
CHUNK = b''.join(b'1;x="a:b"\r\n%c\r\n' % byte for byte in BODY) + b'0\r\nX-T: 1\r\n\r\n'
# Each is read by curl without --compressed, which knows no other coding than those it undoes.
ODD: Mapping[str, bytes] = {
    **{f'coding {word}': page(f'Content-Encoding: {word}'.encode()) for word in CODINGS},
    **{f'charset {word}': page(of_type(word)) for word in CHARSETS},
    'meta-unknown': page(body=b'<meta charset=utf8mb4><meta charset=utf-8>' + BODY),
    'two-types': page(b'Content-Type: text/html', of_type('none'), of_type('utf-8')),
    'two-lengths': page(LENGTH.strip()),
    'many-headers': page(*[b'X-%d: a' % number for number in range(1500)]),
    'long-header': page(b'Set-Cookie: a=' + b'x' * 90_000),
    'folded-header': page(b'X-Long: a', *[b'\tb: c'] * 150, of_type('utf-8')),
    'blank-in-name': page(b'Bad Header : x', of_type('utf-8')),
    'latin-header': page(b'X-City: K\xf6ln', of_type('utf-8')),
    'no-reason': page(first=b'HTTP/1.1 200'),
    'odd-reason': page(first=b'HTTP/1.1 200 \xf6k'),
    'later-version': page(first=b'HTTP/2 200'),
    'line-feeds-alone': page().replace(b'\r\n', b'\n'),
    'chunks': CHUNKED + CHUNK,
    'blank-behind': CHUNKED.replace(b'Chunked', b'chunked \t') + CHUNK,
    'many-hints': page(first=HINTS * 9 + b'HTTP/1.1 200'),
}


@pytest.mark.parametrize('answer', ODD.values(), ids=ODD)
def test_what_is_odd_and_sound_is_read(answer: bytes) -> None:
    with server(answering(answer)) as port:
        url = f'http://127.0.0.1:{port}/'
        verdict = run(HttpUrl(url=url, contains=WORD, expect_status=('200',)))
        assert verdict.health is Health.PASSED, verdict.message
        assert run(HttpUrl(url=url, contains='absent')).health is Health.FAIL


@pytest.mark.skipif(shutil.which('curl') is None, reason='there is no curl here')
@pytest.mark.parametrize('answer', ODD.values(), ids=ODD)
def test_curl_reads_the_same(answer: bytes) -> None:
    with server(answering(answer)) as port:
        argv = ['curl', '-s', '--noproxy', '*', f'http://127.0.0.1:{port}/']
        done = subprocess.run(argv, capture_output=True, timeout=PATIENCE, check=True)
    assert BODY in done.stdout


@pytest.mark.parametrize('after', [b'', b'\0' * 16, b'trailing', gzip.compress(b'', mtime=0)])
@pytest.mark.parametrize('packed', [gzip.compress(BODY, mtime=0), zlib.compress(BODY)])
def test_what_follows_a_packed_body_is_left_alone(packed: bytes, after: bytes) -> None:
    assert WORD in text_of(packed + after, False, 'deflate, , None', '', 1000)[0]


@pytest.mark.parametrize(
    ('name', 'hexadecimal', 'text', 'labels'), ENCODINGS, ids=[row[0] for row in ENCODINGS]
)
def test_a_text_is_read_by_every_label_that_the_web_has_for_its_charset(
    name: str, hexadecimal: str, text: str, labels: str
) -> None:
    body = bytes.fromhex(hexadecimal)
    for label in labels.split():
        for word in (label, label.upper(), f'"{label}"'):
            kind = f'text/plain; charset={word}'
            assert text_of(body, False, '', kind, 1000) == (text, False), (name, word)


def test_a_label_in_the_document_is_read_alike() -> None:
    body = '<meta charset=x-sjis>漢字'.encode('shift_jis')
    assert text_of(body, False, '', 'text/html; charset=none', 1000)[0].endswith('漢字')


@given(st.text(max_size=40))
def test_any_label_is_a_charset_or_none(label: str) -> None:
    codec = codec_of(label)
    assert b''.decode(codec or 'utf-8') == ''


HEADER = st.builds(
    lambda name, value: name + b': ' + value,
    st.sampled_from([b'X-A', b'Link', b'Set-Cookie', b'Content-Type', b'Location']),
    st.from_regex(rb'[ -~]{0,50}', fullmatch=True),
)


@given(st.lists(HEADER, max_size=30), st.integers(0, 3))
def test_of_a_head_the_status_and_what_counts_are_kept(headers: list[bytes], before: int) -> None:
    hints = b'HTTP/1.1 103 Hints\r\nContent-Length: 7\r\n\r\n' * before
    answer = hints + b'\r\n'.join([b'HTTP/1.1 200 OK', *headers, b'', b'body'])
    stream = io.BytesIO(answer)
    kept = [line.rstrip() for line in headers if line.startswith((b'Content-Type', b'Location'))]
    assert read_head(stream).split(b'\r\n') == [b'HTTP/1.1 200 OK', *kept, b'', b'']
    assert stream.read() == b'body'

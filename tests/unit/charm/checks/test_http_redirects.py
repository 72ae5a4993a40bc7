"""Redirects that are followed: how far, to whom, and what is told to whom on the way."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest

from charm.checks.kinds.http_url import HttpUrl
from charm.kernel.report import Health
from tests.support.checking import run, server
from tests.support.patience import PATIENCE
from tests.support.servers import Authority, web
from tests.support.tls import shown


@contextlib.contextmanager
def leading(
    places: Mapping[str, tuple[int, str]], heard: list[str] | None = None
) -> Iterator[str]:
    """Answer each path with a status and a place to go to; others with 200 and `there`."""

    def serve(connection: socket.socket) -> None:
        question = connection.recv(65536).decode()
        if heard is not None:
            heard.append(question)
        status, location = places.get(question.split()[1], (200, ''))
        header = f'Location: {location}\r\n' if location else ''
        header += 'Connection: close\r\nContent-Length: 5\r\n'
        answer = f'HTTP/1.1 {status} X\r\n{header}\r\nthere'
        connection.sendall(answer.encode())

    with server(serve) as port:
        yield f'http://127.0.0.1:{port}'


CHAIN = {f'/{number}': (302, f'/{number + 1}') for number in range(1, 30)}
PLACES = {
    **CHAIN,
    '/permanent': (301, '/there?token=geheim'),
    '/other': (303, 'there'),
    '/temporary': (307, '//127.0.0.1:PORT/there'),
    '/same-method': (308, './a/../there#fragment'),
    '/blank': (302, '/a b/ü'),
    '/circle': (302, '/back'),
    '/back': (302, '/circle'),
    '/self': (302, '/self'),
    '/ftp': (302, 'ftp://x.invalid/'),
    '/user': (302, 'http://user:secret@127.0.0.1/'),
    '/nowhere': (302, ''),
    '/odd': (304, '/there'),
}


@pytest.mark.parametrize(
    ('path', 'health', 'said'),
    [
        ('/permanent', Health.PASSED, '/there, which answered 200'),
        ('/other', Health.PASSED, '/there, which answered 200'),
        ('/same-method', Health.PASSED, '/there, which answered 200'),
        ('/blank', Health.PASSED, '/a%20b/%C3%BC, which answered 200'),
        ('/20', Health.PASSED, '/30, which answered 200'),
        ('/1', Health.FAIL, 'redirects more than 10 times'),
        ('/circle', Health.FAIL, 'redirects in a circle, back to'),
        ('/self', Health.FAIL, 'redirects in a circle, back to'),
        ('/ftp', Health.FAIL, "redirects to 'ftp://x.invalid/'"),
        ('/user', Health.FAIL, 'it holds a user'),
        ('/nowhere', Health.FAIL, 'answered 302'),
        ('/odd', Health.FAIL, 'answered 304'),
    ],
)
def test_each_redirect_leads_to_its_end_or_is_named(path: str, health: Health, said: str) -> None:
    with leading(PLACES) as url:
        verdict = run(
            HttpUrl(
                url=url + path, follow_redirects=True, expect_status=('200',), contains='there'
            )
        )
    assert verdict.health is health
    assert said in verdict.message
    assert 'geheim' not in verdict.message


@pytest.mark.skipif(shutil.which('curl') is None, reason='there is no curl here')
@pytest.mark.parametrize('path', [path for path, (_s, to) in PLACES.items() if 'PORT' not in to])
def test_curl_ends_at_the_same_place(path: str) -> None:
    ours: list[str] = []
    theirs: list[str] = []
    with leading(PLACES, ours) as url:
        verdict = run(HttpUrl(url=url + path, follow_redirects=True))
    with leading(PLACES, theirs) as url:
        argv = ['curl', '-sL', '--max-redirs', '10', '--proto', '=http', '--noproxy', '*']
        subprocess.run([*argv, url + path], capture_output=True, timeout=PATIENCE, check=False)
    asked = [[unquote(question.split()[1]) for question in asked] for asked in (ours, theirs)]
    if 'circle' in verdict.message:
        # curl goes round until it has had enough.
        assert asked[1][: len(asked[0])] == asked[0]
    elif path not in ('/user', '/odd'):  # curl gives away a name, and goes on from any 3xx.
        assert asked[0] == asked[1]


def test_unless_told_so_it_follows_none() -> None:
    with leading(PLACES) as url:
        verdict = run(HttpUrl(url=f'{url}/other'))
    assert (verdict.health, verdict.data['status']) == (Health.PASSED, 303)


def test_headers_of_ours_go_to_nobody_else() -> None:
    heard: list[str] = []
    other: list[str] = []
    places = {'/here': (302, '/away')}
    with leading({}, other) as elsewhere, leading(places, heard) as url:
        places['/away'] = (302, f'{elsewhere}/')
        secret = {'X-Token': 'geheim'}
        run(HttpUrl(url=f'{url}/here', follow_redirects=True, headers=secret))
    assert [('geheim' in question) for question in (*heard, *other)] == [True, True, False]


def test_from_https_to_http_is_named_and_not_gone(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    heard: list[str] = []
    with leading({}, heard) as plain:
        answer = f'HTTP/1.1 302 Found\r\nLocation: {plain}/\r\nContent-Length: 0\r\n\r\n'
        pem = authority.sign('localhost')
        with shown(pem, answer=answer.encode()) as port:
            verdict = run(
                HttpUrl(
                    url=f'https://localhost:{port}/',
                    follow_redirects=True,
                    ca_file=authority.ca,
                )
            )
    assert (verdict.health, heard) == (Health.FAIL, [])
    assert 'redirects from https to http' in verdict.message


def test_from_http_to_https_is_followed_and_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    places: dict[str, tuple[int, str]] = {}
    with web(authority.sign('loopback', address='127.0.0.1')) as safe, leading(places) as url:
        places['/'] = (301, f'{safe}/body/welcome')
        trusting = HttpUrl(
            url=f'{url}/', follow_redirects=True, ca_file=authority.ca, contains='welcome'
        )
        assert run(trusting).health is Health.PASSED
        strange = run(HttpUrl(url=f'{url}/', follow_redirects=True))
    assert strange.health is Health.FAIL
    assert 'certificate' in strange.message

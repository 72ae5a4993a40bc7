"""Web pages of real servers, over http and https, good and bad."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.http_url import HttpUrl
from charm.checks.options import OptionError
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import answering, free_port, run, server, silent, trickling
from tests.support.patience import PATIENCE
from tests.support.servers import Authority, web

HEAD = b'HTTP/1.1 200 OK\r\n'


@pytest.fixture(scope='module')
def pages() -> Iterator[str]:
    with web() as url:
        yield url


@pytest.fixture(scope='module')
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp('ca'))


@pytest.mark.parametrize(
    ('path', 'options', 'health', 'said'),
    [
        ('/body/welcome', {}, Health.PASSED, 'answered 200 OK in'),
        ('/status/204', {}, Health.PASSED, '204'),
        ('/status/404', {}, Health.FAIL, 'answered 404 Not Found, wanted 200-399'),
        ('/status/500', {}, Health.FAIL, '500'),
        ('/status/401', {'expect_status': ('401', '403')}, Health.PASSED, '401'),
        ('/status/200', {'expect_status': ('401', '403')}, Health.FAIL, 'wanted 401, 403'),
        ('/to', {}, Health.PASSED, 'answered 302 Found'),
        ('/to', {'expect_status': ('200',)}, Health.FAIL, '302'),
        ('/body/welcome', {'contains': 'come'}, Health.PASSED, '200'),
        ('/body/welcome', {'contains': 'gone'}, Health.FAIL, "without 'gone'"),
        ('/body/welcome', {'matches': '^w.l'}, Health.PASSED, '200'),
        ('/body/welcome', {'matches': 'x+'}, Health.FAIL, "without a match of 'x+'"),
        ('/body/welcome', {'method': 'HEAD'}, Health.PASSED, '200'),
        ('/size/5000', {'maximum_bytes': 4096, 'contains': 'y'}, Health.FAIL, 'first 4.0 KiB'),
        ('/headers', {'headers': {'X-Word': 'seen'}, 'contains': 'X-Word: seen'}, 'passed', ''),
        (
            '/headers',
            {'headers': {'Host': 'www.example'}, 'contains': 'www.example'},
            'passed',
            '',
        ),
        ('/body/a', {'warn_seconds': 0.0}, Health.WARN, '200'),
        ('/body/a', {'warn_seconds': 0.0, 'fail_seconds': 0.0}, Health.FAIL, '200'),
    ],
)
def test_each_answer_has_its_verdict(
    pages: str, path: str, options: dict[str, Any], health: Any, said: str
) -> None:
    verdict = run(HttpUrl(url=pages + path, **options))
    assert verdict.health is Health(health)
    assert said in verdict.message
    assert isinstance(verdict.data['status'], int)


def test_the_query_may_hold_a_secret_and_is_not_shown(pages: str) -> None:
    verdict = run(HttpUrl(url=f'{pages}/status/500?token=geheim'))
    assert 'geheim' not in verdict.message
    assert f'{pages}/status/500' in verdict.message


def test_proxies_of_the_environment_are_not_used(
    pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('http_proxy', f'http://127.0.0.1:{free_port()}')
    assert run(HttpUrl(url=f'{pages}/body/a')).health is Health.PASSED


@pytest.mark.slow
@pytest.mark.parametrize(
    ('serve', 'said'),
    [
        (silent, 'did not end in time'),
        (trickling(b'HTTP/1.1 200 OK\r\nX: '), 'did not end in time'),
        (trickling(HEAD + b'Content-Length: 1000000\r\n\r\n'), 'did not end in time'),
        (answering(b''), 'not a whole HTTP answer'),
        (answering(b'SSH-2.0-OpenSSH_9.2\r\n'), 'not a whole HTTP answer'),
        (answering(HEAD + b'Content-Length: 100\r\n\r\nshort'), 'breaks off 95 bytes'),
        (answering(HEAD + b'X: y\r\n' * 60_000 + b'\r\n'), 'headers have more than 300 KiB'),
    ],
    ids=['silent', 'header', 'body', 'nothing', 'ssh', 'short', 'headers'],
)
def test_what_is_no_whole_answer_in_time_fails(serve: Any, said: str) -> None:
    with server(serve) as port:
        started = time.monotonic()
        verdict = run(HttpUrl(url=f'http://127.0.0.1:{port}/'), seconds=0.5)
    assert time.monotonic() - started < PATIENCE
    assert (verdict.health, verdict.data) == (Health.FAIL, {'status': None, 'seconds': None})
    assert said in verdict.message


def test_a_body_that_comes_long_after_its_headers_is_read() -> None:
    with server(trickling(HEAD + b'Content-Length: 3\r\n\r\n')) as port:
        verdict = run(HttpUrl(url=f'http://127.0.0.1:{port}/', contains='xxx'))
    assert verdict.health is Health.PASSED, verdict.message


def test_an_endless_body_is_read_up_to_its_bound() -> None:
    with server(trickling(HEAD + b'\r\n' + b'x' * 5000)) as port:
        verdict = run(HttpUrl(url=f'http://127.0.0.1:{port}/', maximum_bytes=1000))
    assert verdict.health is Health.PASSED
    assert verdict.data['body_truncated'] is True
    assert verdict.data['body_bytes'] == 1000


def test_a_refusal_and_an_unknown_name_fail() -> None:
    assert 'refused' in run(HttpUrl(url=f'http://127.0.0.1:{free_port()}/')).message
    assert 'cannot resolve' in run(HttpUrl(url='http://no-such-host.invalid/')).message


def test_https_wants_a_certificate_that_is_good_for_the_name(authority: Authority) -> None:
    with web(authority.sign('loopback', address='127.0.0.1')) as url:
        good = run(HttpUrl(url=f'{url}/body/a', ca_file=authority.ca))
        unknown = run(HttpUrl(url=f'{url}/body/a'))
        careless = run(HttpUrl(url=f'{url}/body/a', verify_tls=False))
        other_name = run(
            HttpUrl(url=f'{url.replace("127.0.0.1", "localhost")}/', ca_file=authority.ca)
        )
    assert good.health is Health.PASSED
    assert unknown.health is Health.FAIL
    assert 'certificate' in unknown.message
    assert careless.health is Health.PASSED
    assert other_name.health is Health.FAIL


def test_https_where_http_is_spoken_fails(pages: str) -> None:
    assert run(HttpUrl(url=pages.replace('http:', 'https:'))).health is Health.FAIL


def test_a_file_of_authorities_that_cannot_be_used_is_unknown(
    authority: Authority, tmp_path: Path
) -> None:
    with web(authority.sign('loopback', address='127.0.0.1')) as url:
        for content in (None, b'', b'nonsense'):
            path = tmp_path / 'ca.pem'
            if content is not None:
                path.write_bytes(content)
            with pytest.raises(CheckError, match='cannot use'):
                run(HttpUrl(url=url, ca_file=path))


@pytest.mark.parametrize(
    ('options', 'key'),
    [
        ({'url': 'ftp://x/'}, 'url'),
        ({'url': 'http:///path'}, 'url'),
        ({'url': 'http://x:0/'}, 'url'),
        ({'url': 'http://x:99999/'}, 'url'),
        ({'url': 'http://[::1/'}, 'url'),
        ({'url': 'http://x/a b'}, 'url'),
        ({'url': 'http://x/\r\nHost: y'}, 'url'),
        ({'url': 'http://u:p@x/'}, 'url'),
        ({'url': 'http://x/', 'expect_status': ('2xx',)}, 'expect_status'),
        ({'url': 'http://x/', 'method': 'POST'}, 'method'),
        ({'url': 'http://x/', 'method': 'HEAD', 'contains': 'a'}, 'method'),
        ({'url': 'http://x/', 'matches': '['}, 'matches'),
        ({'url': 'http://x/', 'warn_seconds': 2.0, 'fail_seconds': 1.0}, 'warn_seconds'),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], key: str) -> None:
    with pytest.raises(OptionError) as caught:
        HttpUrl(**options)
    assert caught.value.key == key

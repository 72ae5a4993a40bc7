"""Messages to an HTTP receiver that takes them, fails, hangs, and lies."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config.channel_settings import WebhookSettings
from reconciler.config.secrets import Secret
from reconciler.notify.channels.base import Delivery
from reconciler.notify.channels.webhook import MESSAGE, SIGNATURE, WebhookChannel
from reconciler.notify.deliver import deliver
from reconciler.notify.document import decode
from tests.support import posted
from tests.support.notices import FIRING, RECOVERED
from tests.support.patience import PATIENCE
from tests.support.posted import Receiver, answered, receiver, sent
from tests.support.servers import Authority, web
from tests.support.tree import DOCS

SECRET = 'h0oK-s3cret'  # noqa: S105 - of nobody
# As long as something is to be waited for that never comes.
SHORT_SECONDS = 1.0


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HOOK_SECRET', SECRET)
    monkeypatch.setenv('NO_PROXY', '*')


def send(url: str | Secret, seconds: float = PATIENCE, **more: Any) -> Delivery:
    return deliver(WebhookSettings(url=url, **more), FIRING, Deadline.after(seconds))


def documented() -> Callable[..., bool]:
    """Return the function by which the documentation has signatures verified."""
    page = (DOCS / 'alerts.md').read_text()
    code = page.split('## The signature')[1].split('```python\n')[1].split('```')[0]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - it is ours
    found: Callable[..., bool] = names['is_ours']
    return found


def test_a_message_arrives_whole_and_its_signature_is_verified_as_documented() -> None:
    with receiver(answered(204)) as one:
        done = send(f'{one.url}/hook?x=1', secret=Secret('env', 'HOOK_SECRET'))
    assert done == Delivery(True, f'{one.host} answered 204')
    (request,) = one.requests
    assert request.line == 'POST /hook?x=1 HTTP/1.1'
    assert decode(request.body) == FIRING
    assert request.headers['content-type'] == 'application/json'
    assert request.headers[MESSAGE.lower()] == '7f3a0c.1'
    signature = request.headers[SIGNATURE.lower()]
    is_ours = documented()
    assert is_ours(SECRET, signature, request.body)
    assert not is_ours('another', signature, request.body)
    assert not is_ours(SECRET, signature, request.body + b' ')
    assert not is_ours(SECRET, signature.replace('t=1', 't=2'), request.body)
    assert not is_ours(SECRET, '', request.body)


def test_an_old_signature_is_refused_and_a_message_sent_again_has_its_number() -> None:
    with receiver(answered(503), answered(200)) as one:
        channel = WebhookChannel(
            WebhookSettings(url=one.url, secret=Secret('env', 'HOOK_SECRET')),
            lambda: datetime(2020, 1, 1, tzinfo=timezone.utc),
        )
        found = [channel.send(RECOVERED, Deadline.after(PATIENCE)).accepted for _ in range(2)]
    assert found == [False, True]
    assert len({request.headers[MESSAGE.lower()] for request in one.requests}) == 1
    first = one.requests[0]
    assert not documented()(SECRET, first.headers[SIGNATURE.lower()], first.body)


@pytest.mark.parametrize('status', [400, 401, 403, 404, 410, 413, 422])
def test_a_refusal_that_stays_is_told_from_one_that_passes(status: int) -> None:
    with receiver(answered(status, b'{"error":\n"no such hook"}')) as one:
        done = send(one.url)
    assert (done.accepted, done.retryable) == (False, False)
    assert done.answer == f'{one.host} answered {status}: {{"error": "no such hook"}}'


@pytest.mark.parametrize(
    ('status', 'header', 'wait'),
    [
        (500, 'X: y', None),
        (503, 'Retry-After: 30', 30.0),
        (429, 'Retry-After: 99999999999', 3600.0),
        (408, 'Retry-After: -1', None),
        (502, 'Retry-After: Wed, 21 Oct 2015 07:28:00 GMT', 0.0),
        (503, 'Retry-After: Wed, 21 Oct 2115 07:28:00 GMT', 3600.0),
        (503, 'Retry-After: ٣', None),
        (503, 'Retry-After: soon', None),
    ],
)
def test_what_passes_is_worth_trying_again_when_it_is_said(
    status: int, header: str, wait: float | None
) -> None:
    with receiver(answered(status, b'', header)) as one:
        done = send(one.url)
    assert (done.accepted, done.retryable, done.retry_after_seconds) == (False, True, wait)


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiver(answered(200)) as other:
        with receiver(answered(status, b'', f'Location: {other.url}/x')) as one:
            done = send(one.url)
        assert (done.accepted, done.retryable) == (False, False)
        assert 'leads elsewhere' in done.answer
    assert other.requests == []


_OK = b'HTTP/1.1 200 OK\r\n'


@pytest.mark.parametrize(
    'answer',
    [
        posted.hung,
        posted.trickled(_OK, b'X: y\r\n'),
        posted.trickled(b'H', b''),
        posted.trickled(_OK + b'Content-Length: 9999\r\n\r\n', b'x'),
        posted.trickled(_OK + b'Transfer-Encoding: chunked\r\n\r\n', b'1\r\nx\r\n'),
    ],
    ids=['hangs', 'trickles headers', 'one letter', 'trickles a body', 'trickles chunks'],
)
def test_who_hangs_or_trickles_is_left_at_the_deadline(
    answer: Callable[[Receiver, socket.socket], None],
) -> None:
    with receiver(answer) as one:
        done = send(one.url, SHORT_SECONDS)
    assert done == Delivery(False, f'{one.host} gave no whole answer in time', True)


@pytest.mark.parametrize(
    'answer',
    [
        posted.reset,
        sent(b''),
        sent(b'\x00\xff' * 100),
        sent(b'SSH-2.0-OpenSSH_9.2\r\n'),
        sent(b'HTTP/1.1 2000 OK\r\n\r\n'),
        sent(_OK + b'Content-Length: 1000\r\n\r\nshort'),
        sent(_OK + b'Content-Length: -1\r\n\r\n'),
        sent(_OK + b'Transfer-Encoding: chunked\r\n\r\nzz\r\n'),
        posted.flooded(_OK + b'X: ', 1),
    ],
    ids=[
        *('resets', 'closes', 'garbage', 'another protocol', 'no status', 'lies about length'),
        *('less than nothing', 'no chunk', 'a header without end'),
    ],
)
def test_half_an_answer_is_none_and_the_message_is_worth_sending_again(
    answer: Callable[[Receiver, socket.socket], None],
) -> None:
    with receiver(answer) as one:
        done = send(one.url)
    assert (done.accepted, done.retryable) == (False, True), done
    assert done.answer.startswith(f'cannot reach {one.host}: ')


@pytest.mark.parametrize('status', [b'200', b'500'])
def test_of_an_answer_of_ten_gigabytes_a_page_is_read(status: bytes) -> None:
    begin = b'HTTP/1.1 ' + status + b' OK\r\nContent-Length: 10737418240\r\n\r\n'
    with receiver(posted.flooded(begin, 10)) as one:
        done = send(one.url)
    assert done.accepted is (status == b'200')
    assert len(done.answer) < 300


def test_what_is_packed_is_not_unpacked() -> None:
    with receiver(answered(400, b'\x1f\x8b' + b'\0' * 99, 'Content-Encoding: gzip')) as one:
        done = send(one.url)
    assert not done.accepted
    assert one.requests[0].headers['accept-encoding'] == 'identity'


def test_nobody_there_is_worth_trying_again() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(('127.0.0.1', 0))
        done = send(f'http://127.0.0.1:{taken.getsockname()[1]}/')
    assert (done.accepted, done.retryable) == (False, True)
    assert not send('http://nowhere.invalid/').accepted


def test_a_certificate_is_verified_by_the_authority_that_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.sign('here', address='127.0.0.1')
    with web(certificate) as url:
        trusted, stranger = send(url, ca=authority.ca), send(url)
    # Its server takes no messages, which it says only to those who believe it.
    assert 'answered 501' in trusted.answer
    assert 'CERTIFICATE_VERIFY_FAILED' in stranger.answer
    assert stranger.retryable


@pytest.mark.parametrize('kind', ['token', 'basic'])
def test_no_secret_is_in_what_is_told_or_logged(
    kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    access: dict[str, Any] = {'token': Secret('env', 'TOKEN')}
    if kind == 'basic':
        access = {'user': 'me', 'password': Secret('env', 'TOKEN')}
    monkeypatch.setenv('TOKEN', 't0ken')

    def echo(one: Receiver, connection: socket.socket) -> None:
        request = one.requests[-1]
        said = f'{request.headers["authorization"]}: nothing at /p4th?k=k3y'.encode()
        answered(400, said)(one, connection)

    with receiver(echo, posted.reset, posted.hung) as one:
        monkeypatch.setenv('URL', f'{one.url}/p4th?k=k3y')
        found = [
            send(Secret('env', 'URL'), SHORT_SECONDS if hangs else PATIENCE, **access)
            for hangs in (False, False, True)
        ]
    given = one.requests[0].headers['authorization']
    assert given.startswith('Bearer t0ken' if kind == 'token' else 'Basic ')
    told = f'{found} {caplog.text}'
    assert '(hidden)' in found[0].answer
    for secret in ('t0ken', 'p4th', 'k3y', given.split()[1]):
        assert secret not in told


def test_a_secret_that_is_missing_or_no_url_has_the_message_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = send(Secret('env', 'NO_SUCH'))
    assert (done.accepted, done.retryable) == (False, True)
    assert '$NO_SUCH: it is not in the environment' in done.answer
    monkeypatch.setenv('URL', 'hunter2')
    done = send(Secret('env', 'URL'))
    assert done == Delivery(False, 'cannot use the secret in $URL: it is no URL', True)
    ca = send('https://127.0.0.1:1/', ca=Path('/no/such/file'))
    assert ca.answer == 'cannot use the certificates in /no/such/file: No such file or directory'


def test_what_the_other_side_says_is_one_safe_line() -> None:
    with receiver(answered(500, 'a\r\nHTTP/1.1 200 OK\x1b[31m\u202e'.encode())) as one:
        done = send(one.url)
    assert done.answer == f'{one.host} answered 500: a HTTP/1.1 200 OK [31m'


def test_the_body_is_json_of_which_each_key_is_known() -> None:
    with receiver(answered(200)) as one:
        send(one.url)
    body = json.loads(one.requests[0].body)
    assert body['victims'][1] == {'service': 'wordpress', 'health': 'warn', 'units': 2}
    assert re.fullmatch(r'[0-9a-f-]{36}', body['labels']['juju_model_uuid'])

"""What strangers and many units at once may cost the receiver."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone

import pytest

from charm.agent.ship.push import headers_for
from charm.kernel.push_contract import MOST_BODY_BYTES, PATH
from tests.support.patience import PATIENCE

from .served import Running, lines, report

HEAD = b'POST /v1/reports HTTP/1.1\r\nHost: localhost\r\n'


@contextmanager
def connected(receiver: Running) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cadata=receiver.ca)
    address = ('127.0.0.1', int(receiver.url.rpartition(':')[2]))
    plain = socket.create_connection(address, PATIENCE)
    with context.wrap_socket(plain, server_hostname='localhost') as tls:
        yield tls


def answer_to(tls: ssl.SSLSocket) -> bytes:
    """Return what comes until the other side ends the connection."""
    found = b''
    with suppress(ConnectionError, ssl.SSLError):
        while data := tls.recv(65536):
            found += data
    return found


def request(receiver: Running, body: bytes, head: str) -> bytes:
    """Return a push in which `head` stands for how the body is measured."""
    made = headers_for('web/0', receiver.push_of('web/0'), body, datetime.now(timezone.utc))
    words = ''.join(f'{name}: {value}\r\n' for name, value in made.items())
    return f'POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{words}{head}\r\n\r\n'.encode()


def chunked(body: bytes, size: int) -> bytes:
    parts = (body[start : start + size] for start in range(0, len(body), size))
    return b''.join(b'%x\r\n%s\r\n' % (len(part), part) for part in parts) + b'0\r\n\r\n'


@pytest.mark.parametrize(
    'endless',
    [
        pytest.param(HEAD + b'X: ' + b'x' * 400_000, id='a header'),
        pytest.param(HEAD + b'X: x\r\n' * 60_000, id='headers'),
        pytest.param(b'POST /' + b'x' * 400_000, id='a path'),
        pytest.param(
            HEAD + b'Transfer-Encoding: chunked\r\n\r\n' + b'1;' + b'x' * 400_000, id='a chunk'
        ),
        pytest.param(
            HEAD + b'Transfer-Encoding: chunked\r\n\r\n0\r\n' + b'X: x\r\n' * 60_000,
            id='trailers',
        ),
    ],
)
def test_what_is_no_body_has_an_end(
    receiver: Running, endless: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is ended for its size, whatever time it has.
    for seconds in ('_REQUEST_SECONDS', '_CONNECTION_SECONDS'):
        monkeypatch.setattr(f'reconciler.inbox.protocol.{seconds}', 10 * PATIENCE)
    with connected(receiver) as tls:
        with suppress(ConnectionError, ssl.SSLError):
            tls.sendall(endless)
        assert b' 200 ' not in answer_to(tls)
    body = lines(report())
    assert receiver.send('web/0', receiver.push_of('web/0'), body).status == 200


def test_a_large_body_is_taken_whole_and_in_chunks(receiver: Running) -> None:
    body = lines(*(report(number) for number in range(200)))
    assert 40_000 < len(body) < MOST_BODY_BYTES
    with connected(receiver) as tls:
        head = request(receiver, body, 'Transfer-Encoding: chunked\r\nConnection: close')
        tls.sendall(head + chunked(body, 1000))
        assert b'"accepted":200' in answer_to(tls)


def test_many_pushes_go_over_one_connection(receiver: Running) -> None:
    with connected(receiver) as tls:
        for number in range(20):
            body = lines(report(number))
            tls.sendall(request(receiver, body, f'Content-Length: {len(body)}') + body)
            answer = b''
            while not answer.endswith(b'}'):
                answer += tls.recv(65536)
            assert b'"accepted":1' in answer


@pytest.mark.parametrize('begun', [b'', b'X: x\r\n', b'Content-Length: 9\r\n\r\nx'])
def test_a_request_that_never_comes_to_its_end_is_ended(
    receiver: Running, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('reconciler.inbox.protocol._REQUEST_SECONDS', 0.1)
    with connected(receiver) as tls:
        tls.sendall(HEAD + begun)
        assert b' 200 ' not in answer_to(tls)


def test_more_than_can_be_held_is_503_and_asked_for_later(
    receiver: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    push, body = receiver.push_of('web/0'), lines(report())
    monkeypatch.setattr('reconciler.inbox.receive._MOST_HELD_BYTES', len(body) - 1)
    answer = receiver.send('web/0', push, body)
    assert (answer.status, answer.retry_after_seconds) == (503, 5.0)
    monkeypatch.setattr('reconciler.inbox.receive._MOST_HELD_BYTES', len(body))
    # What was refused, and what was answered, is held no more.
    for number in (1, 2, 3):
        assert receiver.send('web/0', push, lines(report(number))).status == 200

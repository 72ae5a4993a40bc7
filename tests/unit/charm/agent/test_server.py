"""A door bears what strangers do at it: they trickle, flood, lie, and go away."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from charm.agent.serve.api import Response
from charm.agent.serve.client import ask
from charm.agent.serve.limits import ListenerLimits
from charm.agent.serve.listeners import listen_tcp, listen_unix, tls_server
from charm.agent.serve.server import ListeningSocket
from charm.kernel.deadline import Deadline
from charm.kernel.rate import Rate
from tests.support.patience import PATIENCE
from tests.support.tls import Certificates

TOKEN = 'a-token-of-more-than-16'  # noqa: S105 - it opens nothing


def echo(method: str, target: str, body: bytes) -> Response:
    return Response(200, f'{method} {target} {len(body)}'.encode(), 'text/plain')


class Notes:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.heard = threading.Event()

    def __call__(self, reason: str, who: str) -> None:
        self.said.append(f'{who}: {reason}')
        self.heard.set()


def open_door(path: Path, notes: Notes, limits: ListenerLimits) -> ListeningSocket:
    door = ListeningSocket(listen_unix(path), echo, notes, limits)
    door.open()
    return door


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def tcp(certificates: Certificates, notes: Notes) -> Iterator[ListeningSocket]:
    tls = tls_server(certificates.certificate, certificates.key)
    limits = ListenerLimits(request_seconds=2.0)
    door = ListeningSocket(listen_tcp('127.0.0.1', 0), echo, notes, limits, tls, TOKEN)
    door.open()
    yield door
    door.close()


def read_all(client: socket.socket) -> bytes:
    answer = b''
    while True:
        chunk = client.recv(65536)
        if not chunk:
            return answer
        answer += chunk


def talk(path: Path, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))
        # Who is turned away may be answered, and the door closed, before this is sent.
        with contextlib.suppress(BrokenPipeError):
            client.sendall(data)
        return read_all(client)


def over_tls(door: ListeningSocket, certificates: Certificates, *headers: str) -> bytes:
    context = ssl.create_default_context(cafile=certificates.ca)
    plain = socket.create_connection(door.address, PATIENCE)
    with plain, context.wrap_socket(plain, server_hostname='localhost') as client:
        lines = ('GET /v1/report HTTP/1.1', 'Host: x', *headers, '', '')
        client.sendall('\r\n'.join(lines).encode())
        return read_all(client)


def test_a_request_is_answered(tmp_path: Path, notes: Notes) -> None:
    door = open_door(tmp_path / 's', notes, ListenerLimits())
    answer = ask(tmp_path / 's', 'POST', '/v1/run', {'checks': []}, Deadline.after(PATIENCE))
    door.close()
    assert (answer.status, answer.body) == (200, b'POST /v1/run 14')


def test_the_socket_is_for_its_owner_and_group_only(tmp_path: Path, notes: Notes) -> None:
    door = open_door(tmp_path / 's', notes, ListenerLimits())
    assert (tmp_path / 's').stat().st_mode & 0o777 == 0o660
    door.close()


def test_what_a_killed_agent_left_is_replaced(tmp_path: Path, notes: Notes) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / 's'))
    left.close()
    door = open_door(tmp_path / 's', notes, ListenerLimits())
    assert b'200' in talk(tmp_path / 's', b'GET / HTTP/1.0\r\n\r\n')
    door.close()


@pytest.mark.slow
def test_who_trickles_is_cut_off_in_time_and_holds_nobody(tmp_path: Path, notes: Notes) -> None:
    door = open_door(tmp_path / 's', notes, ListenerLimits(places=3, request_seconds=2.0))
    slow = []
    for _ in range(2):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(tmp_path / 's'))
        client.sendall(b'GET / HTT')
        slow.append(client)
    assert b'200' in talk(tmp_path / 's', b'GET / HTTP/1.0\r\n\r\n')
    started = time.monotonic()
    for client in slow:
        client.settimeout(PATIENCE)
        # A byte now and then keeps every timeout for inactivity happy.
        try:
            while True:
                client.sendall(b'P')
                client.settimeout(0.05)
                try:
                    if not client.recv(100):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
        client.close()
    assert time.monotonic() - started < PATIENCE
    door.close()


def test_more_at_once_than_there_are_places_are_turned_away(tmp_path: Path, notes: Notes) -> None:
    door = open_door(tmp_path / 's', notes, ListenerLimits(places=2))
    held = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for client in held:
        client.connect(str(tmp_path / 's'))
    assert b'503' in talk(tmp_path / 's', b'')
    assert notes.said == ['the unix socket: too many requests at once']
    for client in held:
        client.close()
    door.close()


def test_too_many_in_a_row_are_429(tmp_path: Path, notes: Notes) -> None:
    door = open_door(tmp_path / 's', notes, ListenerLimits(per_second=0.001, burst=3))
    found = [talk(tmp_path / 's', b'GET / HTTP/1.0\r\n\r\n')[9:12] for _ in range(5)]
    assert found == [b'200'] * 3 + [b'429'] * 2
    door.close()


@pytest.mark.parametrize(
    ('request_bytes', 'status'),
    [
        (b'POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n', b'413'),
        (b'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', b'411'),
        (b'POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n', b'411'),
        (b'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', b'411'),
        (b'BREW /pot HTTP/1.1\r\n\r\n', b'501'),
        (b'GET /' + b'x' * 70000 + b' HTTP/1.1\r\n\r\n', b'414'),
        (b'GET / HTTP/1.1\r\n' + b'A: b\r\n' * 200 + b'\r\n', b'431'),
        (b'\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n', b'400'),
    ],
)
def test_what_is_wrong_in_a_request_is_said(
    tmp_path: Path, notes: Notes, request_bytes: bytes, status: bytes
) -> None:
    door = open_door(tmp_path / 's', notes, ListenerLimits())
    answer = talk(tmp_path / 's', request_bytes)
    assert status in answer.split(b'\r\n')[0]
    assert b'200' in talk(tmp_path / 's', b'GET / HTTP/1.0\r\n\r\n')
    door.close()


def test_a_header_without_end_is_cut_off(tmp_path: Path, notes: Notes) -> None:
    door = open_door(tmp_path / 's', notes, ListenerLimits())
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(tmp_path / 's'))
        client.sendall(b'GET / HTTP/1.1\r\n')
        sent = 0
        with contextlib.suppress(OSError):
            for sent in range(10000):  # noqa: B007 - how far it came is what is asked
                client.sendall(b'A: ' + b'x' * 4000 + b'\r\n')
        assert sent < 1000
    door.close()


def test_with_the_token_it_is_answered(tcp: ListeningSocket, certificates: Certificates) -> None:
    answer = over_tls(tcp, certificates, f'Authorization: Bearer {TOKEN}')
    assert b' 200 ' in answer.split(b'\r\n')[0]


@pytest.mark.parametrize(
    'header', ['X: y', 'Authorization: Bearer wrong', f'Authorization: Basic {TOKEN}']
)
def test_without_it_it_is_401_and_noted(
    tcp: ListeningSocket, certificates: Certificates, notes: Notes, header: str
) -> None:
    answer = over_tls(tcp, certificates, header)
    assert b' 401 ' in answer.split(b'\r\n')[0]
    assert b'WWW-Authenticate: Bearer' in answer
    assert 'token' in notes.said[0]
    assert notes.said[0].startswith('127.0.0.1')
    assert 'wrong"' not in notes.said[0]


@pytest.mark.slow
def test_a_handshake_that_never_ends_is_cut_off(tcp: ListeningSocket, notes: Notes) -> None:
    with socket.create_connection(tcp.address, PATIENCE) as plain:
        plain.sendall(b'\x16\x03\x01')
        assert notes.heard.wait(PATIENCE)
        assert plain.recv(10) == b''
    assert 'handshake' in notes.said[0]


def test_plain_http_to_the_tls_door_gets_nothing(tcp: ListeningSocket) -> None:
    with socket.create_connection(tcp.address, PATIENCE) as plain:
        plain.sendall(b'GET /v1/report HTTP/1.0\r\n\r\n')
        try:
            assert b'200' not in plain.recv(1000)
        except ConnectionResetError:
            return


def test_a_closed_door_answers_no_more(tmp_path: Path, notes: Notes) -> None:
    door = open_door(tmp_path / 's', notes, ListenerLimits())
    assert door.is_open
    door.close()
    door._thread.join(PATIENCE)
    assert not door.is_open


def test_a_rate_is_its_burst_and_then_so_many_a_second() -> None:
    now = [100.0]
    rate = Rate(2.0, 3, lambda: now[0])
    assert [rate.take() for _ in range(5)] == [True, True, True, False, False]
    now[0] += 1.0
    assert [rate.take() for _ in range(3)] == [True, True, False]
    now[0] += 1000.0
    assert sum(rate.take() for _ in range(10)) == 3

"""A request ends by its deadline, whatever the other side does meanwhile."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from charm.agent.ship.post import PostError, pinned, post
from charm.kernel.deadline import Deadline
from tests.support.patience import PATIENCE
from tests.support.tls import Certificates

_HEAD = b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n'


def trickle(connection: socket.socket) -> None:
    """Send a byte now and then, for ever: every timeout for inactivity is content."""
    connection.sendall(_HEAD)
    while True:
        connection.sendall(b' ')
        time.sleep(0.05)


def keep_quiet(connection: socket.socket) -> None:
    """Take whatever comes, and say nothing."""
    while connection.recv(65536):
        pass


def break_off(connection: socket.socket) -> None:
    """Promise more than is sent."""
    connection.sendall(_HEAD + b'{"accepted": 1')


def redirect(connection: socket.socket) -> None:
    """Send the reports elsewhere."""
    connection.sendall(
        b'HTTP/1.1 307 Elsewhere\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n'
    )


Far = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def far(certificates: Certificates) -> Iterator[Far]:
    """Give the URL of a server that does so with one connection."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)
    listener = socket.create_server(('127.0.0.1', 0))
    threads: list[threading.Thread] = []

    def begin(manner: Callable[[socket.socket], None]) -> str:
        def serve() -> None:
            with contextlib.suppress(OSError):
                plain, _peer = listener.accept()
                with plain, context.wrap_socket(plain, server_side=True) as connection:
                    while not connection.recv(65536).endswith(b'x'):
                        pass
                    manner(connection)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return f'https://localhost:{listener.getsockname()[1]}/v1/reports'

    yield begin
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    listener.close()


@pytest.mark.slow
@pytest.mark.parametrize('manner', [trickle, keep_quiet])
def test_who_never_ends_is_cut_off_at_the_deadline(
    far: Far, certificates: Certificates, manner: Callable[[socket.socket], None]
) -> None:
    started = time.monotonic()
    with pytest.raises(PostError, match='no answer by the deadline'):
        post(far(manner), pinned(certificates.ca.read_text()), {}, b'x', Deadline.after(1.0))
    assert time.monotonic() - started >= 1.0


def test_half_an_answer_is_none(far: Far, certificates: Certificates) -> None:
    with pytest.raises(PostError):
        post(
            far(break_off), pinned(certificates.ca.read_text()), {}, b'x', Deadline.after(PATIENCE)
        )


def test_a_redirect_is_an_answer_and_is_not_followed(far: Far, certificates: Certificates) -> None:
    ours = pinned(certificates.ca.read_text())
    answer = post(far(redirect), ours, {}, b'x', Deadline.after(PATIENCE))
    assert answer.status == 307


def test_what_is_no_certificate_is_said(tmp_path: Path) -> None:
    with pytest.raises(PostError, match='cannot use the CA certificate'):
        pinned('-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n')

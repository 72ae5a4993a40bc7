"""An HTTP receiver that notes what it is sent, and answers as it is told: well, badly, never."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from .checking import server

Answer = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Request:
    """A request: its first line, its headers by their names in small letters, and its body."""

    line: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """What a receiver was sent so far; `port` is where it listens."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    # Set once it is to let go of those that it has kept waiting.
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f'127.0.0.1:{self.port}'

    @property
    def url(self) -> str:
        return f'http://{self.host}'


@contextlib.contextmanager
def receiver(*answers: Callable[[Receiver, socket.socket], None]) -> Iterator[Receiver]:
    """Answer each request by the next of these; the last one goes on."""
    one = Receiver()
    left = list(answers)

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = _read(connection)
            if request is None:
                return
            one.requests.append(request)
            (left.pop(0) if len(left) > 1 else left[0])(one, connection)

    with server(serve) as port:
        one.port = port
        yield one
        one.over.set()


def _read(connection: socket.socket) -> Request | None:
    file = connection.makefile('rb')
    line = file.readline().decode().strip()
    headers: dict[str, str] = {}
    while text := file.readline().decode().strip():
        name, _, value = text.partition(':')
        headers[name.lower()] = value.strip()
    if not line:
        return None
    return Request(line, headers, file.read(int(headers.get('content-length', '0'))))


def answered(
    status: int, body: bytes = b'', *headers: str
) -> Callable[[Receiver, socket.socket], None]:
    """Answer with that."""
    lines = [f'HTTP/1.1 {status} Whatever', f'Content-Length: {len(body)}', *headers, '', '']
    return sent('\r\n'.join(lines).encode() + body)


def sent(raw: bytes) -> Callable[[Receiver, socket.socket], None]:
    """Answer with these bytes, and close the connection."""

    def answer(_: Receiver, connection: socket.socket) -> None:
        connection.sendall(raw)

    return answer


def trickled(begin: bytes, drop: bytes) -> Callable[[Receiver, socket.socket], None]:
    """Answer with a beginning, then with a drop ever and again, until nobody reads any more."""

    def answer(one: Receiver, connection: socket.socket) -> None:
        connection.sendall(begin)
        while not one.over.wait(0.02):
            connection.sendall(drop)

    return answer


def flooded(begin: bytes, gigabytes: int) -> Callable[[Receiver, socket.socket], None]:
    """Answer with a beginning, then with as much as that, as long as somebody reads it."""

    def answer(one: Receiver, connection: socket.socket) -> None:
        connection.sendall(begin)
        piece = b'x' * (1 << 20)
        for _ in range(gigabytes << 10):
            if one.over.is_set():
                return
            connection.sendall(piece)

    return answer


def hung(one: Receiver, _: socket.socket) -> None:
    """Answer nothing, and keep the connection."""
    one.over.wait()


def reset(_: Receiver, connection: socket.socket) -> None:
    """End the connection as a crash does."""
    linger = b'\x01\0\0\0\0\0\0\0'
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

"""Small real things that checks look at: programs, and servers on the loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Any, Callable, Iterator

from charm.checks.check import Verdict
from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from tests.support.patience import PATIENCE

LETTERS = {'p': Health.PASSED, 'w': Health.WARN, 'u': Health.UNKNOWN, 'f': Health.FAIL}


def healths(letters: str) -> tuple[Health, ...]:
    """Return what each letter stands for, such as passed and fail of `pf`."""
    return tuple(LETTERS[letter] for letter in letters)


def run(check: Any, seconds: float = PATIENCE) -> Verdict:
    """Run the check with this much time."""
    verdict = check.run(Deadline.after(seconds))
    assert isinstance(verdict, Verdict)
    return verdict


def program(directory: Path, body: str, name: str = 'program') -> str:
    """Write an executable shell script and return its path."""
    path = directory / name
    path.write_text(f'#!/bin/sh\n{body}\n')
    path.chmod(0o755)
    return str(path)


@contextlib.contextmanager
def server(serve: Callable[[socket.socket], None], host: str = '127.0.0.1') -> Iterator[int]:
    """Serve every connection on a loopback port, which is yielded, with `serve`."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener, served(listener, serve):
        yield listener.getsockname()[1]


@contextlib.contextmanager
def served(listener: socket.socket, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """Serve every connection that a listener takes with `serve`."""
    thread = threading.Thread(target=_accept, args=(listener, serve), daemon=True)
    thread.start()
    yield
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE)


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    while True:
        try:
            connection, _address = listener.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(PATIENCE)
            serve(connection)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


def silent(connection: socket.socket) -> None:
    """Say nothing until the other side leaves."""
    while connection.recv(65536):
        pass


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    """Return a server that reads one request and gives this answer."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return serve


def trickling(answer: bytes, endless: bytes = b'x') -> Callable[[socket.socket], None]:
    """Return a server that gives `answer`, then one byte every 20 ms until the client leaves."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(answer)
        gone = threading.Event()
        while not gone.wait(0.02):
            connection.sendall(endless)

    return serve

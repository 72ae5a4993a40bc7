"""A Pebble on a unix socket, with the answers of the real one, and answers that are none."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.support.checking import served

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(path: Path, serve: Serve) -> Iterator[Path]:
    """Serve every connection to a unix socket at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        with served(listener, serve):
            yield path


def pebble(
    *checks: dict[str, Any],
    services: Sequence[dict[str, Any]] = (),
    plan: str = '',
    metrics: bytes = b'',
    changes: Sequence[dict[str, Any]] = (),
) -> Serve:
    """Answer as Pebble does: internals/daemon/api_health.go, api_checks.go and api_services.go.

    Without `metrics` it is an old one, which has none.
    """

    def serve(connection: socket.socket) -> None:
        target = connection.recv(65536).split()[1].decode()
        status: int = 200
        result: Any = None
        if target == '/v1/health':
            healthy = all(check['status'] != 'down' for check in checks)
            status, result = (200 if healthy else 502), {'healthy': healthy}
        elif target.startswith('/v1/checks'):
            wanted = target.partition('names=')[2]
            result = [check for check in checks if wanted in ('', check['name'])] or None
        elif target == '/v1/services':
            result = list(services) or None
        elif target == '/v1/changes?select=all':
            result = list(changes) or None
        elif target == '/v1/plan?format=yaml':
            result = plan
        elif target == '/v1/metrics' and metrics:
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(metrics))
            connection.sendall(metrics)
            return
        elif target.partition('?')[0] != '/v1/checks':
            status, result = 404, {'message': f'invalid API endpoint requested: {target}'}
        body = json.dumps(
            {
                'type': 'error' if status == 404 else 'sync',
                'status-code': status,
                'status': 'OK',
                'result': result,
            }
        ).encode()
        head = f'HTTP/1.1 {status} OK\r\nContent-Length: {len(body)}\r\n\r\n'.encode()
        connection.sendall(head)
        connection.sendall(body)

    return serve


def raw(answer: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return serve


def answer(document: Any) -> bytes:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(body) + body

"""How a Pebble is asked, over its unix socket."""

from __future__ import annotations

import socket
from pathlib import Path

from ..checks.sockets import BoundedSocket, NoAnswer
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError, ReportError
from ..kernel.hints import Any, Optional, Tuple
from ..kernel.strict_json import load

_MOST_BYTES = 1024 * 1024


def ask(path: Path, target: str, deadline: Deadline) -> Any:
    """Return the `result` of Pebble's answer; the whole exchange ends by the deadline.

    Raises:
        CheckError: it does not answer, refuses, or answers what is not Pebble's.
    """
    status, body = exchange(path, target, deadline)
    try:
        document = load(body)
    except ReportError as error:
        raise CheckError(f'cannot tell: {path} answered what is not JSON: {error}') from error
    if not isinstance(document, dict) or document.get('type') not in ('sync', 'error'):
        raise CheckError(f'cannot tell: {path} answered status {status}, not as Pebble does')
    result = document.get('result')
    if document['type'] == 'error':
        reason = result.get('message') if isinstance(result, dict) else None
        raise CheckError(f'cannot tell: Pebble refuses: {reason or f"status {status}"}')
    return result


def exchange(path: Path, target: str, deadline: Deadline) -> Tuple[int, bytes]:
    """Return status and body of Pebble's answer, whatever it is; it ends by the deadline.

    Raises:
        CheckError: it does not answer, or too much.
    """
    # Here, since most machines have no Pebble and it takes a while.
    import http.client

    connection = http.client.HTTPConnection('localhost')
    made: Optional[socket.socket] = None
    try:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(max(deadline.remaining_seconds, 0.001))
        made.connect(str(path))
        bounded: Any = BoundedSocket(made, deadline)
        connection.sock = bounded
        connection.request('GET', target, headers={'Connection': 'close'})
        response = connection.getresponse()
        body = response.read(_MOST_BYTES + 1)
    except (OSError, http.client.HTTPException, NoAnswer) as error:
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        raise CheckError(f'cannot ask Pebble at {path}: {reason}') from error
    finally:
        connection.close()
        if made is not None:
            made.close()
    if len(body) > _MOST_BYTES:
        raise CheckError(f'cannot tell: {path} answered more than {_MOST_BYTES} bytes')
    return response.status, body

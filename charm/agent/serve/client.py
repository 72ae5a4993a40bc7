"""Ask the agent of this machine over its unix socket."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from pathlib import Path
from typing import Mapping, Optional, Sequence

from ...kernel.deadline import Deadline
from ...kernel.errors import HealthError
from ...kernel.facts import dataclass

_MOST_BYTES = 16 * 1024 * 1024


class AgentError(HealthError):
    """The agent does not answer: it does not run, or it hangs."""

    retryable = True


@dataclass(frozen=True)
class AgentReply:
    """The agent's response.

    Attributes:
        status: the HTTP status.
        body: the document.
        age_seconds: how old the report in it is; `None` for what is not a cached report.
    """

    status: int
    body: bytes
    age_seconds: Optional[float] = None

    @property
    def error(self) -> str:
        """Return why it refused; empty if it did not."""
        if self.status == 200:
            return ''
        with contextlib.suppress(ValueError, AttributeError):
            return str(json.loads(self.body).get('error', '')) or f'status {self.status}'
        return f'status {self.status}'


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, deadline: Deadline) -> None:
        super().__init__('localhost')
        self._path = path
        self._deadline = deadline

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # The agent is trusted not to trickle: it runs as root on this machine.
        self.sock.settimeout(max(self._deadline.remaining_seconds, 0.001))
        self.sock.connect(str(self._path))


def ask(
    path: Path, method: str, target: str, body: Optional[Mapping[str, object]], deadline: Deadline
) -> AgentReply:
    """Send one request and return the answer, whatever its status.

    Raises:
        AgentError: there is none by the deadline.
    """
    connection = _Connection(path, deadline)
    try:
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, target, data, {'Content-Type': 'application/json'})
        response = connection.getresponse()
        content = response.read(_MOST_BYTES)
        age = response.headers.get('Juju-Health-Age')
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        raise AgentError(f'cannot ask the agent at {path}: {reason}') from error
    finally:
        connection.close()
    return AgentReply(response.status, content, None if age is None else float(age))


def run_checks(path: Path, names: Sequence[str], unit: str, deadline: Deadline) -> AgentReply:
    """Have these checks run now; none of them asks for a new report of what is known.

    Raises:
        AgentError: there is no answer by the deadline.
    """
    body = {'checks': list(names), **({'unit': unit} if unit else {})}
    return ask(path, 'POST', '/v1/run', body, deadline)

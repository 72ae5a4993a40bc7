"""Ask the agent of this machine over its unix socket."""

from __future__ import annotations

import os
import socket

from ...kernel.errors import HealthError
from ...kernel.facts import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, Optional, Sequence, Union

    from ...kernel.deadline import Deadline

    StrPath = Union[str, os.PathLike[str]]

_MOST_BYTES = 16 * 1024 * 1024
_BLANK = b'\r\n\r\n'


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
        import json  # Only who is refused pays for it.

        try:
            return str(json.loads(self.body).get('error', '')) or f'status {self.status}'
        except (ValueError, AttributeError):
            return f'status {self.status}'


def ask(
    path: StrPath,
    method: str,
    target: str,
    body: Optional[Mapping[str, object]],
    deadline: Deadline,
) -> AgentReply:
    """Send one request and return the answer, whatever its status.

    It is HTTP as the agent speaks it: one request a connection, its answer's length told. The
    standard library's client would take longer to load than the agent takes to answer.

    Raises:
        AgentError: there is none by the deadline.
    """
    try:
        request = _request(method, target, body)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(max(deadline.remaining_seconds, 0.001))
            connection.connect(os.fspath(path))
            # Who refuses may answer before it has read all of it.
            try:  # noqa: SIM105 - contextlib takes longer to load
                connection.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return _read(connection, deadline)
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        raise AgentError(f'cannot ask the agent at {path}: {reason}') from error


def _request(method: str, target: str, body: Optional[Mapping[str, object]]) -> bytes:
    if not (target.isascii() and target.isprintable()) or ' ' in target:
        raise ValueError(f'no such path: {target!a}')
    data = b''
    if body is not None:
        import json  # Only who sends something pays for it.

        data = json.dumps(body).encode()
    head = (
        f'{method} {target} HTTP/1.1',
        'Host: localhost',
        'Content-Type: application/json',
        f'Content-Length: {len(data)}',
    )
    return '\r\n'.join((*head, '', '')).encode() + data


def _read(connection: socket.socket, deadline: Deadline) -> AgentReply:
    """Return the answer, once it is whole.

    Raises:
        ValueError: it is none.
        OSError: it does not come.
    """
    came, piece = bytearray(), b'.'
    while piece and len(came) <= _MOST_BYTES:
        # The agent is trusted not to trickle: it runs as root on this machine.
        connection.settimeout(max(deadline.remaining_seconds, 0.001))
        piece = connection.recv(65536)
        came += piece
        reply = _whole(came)
        if reply is not None:
            return reply
    if not came:
        raise ValueError('it closed without an answer')
    ended = _BLANK in came
    raise ValueError(
        'its answer ended early, or is too long' if ended else 'what it answered is no HTTP'
    )


def _whole(came: bytearray) -> Optional[AgentReply]:
    """Return the answer; `None` if there is more to come."""
    end = came.find(_BLANK)
    if end < 0:
        return None
    first, *rest = came[:end].decode('latin-1').split('\r\n')
    headers = {name.lower(): value for name, _, value in (line.partition(': ') for line in rest)}
    words = first.split(' ', 2)
    if not words[0].startswith('HTTP/1.') or len(words) < 2 or not words[1].isdecimal():
        raise ValueError('what it answered is no HTTP')
    body = came[end + len(_BLANK) :]
    if len(body) < int(headers.get('content-length', '0')):
        return None
    age = headers.get('juju-health-age')
    return AgentReply(int(words[1]), bytes(body), None if age is None else float(age))


def run_checks(path: StrPath, names: Sequence[str], unit: str, deadline: Deadline) -> AgentReply:
    """Have these checks run now; none of them asks for a new report of what is known.

    Raises:
        AgentError: there is no answer by the deadline.
    """
    body = {'checks': list(names), **({'unit': unit} if unit else {})}
    return ask(path, 'POST', '/v1/run', body, deadline)

"""One HTTPS request with one deadline over all of it, whatever the other side does."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from typing import Dict, Mapping, Optional
from urllib.parse import urlsplit

from ...kernel.deadline import Deadline
from ...kernel.errors import HealthError
from ...kernel.facts import dataclass
from ...kernel.names import host_bytes
from ...kernel.wakeup import Wakeup

_MOST_ANSWER_BYTES = 65536


class PostError(HealthError):
    """No answer came: the network, TLS or the deadline."""

    retryable = True


@dataclass(frozen=True)
class PushReply:
    """The response to a push.

    Attributes:
        status: the HTTP status.
        body: the first 64 KiB of what came with it.
        retry_after_seconds: how long it asks us to wait; `None` if it does not say.
    """

    status: int
    body: bytes = b''
    retry_after_seconds: Optional[float] = None


class _Connection(http.client.HTTPSConnection):
    """A connection whose socket is known from the first byte, so that it can always be cut."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, deadline: Deadline) -> None:
        super().__init__(host, port, context=context)
        self._pinned = context
        self._deadline = deadline

    def connect(self) -> None:
        # A timeout of zero would mean "do not block".
        seconds = max(self._deadline.remaining_seconds, 0.001)
        host = host_bytes(self.host)
        plain = socket.create_connection((host, self.port), seconds)  # type: ignore[arg-type]
        self.sock = self._pinned.wrap_socket(
            plain, server_hostname=host, do_handshake_on_connect=False
        )
        self.sock.do_handshake()

    def cut(self) -> None:
        """End whatever waits on the socket, from another thread."""
        tls = self.sock
        if tls is not None:
            # Of the plain socket: SSLSocket's own would also take away its state while in use.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(tls, socket.SHUT_RDWR)


def pinned(ca: str) -> ssl.SSLContext:
    """Return a TLS client that believes these PEM certificates and no others.

    Raises:
        PostError: they cannot be read.
    """
    try:
        context = ssl.create_default_context(cadata=ca)
    except (ssl.SSLError, ValueError) as error:
        raise PostError(f'cannot use the CA certificate: {error}') from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def post(
    url: str, context: ssl.SSLContext, headers: Mapping[str, str], body: bytes, deadline: Deadline
) -> PushReply:
    """Send the body and return the answer, whatever its status; redirects are not followed.

    Raises:
        PostError: no whole answer came by the deadline.
    """
    split = urlsplit(url)
    host = split.hostname or ''
    connection = _Connection(host, split.port or 443, context, deadline)
    # A far side that trickles satisfies every timeout for inactivity, and never ends.
    done = Wakeup()
    threading.Thread(target=_cut_at, args=(deadline, done, connection), daemon=True).start()
    try:
        sent: Dict[str, str] = {**headers, 'Connection': 'close'}
        connection.connect()
        # Who refuses it before having read all of it has said why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            connection.request('POST', split.path or '/', body, sent)
        response = connection.getresponse()
        answer = response.read(_MOST_ANSWER_BYTES)
        half = response.status == http.client.OK and response.length
        if deadline.passed or (half and len(answer) < _MOST_ANSWER_BYTES):
            # Reading so much, http.client takes an end for an end. Who refuses a body without
            # reading it may cut its own words off, of which the status says enough.
            raise http.client.IncompleteRead(answer)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = 'no answer by the deadline' if deadline.passed else str(error) or repr(error)
        raise PostError(f'cannot reach {url}: {reason}') from error
    finally:
        done.ring()
        connection.close()
    after = response.headers.get('Retry-After', '')
    return PushReply(response.status, answer, float(after) if after.isdecimal() else None)


def _cut_at(deadline: Deadline, done: Wakeup, connection: _Connection) -> None:
    if not done.wait(deadline.remaining_seconds):
        connection.cut()

"""The agent's doors: a unix socket always, and TLS with a token where that is configured.

One request a connection, with one deadline over all of it and a bound on its bytes, so that who
trickles or floods holds one of a few places, for a few seconds. Each door has its own places and
its own rate: a flood over the network does not close the unix socket.
"""

from __future__ import annotations

import contextlib
import http.server
import io
import select
import socket
import ssl
import threading
import time
from typing import Any, Callable, List, Optional

from ...kernel.deadline import Deadline
from ...kernel.rate import Rate
from . import access
from .api import Response, refusal
from .limits import BoundedStream, ListenerLimits

_ANSWER_SECONDS = 10.0
_MOST_REQUEST_BYTES = 256 * 1024
_BUSY = b'HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

Answer = Callable[[str, str, bytes], Response]
Note = Callable[[str, str], None]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_version = 'juju-health'
    sys_version = ''
    server: ListeningSocket  # type: ignore[assignment]

    def setup(self) -> None:
        deadline = Deadline.after(self.server.limits.request_seconds)
        self.connection = self.server.secure(self.request, deadline)
        bounded = BoundedStream(self.connection, deadline, _MOST_REQUEST_BYTES)
        self.rfile = io.BufferedReader(bounded)
        # Written to at the end only, in one piece.
        self.wfile = io.BytesIO()

    def handle(self) -> None:
        # One request a connection: nobody keeps a place by keeping quiet.
        self.close_connection = True
        with contextlib.suppress(socket.timeout):
            self.handle_one_request()
        self.close_connection = True

    def finish(self) -> None:
        answer = self.wfile.getvalue()  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            self.connection.settimeout(_ANSWER_SECONDS)
            if answer:
                self.connection.sendall(answer)
        with contextlib.suppress(OSError):
            self.connection.close()

    def do_GET(self) -> None:
        response = self._refused() or self._answered()
        self.send_response(response.status)
        self.send_header('Content-Type', response.content_type)
        self.send_header('Content-Length', str(len(response.body)))
        self.send_header('Connection', 'close')
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    do_POST = do_GET

    def _refused(self) -> Optional[Response]:
        door = self.server
        if door.token is not None:
            complaint = access.complaint(self.headers.get('Authorization', ''), door.token)
            if complaint:
                door.note(complaint, _name_of(self.client_address))
                # Strangers use up a rate of their own, not that of who has the token.
                if not door.strangers.take():
                    return refusal(429, 'too many requests', **{'Retry-After': '1'})
                return refusal(401, 'a valid token is needed', **{'WWW-Authenticate': 'Bearer'})
        if not door.rate.take():
            door.note('too many requests', _name_of(self.client_address))
            return refusal(429, 'too many requests', **{'Retry-After': '1'})
        return None

    def _answered(self) -> Response:
        length = self.headers.get('Content-Length', '0')
        if 'Transfer-Encoding' in self.headers or not length.isdecimal():
            return refusal(411, 'say the length of the body')
        if int(length) > _MOST_REQUEST_BYTES // 2:
            return refusal(413, f'the limit is {_MOST_REQUEST_BYTES // 2} bytes')
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return refusal(400, 'the body ended early')
        return self.server.answer(self.command, self.path, body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        pass


class ListeningSocket:
    """One listening socket with its limits.

    Args:
        listener: the socket, listening.
        answer: the routes.
        note: is told of what was refused: the reason, and who.
        limits: what it bears.
        tls: how to secure each connection, `None` for not at all.
        token: what each request has to carry, `None` for nothing.
    """

    def __init__(
        self,
        listener: socket.socket,
        answer: Answer,
        note: Note,
        limits: ListenerLimits,
        tls: Optional[ssl.SSLContext] = None,
        token: Optional[str] = None,
    ) -> None:
        self.answer = answer
        self.note = note
        self.limits = limits
        self.token = token
        self.rate = Rate(limits.per_second, limits.burst)
        self.strangers = Rate(limits.per_second, limits.burst)
        self._listener = listener
        self._tls = tls
        self._places = threading.BoundedSemaphore(limits.places)
        self._closed = False
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def open(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer no new request; those under way are answered."""
        self._closed = True
        with contextlib.suppress(OSError):
            # This wakes the thread that waits in accept().
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def is_open(self) -> bool:
        """Return whether somebody still answers."""
        return self._thread.is_alive()

    @property
    def address(self) -> Any:
        """Return where it listens: a path, or a host and a port."""
        return self._listener.getsockname()

    def secure(self, request: socket.socket, deadline: Deadline) -> socket.socket:
        """Return the connection to talk over: the same one, or TLS on it, by the deadline."""
        if self._tls is None:
            return request
        request.setblocking(False)
        connection = self._tls.wrap_socket(
            request, server_side=True, do_handshake_on_connect=False
        )
        try:
            while not _shake_hands(connection, deadline):
                if deadline.passed:
                    raise socket.timeout('the handshake did not end in time')
        except OSError:
            connection.close()
            raise
        return connection

    def _accept(self) -> None:
        while not self._closed:
            try:
                request, peer = self._listener.accept()
            except OSError:
                # Too many open files, or a client that has gone already.
                if not self._closed:
                    time.sleep(0.1)
                continue
            if not self._places.acquire(blocking=False):
                self.note('too many requests at once', _name_of(peer))
                self._turn_away(request)
                continue
            try:
                threading.Thread(target=self._serve, args=(request, peer), daemon=True).start()
            except RuntimeError:
                self._places.release()
                self._turn_away(request)

    def _turn_away(self, request: socket.socket) -> None:
        with contextlib.suppress(OSError):
            request.setblocking(False)
            if self._tls is None:
                request.send(_BUSY)
        request.close()

    def _serve(self, request: socket.socket, peer: Any) -> None:
        try:
            _Handler(request, peer, self)  # type: ignore[arg-type]
        except OSError as error:
            # TLS that fails, a client that goes away: theirs, not ours.
            self.note(f'no request: {error}', _name_of(peer))
        except Exception as error:  # noqa: BLE001 - the boundary: a request costs only itself
            self.note(f'{type(error).__name__}: {error}', _name_of(peer))
        finally:
            request.close()
            self._places.release()


def _shake_hands(connection: ssl.SSLSocket, deadline: Deadline) -> bool:
    """Go on with the handshake and return whether it is done; wait for the other side if not."""
    reading: List[socket.socket] = []
    writing: List[socket.socket] = []
    try:
        connection.do_handshake()
        return True
    except ssl.SSLWantReadError:
        reading.append(connection)
    except ssl.SSLWantWriteError:
        writing.append(connection)
    select.select(reading, writing, [], deadline.remaining_seconds)
    return False


def _name_of(peer: Any) -> str:
    return str(peer[0]) if isinstance(peer, tuple) else 'the unix socket'

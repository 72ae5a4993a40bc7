"""Make the connection that ssh is spoken on: straight, or through a command."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from charm.kernel.deadline import Deadline
from charm.kernel.names import host_bytes

from ..base import last_line
from .alarms import LOOK_SECONDS

# A connection that is not made after so long does not hold the next address up (RFC 8305, 5).
STAGGER_SECONDS = 0.25
# Data that nobody acknowledges for so long ends a connection: its machine is gone.
UNACKNOWLEDGED_SECONDS = 60
KEEPALIVE_SECONDS = 30
_CLOSING = threading.Lock()


def connections(
    ends: Mapping[str, tuple[str, int]], deadline: Deadline
) -> Iterator[tuple[str, socket.socket]]:
    """Yield connections to ends, host and port, by their names, in the order they come about in.

    They are begun one after another, each when the one before it has failed or takes long.

    Raises:
        OSError: no more will come, since one failed; with the last one's reason, `TimeoutError` at
            the deadline.
    """
    waiting = list(ends.items())
    begun: set[socket.socket] = set()
    last: OSError | None = None
    try:
        with selectors.DefaultSelector() as selector:
            while waiting or begun:
                if waiting:
                    try:
                        begun.add(_begin(selector, *waiting.pop(0)))
                    except OSError as error:
                        last = error
                        continue
                # The deadline may pass before its time.
                pause = STAGGER_SECONDS if waiting else LOOK_SECONDS
                ready = selector.select(min(pause, deadline.remaining_seconds))
                if not ready and deadline.passed:
                    last = TimeoutError(errno.ETIMEDOUT, 'Connection timed out')
                    break
                for key, _ in ready:
                    name, sock = key.data
                    selector.unregister(sock)
                    begun.discard(sock)
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if code:
                        sock.close()
                        last = OSError(code, os.strerror(code))
                    else:
                        yield name, _settled(sock)
    finally:
        for sock in begun:
            sock.close()
    if last is not None:
        raise last


def _begin(selector: selectors.BaseSelector, name: str, end: tuple[str, int]) -> socket.socket:
    host, port = end
    found = socket.getaddrinfo(host_bytes(host), port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, where = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        code = sock.connect_ex(where)
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, os.strerror(code))
        selector.register(sock, selectors.EVENT_WRITE, (name, sock))
    except BaseException:
        sock.close()
        raise
    return sock


def _settled(sock: socket.socket) -> socket.socket:
    sock.setblocking(True)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # So that one which is kept is not forgotten by what is between, at no cost to us.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ('TCP_KEEPIDLE', 'TCP_KEEPINTVL'):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), KEEPALIVE_SECONDS)
    if hasattr(socket, 'TCP_USER_TIMEOUT'):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_SECONDS * 1000)
    return sock


class CommandSocket(socket.socket):
    """One end of a pair of sockets whose other end is a command's stdin and stdout.

    A real socket, so that timeouts and end of file are the kernel's; closing it ends the command.
    """

    process: subprocess.Popen[bytes] | None = None
    # A file, since a pipe that nobody reads would hold the command up.
    said: IO[bytes] | None = None
    _said_last = ''

    @classmethod
    def through(cls, command: Sequence[str]) -> CommandSocket:
        """Start the command; an `OSError` says that it cannot be."""
        ours, theirs = socket.socketpair()
        mine = cls(ours.family, ours.type, ours.proto, fileno=ours.detach())
        mine.said = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            try:
                mine.process = subprocess.Popen(
                    list(command),
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=mine.said.fileno(),
                    start_new_session=True,
                )
            except BaseException:
                mine.close()
                raise
        return mine

    @property
    def said_last(self) -> str:
        """Return the last line of what the command said on stderr before it was closed."""
        return self._said_last

    def close(self) -> None:
        """Close the socket and end the command, and whatever it started.

        Several threads may: paramiko's own does so too, when the stream ends.
        """
        super().close()
        with _CLOSING:
            process, self.process = self.process, None
            if process is not None and process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if self.said is not None:
                self.said.seek(0)
                self._said_last = last_line(self.said.read(65536)).strip()
                self.said.close()
                self.said = None

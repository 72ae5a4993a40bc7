"""Connections whose every step, name look-up included, ends by a deadline."""

from __future__ import annotations

import errno
import io
import socket

from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.gather import gather
from ..kernel.hints import Any, Callable, List, Tuple
from ..kernel.names import host_bytes

_OUR_OWN_FAULT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_Address = Tuple[Any, ...]


class NoAnswer(Exception):
    """The other side refused, broke off or did not answer in time; `str()` says which."""


def where(host: str, port: int) -> str:
    """Return `host:port`, with brackets around an IPv6 address."""
    return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connected socket; each address of the name gets its share of the time.

    Raises:
        NoAnswer: nobody there accepts.
        CheckError: this machine lacks descriptors or memory to try.
    """
    try:
        addresses = _resolve(host, port, deadline)
    except OSError as error:
        raise NoAnswer(f'cannot resolve {host}: {_reason(error, 0.0)}') from error
    reason = 'it has no address'
    for index, (family, kind, protocol, _name, address) in enumerate(addresses):
        share_seconds = deadline.remaining_seconds / (len(addresses) - index)
        try:
            made = socket.socket(family, kind, protocol)
        except OSError as error:
            reason = _reason(error, share_seconds)
            continue
        try:
            made.settimeout(max(share_seconds, 0.001))
            made.connect(address)
        except OSError as error:
            made.close()
            reason = _reason(error, share_seconds)
        else:
            return made
    raise NoAnswer(f'cannot connect to {where(host, port)}: {reason}')


def _resolve(host: str, port: int, deadline: Deadline) -> List[_Address]:
    def look_up() -> List[_Address]:
        return list(socket.getaddrinfo(host_bytes(host), port, type=socket.SOCK_STREAM))

    # getaddrinfo() cannot be interrupted, so it is left behind in its thread if it overruns.
    for done in gather({host: look_up}, deadline, 1):
        if done.value is not None:
            return done.value
        # ValueError: it holds a zero byte.
        raise NoAnswer(f'cannot resolve {host}: {getattr(done.error, "strerror", done.error)}')
    raise NoAnswer(f'cannot resolve {host} in time')


def _reason(error: OSError, seconds: float) -> str:
    if error.errno in _OUR_OWN_FAULT:
        raise CheckError(f'cannot open a connection: {error.strerror}') from error
    if isinstance(error, socket.timeout):
        return f'no answer within {seconds:.1f} s'
    if isinstance(error, ConnectionRefusedError):
        return 'refused'
    return error.strerror or str(error)


def bounded(deadline: Deadline, connection: socket.socket) -> None:
    """Let the next operation on `connection` take no longer than what is left.

    Raises:
        NoAnswer: nothing is left.
    """
    if deadline.passed:
        raise NoAnswer('the answer did not end in time')
    connection.settimeout(max(deadline.remaining_seconds, 0.001))


class BoundedReader(io.RawIOBase):
    """A socket's bytes, with the deadline held at every read: a trickle cannot outlast it."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        bounded(self._deadline, self._connection)
        return self._connection.recv_into(buffer)


class BoundedSocket:
    """As much of a socket as http.client uses, held to a deadline."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    @property
    def own_address(self) -> str:
        """The address of this end, without the zone that one of IPv6 may have."""
        return str(self._connection.getsockname()[0]).partition('%')[0]

    def makefile(self, *_args: Any, **_options: Any) -> io.BufferedReader:
        return io.BufferedReader(BoundedReader(self._connection, self._deadline))

    def sendall(self, data: bytes) -> None:
        bounded(self._deadline, self._connection)
        self._connection.sendall(data)

    def close(self) -> None:
        """Do nothing: http.client closes as soon as it has the headers, with the body to come."""


def failed(action: Callable[[], Any]) -> str:
    """Run `action`; return why the other side failed it, or nothing if it did not.

    Raises:
        CheckError: as `action` does.
    """
    try:
        action()
    except NoAnswer as error:
        return str(error)
    except socket.timeout:
        return 'the answer did not end in time'
    except OSError as error:
        return error.strerror or str(error)
    return ''

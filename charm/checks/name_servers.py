"""Which name servers answer at all: one small query each, all at once.

Asked is `localhost.`, which a server knows by itself or refuses at once, so that one in a data
centre without a way out answers as well; one that forwards even that is asked for its version.
Any answer counts, a refusal too.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
from pathlib import Path

from ..kernel.deadline import Deadline
from ..kernel.hints import Dict, List, Mapping, Sequence, Tuple
from ..kernel.names import host_bytes

PORT = 53
NO_WAY = 'no way there'
_SILENT = 'no answer'
# Before anything is sent: afterwards it is somebody on the way who says so.
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)
# A datagram may be lost, so each is asked again in this many parts of the time.
_TRIES = 3
# The resolver of libc goes by the first three (MAXNS in resolv.h).
_MOST = 3
_HEADER = struct.Struct('>HHHHHH')
_RECURSE = 0x0100
# A forwarder may ask others for the one, and then knows the other by itself; some know neither.
_QUESTIONS = (
    b'\x09localhost\x00' + struct.pack('>HH', 1, 1),  # localhost. IN A
    b'\x07version\x04bind\x00' + struct.pack('>HH', 16, 3),  # version.bind. CH TXT
)


def configured(path: Path) -> Tuple[str, ...]:
    """Return the name servers of a resolv.conf(5); none if there is no such file.

    Raises:
        OSError: it may not be read.
    """
    try:
        lines = path.read_text(errors='replace').split('\n')
    except FileNotFoundError:
        return ()
    words = (line.split() for line in lines)
    return tuple(word[1] for word in words if len(word) > 1 and word[0] == 'nameserver')[:_MOST]


def silent(servers: Sequence[str], deadline: Deadline, port: int = PORT) -> Mapping[str, str]:
    """Return those that do not answer by the deadline, with why.

    Raises:
        OSError: this machine has no socket left to ask with.
    """
    reasons: Dict[str, str] = {}
    asked: Dict[socket.socket, Tuple[str, bytes]] = {}
    try:
        for server in servers:
            ident = os.urandom(2)
            rest = _HEADER.pack(0, _RECURSE, 1, 0, 0, 0)[2:]
            try:
                asked[_connected(server, port)] = (server, ident + rest)
            except OSError as error:
                reasons[server] = NO_WAY if error.errno in _NO_WAY else _reason(error)
        _ask(asked, reasons, deadline)
    finally:
        for each in asked:
            each.close()
    return reasons


def _ask(
    asked: Mapping[socket.socket, Tuple[str, bytes]],
    reasons: Dict[str, str],
    deadline: Deadline,
) -> None:
    waiting = dict(asked)
    for left in range(_TRIES - 1, -1, -1):
        part = deadline.within(deadline.remaining_seconds / (left + 1))
        for connection in list(waiting):
            server, query = waiting[connection]
            try:
                connection.send(query + _QUESTIONS[left % len(_QUESTIONS)])
            except OSError as error:
                reasons[server] = _reason(error)
                del waiting[connection]
        while waiting and not part.passed:
            for connection in _readable(list(waiting), part):
                server, query = waiting[connection]
                try:
                    answered = connection.recv(512)[:2] == query[:2]
                except OSError as error:
                    answered = True
                    reasons[server] = _reason(error)
                if answered:
                    del waiting[connection]
    reasons.update((server, _SILENT) for server, _query in waiting.values())


def _readable(connections: List[socket.socket], part: Deadline) -> List[socket.socket]:
    poll = select.poll()
    for each in connections:
        poll.register(each, select.POLLIN)
    ready = {number for number, _event in poll.poll(part.remaining_seconds * 1000)}
    return [each for each in connections if each.fileno() in ready]


def _connected(server: str, port: int) -> socket.socket:
    """Return a socket that hears that server alone, and that nobody is there."""
    numeric = socket.AI_NUMERICHOST
    found = socket.getaddrinfo(host_bytes(server), port, type=socket.SOCK_DGRAM, flags=numeric)
    family, kind, protocol, _name, address = found[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.connect(address)
    except OSError:
        made.close()
        raise
    return made


def _reason(error: OSError) -> str:
    return 'refused' if isinstance(error, ConnectionRefusedError) else error.strerror or str(error)

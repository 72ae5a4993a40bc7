"""A host of callbacks: a process of one thread that runs each of them in a process of its own.

Whatever an author's function does (it loops in C, holds the interpreter's lock, prints, changes
directory, ends its process), it does not do it to whoever has to answer. `hosted.py` is the near
side. A request is one packet on the host's control socket, with a descriptor to answer on. There
the run writes its answer, one line of JSON, and after it who sees to it another: how it ended, and
what it printed. Who shuts down or closes its end of that wants no answer any more: the run is
killed, with all it started. When the control socket ends, so does the host, with all its runs.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import signal
import socket
import sys

from ...kernel.errors import said_of
from ...kernel.hints import Any, Callable, Mapping, NoReturn, Optional, Sequence, Set, Tuple
from ..callbacks import Callback
from .reaper import adopt_orphans, ended_of, kill_all, kill_orphans
from .run import ENDING, Bell, flush, see_to, send

_MOST_REQUEST_BYTES = 65536


def keep_hosts(
    life: socket.socket, hosts: Mapping[socket.socket, Callable[[socket.socket], NoReturn]]
) -> NoReturn:
    """Be the parent of hosts until `life` ends; then kill whatever is left of all they did.

    Each is given its control socket. Nothing of an author's runs in this process itself, so
    nothing keeps it from that.
    """
    adopt_orphans()
    own_streams()
    for number in ENDING:
        # Of a group that is ended we are the one that ends the rest.
        signal.signal(number, signal.SIG_IGN)
    own: Set[int] = set()
    for control, host in hosts.items():
        pid = os.fork()
        if pid == 0:
            try:
                for other in (life, *hosts):
                    if other is not control:
                        other.close()
                os.setsid()
                host(control)
            finally:
                os._exit(1)
        own.add(pid)
    for control in hosts:
        control.close()
    bell = Bell()
    poll = select.poll()
    poll.register(life, select.POLLIN)
    poll.register(bell, select.POLLIN)
    while life.fileno() not in {descriptor for descriptor, _event in poll.poll()}:
        bell.hush()
        own -= ended_of(own).keys()
        # A host that was killed has left its runs to us.
        kill_orphans(own)
    kill_all()
    os._exit(0)


def serve(
    control: socket.socket, callbacks: Sequence[Callback], about: Optional[Any] = None
) -> NoReturn:
    """Be a host until the control socket ends; `about` answers who asks for no callback.

    A request is `{"run": INDEX, "service": NAME, "name": CHECK}`, or `{}`.
    """
    bell = Bell()
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(bell, select.POLLIN)
    runs: Set[int] = set()
    keeper = os.getppid()
    try:
        while True:
            ready = {descriptor for descriptor, _event in poll.poll()}
            bell.hush()
            # Only ours: what a file has started when it was read is its own to wait for.
            ended = ended_of(runs)
            runs -= ended.keys()
            if any(ended.values()) and os.getppid() == keeper:
                # Who was to see to a run was killed: what that has left is our parent's to end.
                os.kill(keeper, signal.SIGCHLD)
            if control.fileno() in ready:
                packet, channel = _receive(control)
                if channel is None:
                    break
                with channel:
                    request = json.loads(packet)
                    if 'run' not in request:
                        send(channel, about)
                        continue
                    callback = callbacks[request['run']]
                    runs.add(_begin(callback, request, channel, (control, bell)))
    except Exception as error:  # noqa: BLE001 - the end of this process, which nobody else tells
        print(f'callbacks: {said_of(error)}', file=sys.stderr)
    finally:
        flush()
        os._exit(0)


def _receive(control: socket.socket) -> Tuple[bytes, Optional[socket.socket]]:
    """Return a request, and where it wants its answer; `None` once no more will come."""
    passed = array.array('i')
    packet, ancillary, _flags, _where = control.recvmsg(
        _MOST_REQUEST_BYTES, socket.CMSG_SPACE(passed.itemsize)
    )
    if not packet:
        return b'', None
    passed.frombytes(ancillary[0][2])
    return packet, socket.socket(fileno=passed[0])


def _begin(
    callback: Callback, request: Mapping[str, Any], channel: socket.socket, ours: Sequence[Any]
) -> int:
    """Begin a run, and return the process that sees to it; 0 if none could be started."""
    try:
        pid = os.fork()
    except OSError as error:
        send(channel, {'error': f'it could not be begun: {error.strerror}'})
        return 0
    if pid == 0:
        try:
            for end in ours:
                end.close()
            see_to(callback, request, channel)
        except OSError as error:
            send(channel, {'error': f'it could not be begun: {error.strerror}'})
        finally:
            os._exit(1)
    return pid


def own_streams() -> None:
    """Have what is printed go to stderr, and nothing be read: stdout is the report's.

    Lines go there at once: who is killed leaves nothing in buffers.
    """
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        # A launcher may have put what it likes there.
        with contextlib.suppress(Exception):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]

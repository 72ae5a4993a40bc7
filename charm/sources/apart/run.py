"""One run of a callback: a process that calls it, and one that sees to that.

The first is the author's: it may do what it likes. The second waits for its end, keeps what it
prints, and kills it, with all it started, once nobody waits for an answer any more.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys

from ...checks.child_process import describe_exit
from ...kernel.errors import said_of
from ...kernel.hints import Any, Mapping, NoReturn, Optional
from ...kernel.merge_checks import read_subset
from ...kernel.report_json import check_to_json
from ...kernel.wakeup import Wakeup
from ..callbacks import Callback
from .printed import Printed
from .reaper import adopt_orphans, end_with, kill_all

# What would end us, were a socket not to tell.
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# It waits only where the answer itself has left no room, and nobody reads it.
_TELL_SECONDS = 0.1


class Bell(Wakeup):
    """Rings when a child has ended; one for each process, which makes it for itself."""

    def __init__(self) -> None:
        super().__init__()
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)

    def fileno(self) -> int:
        """Return the descriptor that is ready to be read when it has rung."""
        return self._near.fileno()

    def close(self) -> None:
        """Let it go: this process is a copy, and has no use for it."""
        signal.set_wakeup_fd(-1)
        self._near.close()
        self._far.close()


def see_to(callback: Callback, request: Mapping[str, Any], channel: socket.socket) -> NoReturn:
    """Be the process that sees to a run; answers are told on `channel`, see `answers.py`."""
    adopt_orphans()
    bell, printed = Bell(), Printed()
    us = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            bell.close()
            _be_run(callback, request, channel, printed, us)
        finally:
            os._exit(1)
    printed.close_far()
    code = _wait_for(pid, bell, channel, printed)
    _tell(channel, 'did not end' if code is None else describe_exit(code), printed)
    kill_all()
    os._exit(0)


def _be_run(
    callback: Callback,
    request: Mapping[str, Any],
    channel: socket.socket,
    printed: Printed,
    parent: int,
) -> NoReturn:
    """Call the callback, answer, and end: we are its process."""
    os.setsid()
    end_with(parent)
    for number in (*ENDING, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    printed.wear()
    try:
        results = read_subset(callback(request['service']), request['name'])
        answer: Any = {'results': [check_to_json(result) for result in results]}
    except BaseException as error:  # noqa: BLE001 - the boundary: a callback costs only itself
        answer = {'error': said_of(error)}
    flush()
    send(channel, answer)
    os._exit(0)


def _wait_for(pid: int, bell: Bell, channel: socket.socket, printed: Printed) -> Optional[int]:
    """Return how the run ended; `None` once nobody waits for it any more."""
    while True:
        poll = select.poll()
        poll.register(bell, select.POLLIN)
        poll.register(channel, select.POLLRDHUP)
        if printed.near >= 0:
            poll.register(printed.near, select.POLLIN)
        ready = {descriptor for descriptor, _event in poll.poll()}
        if printed.near in ready:
            printed.drain()
        bell.hush()
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if channel.fileno() in ready:
            return None


def _tell(channel: socket.socket, ended: str, printed: Printed) -> None:
    """Say how it ended, and what it printed until now, to who waits for that.

    It begins a line of its own, whatever the run itself has written of one.
    """
    printed.drain()
    told = {'ended': ended, 'printed': printed.text}
    with channel, contextlib.suppress(OSError):
        channel.settimeout(_TELL_SECONDS)
        try:
            channel.sendall(f'\n{json.dumps(told)}\n'.encode())
        finally:
            # Whatever it started may still have the descriptor: this ends it for all of them.
            channel.shutdown(socket.SHUT_RDWR)


def send(channel: socket.socket, answer: Any) -> None:
    """Write one line of an answer, to who may have gone."""
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(answer).encode() + b'\n')


def flush() -> None:
    """Write what was printed: who ends as our processes do leaves it in its buffers."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()

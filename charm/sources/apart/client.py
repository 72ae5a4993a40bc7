"""The near side of hosts: ask one to call a callback, and have its answer by a deadline."""

from __future__ import annotations

import array
import contextlib
import json
import math
import os
import select
import signal
import socket
import time
import weakref

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError, OverrunError
from ...kernel.facts import replace
from ...kernel.hints import Any, Callable, Mapping, Tuple
from ...kernel.report import CheckResult
from ...kernel.report_json import check_from_json
from ..callbacks import Apart
from .answers import printed_until_now, read_answer
from .printed import safe_lines
from .reaper import kill_below

# Those below it are many, or the machine is busy.
_LEAVE_SECONDS = 3.0
_PAUSE_SECONDS = 0.002


class Life:
    """Ends the process that hosts are in, and all below it, once it is forgotten, or we end.

    Args:
        near: our end of the socket by which it sees that.
        pid: its number.
        ended: returns whether it has ended, and buries it then.
    """

    def __init__(self, near: socket.socket, pid: int, ended: Callable[[], bool]) -> None:
        # Not `__del__`: a thread that is about to end may still hold us when our process ends.
        weakref.finalize(self, _end, near, pid, ended)


def _end(near: socket.socket, pid: int, ended: Callable[[], bool]) -> None:
    near.close()
    # One that an author's code has stopped would never see it.
    _signal(pid, signal.SIGCONT, ended)
    soon = Deadline.after(_LEAVE_SECONDS)
    while not ended():
        if soon.passed:
            kill_below(pid)
            _signal(pid, signal.SIGKILL, ended)
            return
        time.sleep(_PAUSE_SECONDS)


def _signal(pid: int, number: int, ended: Callable[[], bool]) -> None:
    # It is our child: its number is nobody else's until it is buried.
    if not ended():
        with contextlib.suppress(OSError):
            os.kill(pid, number)


class Host:
    """One host; it ends when it is forgotten.

    Args:
        control: our end of its socket.
        life: that of the process which it is in.
    """

    def __init__(self, control: socket.socket, life: Life) -> None:
        self._control = control
        self._life = life

    def __del__(self) -> None:
        self._control.close()

    def ask(self, request: Mapping[str, Any], deadline: Deadline) -> socket.socket:
        """Return where it will answer, as `read_answer` reads it; to close that ends the run.

        Raises:
            CheckError: it cannot be asked.
        """
        near, far = socket.socketpair()
        with far:
            try:
                self._send(json.dumps(request).encode(), far.fileno(), deadline)
            except BaseException:
                near.close()
                raise
        return near

    def _send(self, packet: bytes, descriptor: int, deadline: Deadline) -> None:
        passed = array.array('i', [descriptor])
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)
        poll = select.poll()
        poll.register(self._control, select.POLLOUT)
        while True:
            try:
                self._control.sendmsg([packet], [rights], socket.MSG_DONTWAIT)
                return
            except BlockingIOError:
                if not poll.poll(math.ceil(deadline.remaining_seconds * 1000)):
                    raise OverrunError('cannot wait longer for it to begin') from None
            except OSError as error:
                reason = f'cannot run it: the process for that has ended ({error.strerror})'
                raise CheckError(reason) from error


class HostedCallback(Apart):
    """A callback of a host, by its number there."""

    def __init__(self, host: Host, index: int, name: str) -> None:
        self.__name__ = name
        self._host = host
        self._index = index

    def answer(self, service: str, name: str, deadline: Deadline) -> Tuple[CheckResult, ...]:
        """Return what it says of the service; it is ended at the deadline.

        What it printed is told with the first of them, as `data.printed`.

        Raises:
            CheckError: it failed, ended without an answer, or did not end in time; it says last
                what was printed.
        """
        request = {'run': self._index, 'service': service, 'name': name}
        with self._host.ask(request, deadline) as near:
            try:
                answer = read_answer(near, deadline)
            except OverrunError as error:
                raise OverrunError(str(error), printed_until_now(near)) from error
        results = tuple(check_from_json(item, 'the answer') for item in answer['results'])
        printed = safe_lines(answer.get('printed', ''))
        if not printed:
            return results
        # What the author calls so is the author's.
        return (replace(results[0], data={'printed': printed, **results[0].data}), *results[1:])


class Unhosted(Apart):
    """A callback for which there is no host: it is called nowhere, for this reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def answer(self, service: str, name: str, deadline: Deadline) -> Tuple[CheckResult, ...]:
        """Say why.

        Raises:
            CheckError: always.
        """
        raise CheckError(self._reason)

"""Callbacks by their hosts: the near side of `host.py`."""

from __future__ import annotations

import array
import contextlib
import json
import math
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ...checks.settling_rule import settle
from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError, DefinitionError, HealthError, OverrunError
from ...kernel.report import CheckResult
from ...kernel.report_json import check_from_json
from ..callback_files import list_files
from ..callbacks import Apart, BoundCallback, Callback, Table, declared
from . import file_hosts
from .answers import printed_until_now, read_answer
from .host import flush, own_streams, serve
from .printed import safe_lines

# Every file is code that may hang while it is read; the checks are still to run after it.
READ_SECONDS = 5.0
# An interpreter starts in a fraction of a second, save on a machine that is very busy.
_START_SECONDS = 5.0
_LEAVE_SECONDS = 3.0

_PROGRAM = f"""
import json, sys
given = json.loads(sys.argv[1])
sys.path[:] = given.pop('sys_path')
from {file_hosts.__name__} import serve_files
serve_files(**given)
"""


class Host:
    """One host; it ends when it is forgotten.

    Args:
        control: our end of its socket.
        process: what it is of, kept as long as it is.
    """

    def __init__(self, control: socket.socket, process: object = None) -> None:
        self._control = control
        self._process = process

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


class OwnCallbacks:
    """A charm's own callbacks, as its launcher gives them, in a host of their own.

    It is made first of all, before this process has threads: the host is a copy of it.
    """

    def __init__(
        self,
        callbacks: Optional[Mapping[str, Iterable[Callback]]],
        services: Sequence[Mapping[str, Any]],
    ) -> None:
        self.table = {pattern: tuple(many) for pattern, many in (callbacks or {}).items()}
        self._known = [callback for many in self.table.values() for callback in many]
        with contextlib.suppress(HealthError):
            # Where they are of no use it is said when they are planned.
            self._known += [bound.callback for bound in declared(services).callbacks]
        self._host = _forked(self._known) if self._known else None

    def apart(self, bound: BoundCallback) -> BoundCallback:
        """Return the bound callback, to be called by the host if it is one of these."""
        if self._host is None:
            return bound
        for index, callback in enumerate(self._known):
            if callback is bound.callback:
                return replace(bound, callback=HostedCallback(self._host, index, bound.name))
        return bound


def _forked(callbacks: Sequence[Callback]) -> Host:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # What the launcher printed is its own, and printed once.
    flush()
    if os.fork() == 0:
        try:
            near.close()
            os.setsid()
            own_streams()
            serve(far, callbacks)
        finally:
            os._exit(1)
    far.close()
    return Host(near)


def load(
    directory: Path, deadline: Deadline, patience_seconds: float = READ_SECONDS
) -> Tuple[Table, Tuple[DefinitionError, ...]]:
    """Return the callbacks in the directory's files, and what is wrong with those of no use.

    Each file may take `patience_seconds`, and all of them half of the time until the deadline.
    """
    try:
        paths = list_files(directory)
    except DefinitionError as error:
        return {}, (error,)
    if not paths:
        return {}, ()
    table: Dict[str, List[Callback]] = {}
    faults: List[DefinitionError] = []
    # Half of the time is for the checks themselves.
    budget_seconds = deadline.remaining_seconds / 2
    patience_seconds = max(min(patience_seconds, budget_seconds), 0.001)
    until = Deadline.after(min(patience_seconds + _START_SECONDS, budget_seconds))
    began = time.monotonic()
    hosts = _executed(paths, patience_seconds)
    nears = [host.ask({}, until) for host in hosts]
    for path, host, near in zip(paths, hosts, nears):
        try:
            with near:
                about = read_answer(near, until)
        except CheckError as error:
            # What is read for too long is ended, by the kernel.
            late = time.monotonic() - began >= patience_seconds
            reason = f'it was not read to its end within {patience_seconds:.3g} s'
            faults.append(DefinitionError(str(path), '', reason if late else str(error)))
            continue
        if 'fault' in about:
            faults.append(DefinitionError(*about['fault']))
            continue
        for pattern, callbacks in _hosted(host, about['table']):
            table.setdefault(pattern, []).extend(callbacks)
    return table, tuple(faults)


def _hosted(host: Host, described: Any) -> Iterator[Tuple[str, List[Callback]]]:
    index = 0
    for pattern, given in described:
        callbacks: List[Callback] = []
        for name, settled_name, options in given:
            callback = HostedCallback(host, index, name)
            callbacks.append(settle(settled_name, **options)(callback))
            index += 1
        yield pattern, callbacks


class _Process:
    """The process that hosts of files are of; it is ended when the last of them is forgotten."""

    def __init__(self, life: socket.socket, popen: subprocess.Popen[bytes]) -> None:
        self._life = life
        self._popen = popen

    def __del__(self) -> None:
        self._life.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(_LEAVE_SECONDS)


def _executed(paths: Sequence[Path], patience_seconds: float) -> List[Host]:
    """Return the hosts of files, in one new process: where we have threads we cannot fork."""
    life, far_life = socket.socketpair()
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in paths]
    descriptors = [far.fileno() for _near, far in pairs]
    given = {
        'sys_path': sys.path,
        'files': dict(zip(map(str, paths), descriptors)),
        'life': far_life.fileno(),
        'patience_seconds': patience_seconds,
    }
    isolated = ['-I'] if sys.flags.isolated else []
    popen = subprocess.Popen(
        [sys.executable, *isolated, '-c', _PROGRAM, json.dumps(given)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(*descriptors, far_life.fileno()),
        start_new_session=True,
    )
    process = _Process(life, popen)
    far_life.close()
    for _near, far in pairs:
        far.close()
    return [Host(near, process) for near, _far in pairs]

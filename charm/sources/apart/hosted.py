"""Have callbacks be called by hosts: those of files, and a charm's own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ...checks.settling_rule import settle
from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError, DefinitionError, HealthError, OverrunError
from ...kernel.facts import replace
from ...kernel.gather import gather
from ..callback_files import list_files
from ..callbacks import BoundCallback, Callback, Table, declared
from . import file_hosts
from .answers import read_answer
from .client import Host, HostedCallback, Life, Unhosted
from .host import keep_hosts, serve
from .reaper import ended_of
from .run import flush

# The callbacks in files, and what is wrong with those of no use.
Loaded = Tuple[Table, Tuple[DefinitionError, ...]]
# Every file is code that may hang while it is read; the checks are still to run after it.
READ_SECONDS = 5.0
# An interpreter starts in a fraction of a second, save on a machine that is very busy.
_START_SECONDS = 5.0
# Files that may be read at once, each waited for by a thread.
_MOST_ASKED = 64

_PROGRAM = f"""
import json, sys
given = json.loads(sys.argv[1])
sys.path[:] = given.pop('sys_path')
from {file_hosts.__name__} import serve_files
serve_files(**given)
"""


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
        self._host: Optional[Host] = None
        self._fault = ''
        if self._known:
            try:
                self._host = _forked(self._known)
            except OSError as error:
                self._fault = f'no process could be started for it: {error.strerror}'

    def apart(self, bound: BoundCallback) -> BoundCallback:
        """Return the bound callback, to be called by the host if it is one of these."""
        for index, callback in enumerate(self._known):
            if callback is bound.callback:
                hosted = (
                    Unhosted(self._fault)
                    if self._host is None
                    else HostedCallback(self._host, index, bound.name)
                )
                return replace(bound, callback=hosted)
        return bound


def _forked(callbacks: Sequence[Callback]) -> Host:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    life, far_life = socket.socketpair()
    # What the launcher printed is its own, and printed once.
    flush()
    with far, far_life:
        pid = os.fork()
        if pid == 0:
            try:
                near.close()
                life.close()
                os.setsid()
                keep_hosts(far_life, {far: partial(serve, callbacks=callbacks)})
            finally:
                os._exit(1)
    return Host(near, Life(life, pid, lambda: bool(ended_of({pid}))))


def load(directory: Path, deadline: Deadline, patience_seconds: float = READ_SECONDS) -> Loaded:
    """Return the callbacks in the directory's files, and what is wrong with those of no use.

    Each file may take `patience_seconds`, and all of them half of the time until the deadline.
    """
    try:
        paths = list_files(directory)
    except DefinitionError as error:
        return {}, (error,)
    if not paths:
        return {}, ()
    # Half of the time is for the checks themselves.
    budget_seconds = deadline.remaining_seconds / 2
    patience_seconds = max(min(patience_seconds, budget_seconds), 0.001)
    until = Deadline.after(min(patience_seconds + _START_SECONDS, budget_seconds))
    late = f'it was not read to its end within {patience_seconds:.3g} s'
    try:
        hosts = _executed(paths, patience_seconds)
        asked = {path: partial(_about, hosts[path], until, patience_seconds) for path in paths}
        answers = {done.key: done.value for done in gather(asked, until, _MOST_ASKED)}
    except (OSError, RuntimeError) as error:
        reason = f'no process could be started to read it: {error}'
        return {}, tuple(DefinitionError(str(path), '', reason) for path in paths)
    table: Dict[str, List[Callback]] = {}
    faults: List[DefinitionError] = []
    for path in paths:
        about = answers.get(path) or {'unread': ''}
        if 'unread' in about:
            faults.append(DefinitionError(str(path), '', about['unread'] or late))
        elif 'fault' in about:
            faults.append(DefinitionError(*about['fault']))
        else:
            for pattern, callbacks in _hosted(hosts[path], about['table']):
                table.setdefault(pattern, []).extend(callbacks)
    return table, tuple(faults)


def _about(host: Host, until: Deadline, patience_seconds: float) -> Dict[str, Any]:
    """Return what a host says of its file, else why it is `unread`: nothing where that is time."""
    began = time.monotonic()
    try:
        with host.ask({}, until) as near:
            return read_answer(near, until)
    except (CheckError, OSError) as error:
        # What is read for too long is ended, by the kernel.
        late = isinstance(error, OverrunError) or time.monotonic() - began >= patience_seconds
        return {'unread': '' if late else str(error)}


def _hosted(host: Host, described: Any) -> Iterator[Tuple[str, List[Callback]]]:
    index = 0
    for pattern, given in described:
        callbacks: List[Callback] = []
        for name, settled_name, options in given:
            callback = HostedCallback(host, index, name)
            callbacks.append(settle(settled_name, **options)(callback))
            index += 1
        yield pattern, callbacks


def _executed(paths: Sequence[Path], patience_seconds: float) -> Dict[Path, Host]:
    """Return the hosts of files, in one new process: where we have threads we cannot fork.

    Raises:
        OSError: it cannot be started.
    """
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        life, far_life = map(ours.enter_context, socket.socketpair())
        theirs.enter_context(far_life)
        nears: Dict[Path, socket.socket] = {}
        descriptors: Dict[str, int] = {}
        for path in paths:
            near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            nears[path] = ours.enter_context(near)
            descriptors[str(path)] = theirs.enter_context(far).fileno()
        given = {
            # Others than texts are nothing to the interpreter either.
            'sys_path': [entry for entry in sys.path if isinstance(entry, str)],
            'files': descriptors,
            'life': far_life.fileno(),
            'patience_seconds': patience_seconds,
        }
        popen = subprocess.Popen(
            # Isolated, or what is in this directory would be imported before the path is set.
            [sys.executable, '-I', '-c', _PROGRAM, json.dumps(given)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(*descriptors.values(), far_life.fileno()),
            start_new_session=True,
        )
        ours.pop_all()
    kept = Life(life, popen.pid, lambda: popen.poll() is not None)
    return {path: Host(near, kept) for path, near in nears.items()}

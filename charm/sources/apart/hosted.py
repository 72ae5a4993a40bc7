"""Have callbacks of files be called by hosts."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from ...checks.settling_rule import settle
from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError, DefinitionError, OverrunError
from ...kernel.gather import gather
from ...kernel.hints import Any, Dict, Iterator, List, Sequence, Tuple
from ..callbacks import Callback, Loaded
from . import file_hosts
from .answers import read_answer
from .client import Host, HostedCallback, Life

# An interpreter starts in a fraction of a second, save on a machine that is very busy.
_START_SECONDS = 5.0
# Files that may be read at once, each waited for by a thread.
_MOST_ASKED = 64

_PROGRAM = f"""
import json, sys
given = json.loads(sys.argv[1])
path = given.pop('sys_path')
sys.path[:] = path + [entry for entry in sys.path if entry not in path]
from {file_hosts.__name__} import serve_files
serve_files(**given)
"""


def load(paths: Sequence[Path], deadline: Deadline, patience_seconds: float) -> Loaded:
    """Return the callbacks in the files, and what is wrong with those of no use.

    Each file may take `patience_seconds`, and all of them half of the time until the deadline.
    """
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

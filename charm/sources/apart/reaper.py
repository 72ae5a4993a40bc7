"""End all that a process has started, whatever that did to get away.

Who leaves its group, its session or its parent is still a descendant: a subreaper (prctl(2), Linux
3.4) becomes the parent of all that those below it leave behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

from ...kernel.deadline import Deadline
from ...kernel.hints import Dict, Iterable, Set
from ...kernel.process_stat import below, read_stat

# Of linux/prctl.h.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# Who is stuck in the kernel, or has become another user, is not waited for.
_MOST_SECONDS = 2.0
_PAUSE_SECONDS = 0.002


def adopt_orphans() -> None:
    """Become the parent of all that our descendants leave behind."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, of which it is given the number."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    # Imported here: only those who see to others' code pay for it.
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def kill_all() -> None:
    """Kill all our descendants, again and again until none is left."""
    until = Deadline.after(_MOST_SECONDS)
    while _bury() and not until.passed:
        _kill(_descendants(os.getpid(), set()))
        time.sleep(_PAUSE_SECONDS)


def kill_below(pid: int) -> None:
    """Kill the descendants of a process."""
    _kill(_descendants(pid, set()))


def kill_orphans(own: Set[int]) -> None:
    """Kill our descendants but for our `own` children and theirs; bury those that have ended."""
    _kill(_descendants(os.getpid(), own))
    _bury()


def _bury() -> bool:
    """Bury those of our children that have ended, and return whether there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def ended_of(children: Set[int]) -> Dict[int, int]:
    """Return those of our children that have ended, which are buried, each with its status."""
    ended = {}
    for pid in children:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            found, status = pid, 0
        if found:
            ended[pid] = status
    return ended


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _descendants(ancestor: int, spared: Set[int]) -> Set[int]:
    parents: Dict[int, int] = {}
    for name in os.listdir('/proc'):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parents[int(name)] = int(read_stat(f'/proc/{name}')[1][1])
    return below(parents, ancestor, spared)

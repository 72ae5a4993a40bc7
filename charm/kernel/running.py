"""The commands that run, and how all of them are ended: by who never started one, too."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import time

from .deadline import Deadline
from .hints import Collection, Dict, Mapping, Optional, Set, Tuple
from .kill_stray import begun_ticks, kill_escaped
from .wakeup import Wakeup

# To look for what escaped may block, and who dies is in a hurry; a busy machine looks for long.
_LOOK_SECONDS = 2.0
# How long a start under way is waited for by who ends: then it is known, and can be killed.
_START_SECONDS = 1.0
# Who runs: the leader of each group, the thread that started it, and its mark.
RUNNING: Dict[int, Tuple[threading.Thread, str]] = {}
# The marks of those that are being started, which nobody can kill yet.
STARTING: Set[str] = set()
# Set once none may be started any more.
ENDING = threading.Event()


def end_all() -> None:
    """Kill every command that runs, and start none any more: the last before this program ends."""
    ENDING.set()
    until = Deadline.after(_START_SECONDS)
    while STARTING and not until.passed:
        time.sleep(0.005)
    kill_running()


def kill_running(started_by: Optional[Collection[threading.Thread]] = None) -> None:
    """Kill every command that runs now with all it started; others may be started after.

    With `started_by` only those that these threads started.
    """
    leaders = {
        pid: mark
        for pid, (thread, mark) in list(RUNNING.items())
        if started_by is None or thread in started_by
    }
    if not leaders:
        return
    # Once one is killed its thread may reap it, and nobody could tell any more when it began.
    since_ticks = begun_ticks(leaders)
    for pid in leaders:
        kill_group(pid, signal.SIGKILL)
    with contextlib.suppress(RuntimeError, OSError):
        looked = Wakeup()
        # Not threading.Thread: we may be in a signal handler, and hold its locks already.
        _thread.start_new_thread(_look, (leaders, since_ticks, looked))
        looked.wait(_LOOK_SECONDS)


def _look(leaders: Mapping[int, str], since_ticks: Optional[int], looked: Wakeup) -> None:
    kill_escaped(leaders, since_ticks, together=False)
    looked.ring()


def kill_group(pid: int, number: int) -> None:
    """Send a signal to a process group that may be gone, or not ours to end."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)

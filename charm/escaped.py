"""End what a command started and what then left its process group, as `setsid` does.

A signal to the group does not reach such a process, and once its parent is gone nothing in the
process table says whose it was. So every command is started with a mark of its own in its
environment, which all that it starts inherit. Who clears the environment, as sudo(8) does, is not
found; a command of another of our runs, or of anybody else, never carries the mark.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Dict, Iterator, Mapping, Optional, Set, Tuple

MARK = 'JUJU_HEALTH_RUN'
# Who forks as fast as we look is caught up with in a few rounds, or never.
_MOST_ROUNDS = 30
# While a process becomes another program it has no environment, and so no mark.
_QUIET_ROUNDS = 3
_PAUSE_SECONDS = 0.01


def new_mark() -> str:
    """Return a mark that no other command has."""
    return os.urandom(8).hex()


def marked(env: Optional[Mapping[str, str]], mark: str) -> Dict[str, str]:
    """Return the environment, ours if it is `None`, with the mark after those that we carry."""
    marks = f'{os.environ.get(MARK, "")} {mark}'.strip()
    return {**(os.environ if env is None else env), MARK: marks}


def kill_escaped(leaders: Mapping[int, str]) -> None:
    """Kill all that carries one of the marks and is not of its leader's process group.

    `leaders` has the marks by the pids of the commands, none of which may have been reaped. Only
    what began after the first of them is looked into: to read the environment of a process that is
    stuck in the kernel may block.
    """
    begun = [stat[1] for stat in map(_stat, leaders) if stat is not None]
    if not begun:
        return
    killed: Set[int] = set()
    quiet = 0
    for _round in range(_MOST_ROUNDS):
        found = set(_find(leaders, min(begun))) - killed
        quiet = 0 if found else quiet + 1
        if quiet == _QUIET_ROUNDS:
            return
        if quiet:
            time.sleep(_PAUSE_SECONDS)
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= found


def _find(leaders: Mapping[int, str], since_ticks: int) -> Iterator[int]:
    marks = {mark.encode() for mark in leaders.values()}
    try:
        names = os.listdir('/proc')
    except OSError:
        # Too many open files: the group at least has had its signal.
        return
    for name in names:
        stat = _stat(int(name)) if name.isdecimal() else None
        if stat is None or stat[1] < since_ticks or stat[0] in leaders:
            continue
        if int(name) != os.getpid() and marks & set(_marks(int(name))):
            yield int(name)


def _stat(pid: int) -> Optional[Tuple[int, int]]:
    """Return the process group and the start, in ticks since boot; `None` if it is gone."""
    try:
        with open(f'/proc/{pid}/stat', 'rb') as file:
            fields = file.read().rpartition(b')')[2].split()
        return int(fields[2]), int(fields[19])
    except (OSError, IndexError):
        return None


def _marks(pid: int) -> Iterator[bytes]:
    """Yield the marks that a process carries: none if it is gone, or not ours to look into."""
    with contextlib.suppress(OSError), open(f'/proc/{pid}/environ', 'rb') as file:
        for variable in file.read().split(b'\0'):
            name, _sign, value = variable.partition(b'=')
            if name == MARK.encode():
                yield from value.split()

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
import sys
import threading
import time

from .deadline import Deadline
from .facts import dataclass
from .hints import Dict, Iterable, Mapping, Optional, Set
from .process_stat import read_stat

MARK = 'JUJU_HEALTH_RUN'
# Who forks as fast as we look is caught up with in a few rounds, or never.
_MOST_ROUNDS = 30
_QUIET_ROUNDS = 3
_PAUSE_SECONDS = 0.01
# How long one waits for another's look before it looks by itself.
_PATIENCE_SECONDS = 2.0
# A flag of proc(5)'s stat: a thread of the kernel, which has no environment (PF_KTHREAD).
_KERNEL_THREAD = 0x00200000


def new_mark() -> str:
    """Return a mark that no other command has."""
    return os.urandom(8).hex()


def marked(env: Optional[Mapping[str, str]], mark: str) -> Dict[str, str]:
    """Return the environment, ours if it is `None`, with the mark after those that we carry."""
    marks = f'{os.environ.get(MARK, "")} {mark}'.strip()
    return {**(os.environ if env is None else env), MARK: marks}


def begun_ticks(leaders: Iterable[int]) -> Optional[int]:
    """Return when the first of some processes began, in ticks since boot; `None` without any."""
    return min(
        (stat.start_ticks for stat in map(_stat, leaders) if stat is not None), default=None
    )


def kill_escaped(
    leaders: Mapping[int, str], since_ticks: Optional[int], together: bool = True
) -> None:
    """Kill all that carries one of the marks and is not of its leader's process group.

    `leaders` has the marks by the pids of the commands, `since_ticks` is their `begun_ticks` from
    before anybody could reap them. Only what began after is looked into, as to read the
    environment of a process that is stuck in the kernel may block. Threads that end commands at
    the same time look together, as a look costs the more the busier the machine is; who cannot
    wait for the look before his does not.
    """
    if since_ticks is not None:
        (_TOGETHER.kill if together else _kill_carriers)(leaders, since_ticks)


class _Hunt:
    """Who is looked for in one go; `over` once that is done."""

    def __init__(self) -> None:
        self.leaders: Dict[int, str] = {}
        self.since_ticks = sys.maxsize
        self.over = False


class _Together:
    """Hunts of several threads, joined: what comes in while one is under way is the next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hunting = threading.Lock()
        self._next = _Hunt()

    def kill(self, leaders: Mapping[int, str], since_ticks: int) -> None:
        with self._lock:
            own = self._next
            own.leaders.update(leaders)
            own.since_ticks = min(own.since_ticks, since_ticks)
        # The one before may be blocked.
        until = Deadline.after(_PATIENCE_SECONDS)
        while not self._hunting.acquire(blocking=False):
            if own.over:
                return
            if until.passed:
                _kill_carriers(leaders, since_ticks)
                return
            time.sleep(_PAUSE_SECONDS)
        try:
            if own.over:
                return
            with self._lock:
                self._next = _Hunt()
            _kill_carriers(own.leaders, own.since_ticks)
            own.over = True
        finally:
            self._hunting.release()


_TOGETHER = _Together()


def _kill_carriers(leaders: Mapping[int, str], since_ticks: int) -> None:
    killed: Set[int] = set()
    quiet = 0
    for _round in range(_MOST_ROUNDS):
        look = _look(leaders, since_ticks)
        found = look.carriers - killed
        quiet = quiet + 1 if look.certain and not found else 0
        if quiet == _QUIET_ROUNDS:
            return
        if not found:
            time.sleep(_PAUSE_SECONDS)
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= found


@dataclass(frozen=True)
class _Look:
    """The carriers of a mark, and whether nobody can have been missed.

    Who ended between the listing and our look at it may have a successor that was not listed, and
    who is just becoming another program has no environment, and so no mark. On a busy machine
    either lasts for longer than several looks take.
    """

    carriers: Set[int]
    certain: bool


@dataclass(frozen=True)
class _Stat:
    """A line of proc(5)'s stat: `start_ticks` since boot; `bare` is who is without environment."""

    group: int
    start_ticks: int
    bare: bool


def _look(leaders: Mapping[int, str], since_ticks: int) -> _Look:
    marks = {mark.encode() for mark in leaders.values()}
    carriers = set()
    certain = True
    try:
        pids = [int(name) for name in os.listdir('/proc') if name.isdecimal()]
    except OSError:
        # Too many open files: the group at least has had its signal.
        return _Look(set(), True)
    for pid in pids:
        stat = _stat(pid)
        if stat is None:
            certain = False
        elif pid == os.getpid() or stat.start_ticks < since_ticks or stat.group in leaders:
            continue
        else:
            found = _marks(pid)
            if found is None:
                certain = False
            elif marks & found:
                carriers.add(pid)
    return _Look(carriers, certain)


def _stat(pid: int) -> Optional[_Stat]:
    """Return `None` if it is gone."""
    try:
        _name, fields = read_stat(f'/proc/{pid}')
        ended = fields[0] in (b'Z', b'X')
        kernels = int(fields[6]) & _KERNEL_THREAD != 0
        env_start, env_end = int(fields[47]), int(fields[48])
        bare = ended or kernels or 0 < env_start == env_end
        return _Stat(int(fields[2]), int(fields[19]), bare)
    except (OSError, IndexError):
        return None


def _marks(pid: int) -> Optional[Set[bytes]]:
    """Return the marks that a process carries; `None` if that cannot be told now.

    Who is not ours to look into, as sudo(8)'s, is taken to carry none.
    """
    try:
        with open(f'/proc/{pid}/environ', 'rb') as file:
            environment = file.read()
    except PermissionError:
        return set()
    except OSError:
        environment = b''
    if not environment:
        # It ended (younger kernels refuse it then), or becomes another program, or never had one.
        stat = _stat(pid)
        return set() if stat is not None and stat.bare else None
    found = set()
    for variable in environment.split(b'\0'):
        name, _sign, value = variable.partition(b'=')
        if name == MARK.encode():
            found.update(value.split())
    return found

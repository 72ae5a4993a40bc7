"""The door to running commands: bounded in time and in output, leaving nothing behind.

A command runs in a session of its own, so that a timeout ends its whole process group. Its output
is drained to the end but kept only up to a cap, so that neither a flood nor a full pipe holds us,
and a pipe that a grandchild keeps open after the command has ended is waited on only for a grace.
What has left the group by then is found by a mark in its environment.
"""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import subprocess
import threading
import time

from .deadline import Deadline
from .drain import Drain
from .errors import CommandError
from .facts import dataclass
from .hints import Callable, Mapping, Optional, Sequence
from .kill_stray import begun_ticks, kill_escaped, marked, new_mark
from .running import ENDING, RUNNING, STARTING, kill_group

OUTPUT_CAP_BYTES = 1024 * 1024
GRACE_SECONDS = 0.5
_OBEY_SECONDS = 2.0
# How often it is asked whether a command is still wanted.
ASK_SECONDS = 1.0
# Tells of what came on stdout so far, up to the cap, whether nothing more is worth waiting for.
Enough = Callable[[bytes], bool]


@dataclass(frozen=True)
class Completed:
    """The end of a command, and its output.

    Attributes:
        exit_code: what it exited with, or minus the signal's number.
        stdout, stderr: the first bytes of each, up to the cap.
        stdout_bytes, stderr_bytes: how many bytes it wrote in all while it was drained.
        timed_out: it was ended by us because its deadline passed.
        stopped: it was ended by us because `run`'s caller wanted it to be.
        enough: it was ended by us because all that was wanted of it had come.
        spoke_seconds: how long it ran on since it first wrote to stdout; `None` if it never did.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    timed_out: bool = False
    stopped: bool = False
    enough: bool = False
    spoke_seconds: Optional[float] = None

    @property
    def truncated(self) -> bool:
        """Return whether some of stdout was dropped at the cap."""
        return self.stdout_bytes > len(self.stdout)


def _source(content: bytes) -> int:
    """Return a descriptor to read the content from: memory without a name, never a full pipe."""
    if not content:
        return subprocess.DEVNULL
    descriptor = os.memfd_create('stdin')
    with os.fdopen(descriptor, 'wb', closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def run(
    argv: Sequence[str],
    deadline: Deadline,
    *,
    env: Optional[Mapping[str, str]] = None,
    cwd: str = '/',
    cap_bytes: int = OUTPUT_CAP_BYTES,
    stdin: bytes = b'',
    unwanted: Callable[[int], bool] = lambda leader: False,
    enough: Optional[Enough] = None,
) -> Completed:
    """Run `argv` (no shell) and return how it ended; it reads `stdin` and then its end.

    A command that overruns gets SIGTERM, then SIGKILL, to its whole group, as does what has left
    that, and comes back with `timed_out` and whatever it wrote. So does one that is `unwanted`,
    with `stopped`, or whose stdout so far is `enough`, with that: both are asked every second, the
    first of the process that leads the command's session.

    Raises:
        CommandError: it cannot be started.
    """
    mark = new_mark()
    STARTING.add(mark)
    try:
        if ENDING.is_set():
            raise CommandError(f'cannot run {argv[0]}: this program ends')
        process = _start(argv, marked(env, mark), cwd, stdin)
        RUNNING[process.pid] = threading.current_thread(), mark
    finally:
        STARTING.discard(mark)
    try:
        with contextlib.closing(Drain(process, cap_bytes)) as drain:
            end = _await(process.pid, drain, deadline, unwanted, enough)
            if end is not _End.EXITED:
                since_ticks = begun_ticks([process.pid])
                _end(process.pid, drain)
                kill_escaped({process.pid: mark}, since_ticks)
            grace = Deadline.after(GRACE_SECONDS)
            while drain.open and not grace.passed:
                drain.read(grace.remaining_seconds)
            return Completed(
                _reap(process),
                drain.stdout.content,
                drain.stderr.content,
                drain.stdout.size,
                drain.stderr.size,
                end is _End.TIMED_OUT,
                end is _End.STOPPED,
                end is _End.ENOUGH,
                drain.stdout.since_first_seconds,
            )
    finally:
        if process.returncode is None:
            _reap(process)
        RUNNING.pop(process.pid, None)
        for stream in filter(None, (process.stdout, process.stderr)):
            stream.close()


def _start(
    argv: Sequence[str], env: Mapping[str, str], cwd: str, stdin: bytes
) -> subprocess.Popen[bytes]:
    source = _source(stdin)
    try:
        return subprocess.Popen(
            list(argv),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        # Of anything but the command itself, such as `cwd`, the error has to name the path.
        own = getattr(error, 'filename', None) == argv[0]
        reason = getattr(error, 'strerror', error) if own else error
        raise CommandError(f'cannot run {argv[0]}: {reason}') from error
    finally:
        if source >= 0:
            os.close(source)


def _exited(pid: int) -> bool:
    """Return whether the process has exited, leaving it to be reaped.

    While the leader is not reaped its number cannot be given to another process, so a signal to
    its group always reaches the group that we started.
    """
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


class _End(enum.Enum):
    """Why nobody waits for a command any more."""

    EXITED = enum.auto()
    TIMED_OUT = enum.auto()
    STOPPED = enum.auto()
    ENOUGH = enum.auto()


def _await(
    pid: int,
    drain: Drain,
    deadline: Deadline,
    unwanted: Callable[[int], bool],
    enough: Optional[Enough],
) -> _End:
    while not deadline.passed:
        if _drain_until_exit(pid, drain, deadline.within(ASK_SECONDS)):
            return _End.EXITED
        if unwanted(pid):
            return _End.STOPPED
        if enough and enough(drain.stdout.content):
            return _End.ENOUGH
    return _End.TIMED_OUT


def _drain_until_exit(pid: int, drain: Drain, deadline: Deadline) -> bool:
    """Read until the process has exited; return `False` if the deadline came first."""
    pause_seconds = 0.001
    while not _exited(pid):
        if deadline.passed:
            return False
        if drain.open:
            drain.read(min(deadline.remaining_seconds, 0.05))
        else:
            time.sleep(min(deadline.remaining_seconds, pause_seconds))
            pause_seconds = min(pause_seconds * 2, 0.05)
    return True


def _end(pid: int, drain: Drain) -> None:
    """End the whole group: SIGTERM, a short while to obey, then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        kill_group(pid, number)
        if _drain_until_exit(pid, drain, Deadline.after(_OBEY_SECONDS)):
            return


def _reap(process: subprocess.Popen[bytes]) -> int:
    """Kill what is left of the group, reap its leader and return the leader's exit code.

    A setuid plugin may refuse our signals (`EPERM`); such a one is not waited on.
    """
    kill_group(process.pid, signal.SIGKILL)
    try:
        return process.wait(_OBEY_SECONDS)
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL

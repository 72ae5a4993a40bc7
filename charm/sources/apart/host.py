"""A host of callbacks: a process of one thread that runs each of them in a process of its own.

Whatever an author's function does (it loops in C, holds the interpreter's lock, prints, changes
directory, ends its process), it does not do it to whoever has to answer. `hosted.py` is the near
side. A request is one packet on the host's control socket, with a descriptor to answer on. There
the run writes its answer, one line of JSON, and after it the host another: how the run ended, and
what it printed. Who shuts down or closes its end of that wants no answer any more: the run is
killed, with all it started. When the control socket ends, so does the host, with all its runs.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NoReturn, Optional, Sequence, Tuple

from ...checks.child_process import describe_exit
from ...kernel.deadline import Deadline
from ...kernel.errors import said_of
from ...kernel.kill_stray import MARK, begun_ticks, kill_escaped, marked, new_mark
from ...kernel.merge_checks import read_subset
from ...kernel.report_json import check_to_json
from ..callbacks import Callback
from .printed import Printed

_MOST_REQUEST_BYTES = 65536
_PAUSE_SECONDS = 0.002
# Who has answered needs no longer to end.
_END_SECONDS = 0.1
# What would end us, were the control socket not to tell.
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class _Run:
    """One run.

    Attributes:
        pid: of the process that leads its session.
        mark: what its commands carry in their environment.
        channel: where it answers; `None` once nobody wants an answer.
        printed: what it prints.
    """

    pid: int
    mark: str
    channel: Optional[socket.socket]
    printed: Printed

    def tell(self, ended: str) -> None:
        """Say how it ended, and what it printed until now, to who waits for that; then no more.

        It begins a line of its own, whatever the run itself has written of one.
        """
        self.printed.drain()
        self.printed.close_near()
        if self.channel is None:
            return
        told = {'ended': ended, 'printed': self.printed.text}
        with self.channel, contextlib.suppress(OSError):
            # It waits only where the answer itself has left no room, and nobody reads it.
            self.channel.settimeout(_END_SECONDS)
            try:
                self.channel.sendall(f'\n{json.dumps(told)}\n'.encode())
            finally:
                # Whatever it started may still have the descriptor: this ends it for all of them.
                self.channel.shutdown(socket.SHUT_RDWR)
        self.channel = None


def serve(
    control: socket.socket, callbacks: Sequence[Callback], about: Optional[Any] = None
) -> NoReturn:
    """Be a host until the control socket ends; `about` answers who asks for no callback."""
    host = _Host(control, callbacks, about)
    try:
        host.serve()
    except Exception as error:  # noqa: BLE001 - the end of this process, which nobody else tells
        print(f'callbacks: {said_of(error)}', file=sys.stderr)
    finally:
        host.end()
        flush()
        os._exit(0)


class _Host:
    """One host; a request is `{"run": INDEX, "service": NAME, "name": CHECK}`, or `{}`."""

    def __init__(
        self, control: socket.socket, callbacks: Sequence[Callback], about: Optional[Any]
    ) -> None:
        self._control = control
        self._callbacks = callbacks
        self._about = about
        self._runs: Dict[int, _Run] = {}
        self._hunters: List[int] = []
        self._bell, self._ringer = socket.socketpair()
        for end in (self._bell, self._ringer):
            end.setblocking(False)

    def serve(self) -> None:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        while True:
            poll = select.poll()
            poll.register(self._control, select.POLLIN)
            poll.register(self._bell, select.POLLIN)
            for run in self._runs.values():
                if run.channel is not None:
                    poll.register(run.channel, select.POLLRDHUP)
                if run.printed.near >= 0:
                    poll.register(run.printed.near, select.POLLIN)
            ready = {descriptor for descriptor, _event in poll.poll()}
            for run in self._runs.values():
                if run.printed.near in ready:
                    run.printed.drain()
                if run.channel is not None and run.channel.fileno() in ready:
                    self._kill(run)
            self._bury()
            if self._control.fileno() in ready and not self._take():
                return

    def end(self) -> None:
        """Kill all runs."""
        for run in self._runs.values():
            self._kill(run)

    def _take(self) -> bool:
        """Take one request, and return whether there may be more."""
        passed = array.array('i')
        packet, ancillary, _flags, _where = self._control.recvmsg(
            _MOST_REQUEST_BYTES, socket.CMSG_SPACE(passed.itemsize)
        )
        if not packet:
            return False
        passed.frombytes(ancillary[0][2])
        channel = socket.socket(fileno=passed[0])
        request = json.loads(packet)
        if 'run' in request:
            self._begin(request, channel)
        else:
            with channel:
                _send(channel, self._about)
        return True

    def _begin(self, request: Mapping[str, Any], channel: socket.socket) -> None:
        mark = new_mark()
        try:
            pid, printed = _fork()
        except OSError as error:
            with channel:
                _send(channel, {'error': f'it could not be begun: {error.strerror}'})
            return
        run = _Run(pid, mark, channel, printed)
        if pid == 0:
            try:
                self._be_run(request, run)
            finally:
                os._exit(1)
        printed.close_far()
        self._runs[pid] = run

    def _be_run(self, request: Mapping[str, Any], run: _Run) -> NoReturn:
        """Call the callback, answer, and end: we are its process."""
        os.setsid()
        self._be_nobody()
        run.printed.wear()
        os.environ[MARK] = marked(None, run.mark)[MARK]
        callback = self._callbacks[request['run']]
        try:
            results = read_subset(callback(request['service']), request['name'])
            answer: Any = {'results': [check_to_json(result) for result in results]}
        except BaseException as error:  # noqa: BLE001 - the boundary: a callback costs only itself
            answer = {'error': said_of(error)}
        flush()
        if run.channel is not None:
            _send(run.channel, answer)
        os._exit(0)

    def _be_nobody(self) -> None:
        """Let go of what is a host's: this process is a copy of one, for another purpose."""
        signal.set_wakeup_fd(-1)
        for number in (*ENDING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for end in (self._control, self._bell, self._ringer):
            end.close()
        for run in self._runs.values():
            run.printed.close_near()
            if run.channel is not None:
                run.channel.close()

    def _bury(self) -> None:
        """See to what has ended."""
        with contextlib.suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass
        self._hunters = [pid for pid in self._hunters if not os.waitpid(pid, os.WNOHANG)[0]]
        for run in list(self._runs.values()):
            if os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                self._reap(run)

    def _reap(self, run: _Run) -> None:
        """End what is left of a run's session, and say how it ended."""
        _kill_session(run.pid)
        _pid, status = os.waitpid(run.pid, 0)
        del self._runs[run.pid]
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        run.tell(describe_exit(code))

    def _kill(self, run: _Run) -> None:
        """Kill a run that nobody waits for any more, unless it has answered and is at its end."""
        run.tell('did not end')
        soon = Deadline.after(_END_SECONDS)
        while not soon.passed:
            if os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return
            time.sleep(_PAUSE_SECONDS)
        since_ticks = begun_ticks([run.pid])
        _kill_session(run.pid)
        # To look for what escaped may block, and others wait for us.
        pid = os.fork()
        if pid == 0:
            try:
                self._be_nobody()
                kill_escaped({run.pid: run.mark}, since_ticks)
            finally:
                os._exit(0)
        self._hunters.append(pid)


def _fork() -> Tuple[int, Printed]:
    printed = Printed()
    try:
        return os.fork(), printed
    except OSError:
        printed.close_near()
        printed.close_far()
        raise


def _kill_session(pid: int) -> None:
    for kill in (os.kill, os.killpg):
        # It may not have begun its session, or have ended.
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)


def _send(channel: socket.socket, answer: Any) -> None:
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(answer).encode() + b'\n')


def flush() -> None:
    """Write what was printed: who ends as our processes do leaves it in its buffers."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def own_streams() -> None:
    """Have what is printed go to stderr, and nothing be read: stdout is the report's.

    Lines go there at once: who is killed leaves nothing in buffers.
    """
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        # A launcher may have put what it likes there.
        with contextlib.suppress(Exception):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]

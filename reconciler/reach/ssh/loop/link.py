"""Connections by which commands are run, all of them served by one event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import socket
from math import inf
from typing import Any

import asyncssh

from charm.kernel.command import ASK_SECONDS, Completed
from charm.kernel.deadline import Deadline

from ...base import RemoteCommand
from ..alarms import ALARMS
from ..client import GRACE_SECONDS, NotStartedError
from ..dial import CommandSocket
from ..far_end import SshTarget, broken, silent
from ..kept_output import KeptOutput, Patience
from .connection import Connection, connect
from .event_loop import LOOP
from .offers import key_order

# A loop that has not come round by then never will.
_LATE_SECONDS = 10.0


class LoopClient:
    """Makes connections with asyncssh."""

    def __init__(self) -> None:
        self._order = key_order()

    def connect(self, far: SshTarget, deadline: Deadline) -> LoopLink:
        """Make one, as `SshClient` says."""
        made = LOOP.begin(connect(far, self._order, deadline))
        try:
            with ALARMS.over(deadline, made.cancel):
                return LoopLink(made.result(deadline.remaining_seconds + _LATE_SECONDS), far.sock)
        except BaseException as error:
            made.cancel()
            far.sock.close()
            # Of the two errors that are called so, what is asked from another thread raises this.
            if isinstance(
                error, (concurrent.futures.TimeoutError, concurrent.futures.CancelledError)
            ):
                raise silent() from error
            raise


class LoopLink:
    """A connection that is logged in, as `SshLink` says."""

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        self._connection = connection
        self._sock = sock

    @property
    def alive(self) -> bool:
        """Return whether it is up, as far as is known without asking."""
        return not self._connection.is_closed()

    def run(self, command: RemoteCommand, deadline: Deadline, open_seconds: float) -> Completed:
        """Run a command, as `SshLink` says."""
        running = _Running(self._connection, command)
        with ALARMS.over(deadline, lambda: LOOP.soon(running.wake)):
            return self._run(running, command, deadline, open_seconds)

    def _run(
        self, running: _Running, command: RemoteCommand, deadline: Deadline, open_seconds: float
    ) -> Completed:
        done = LOOP.begin(running.run(deadline, open_seconds))
        until = Deadline.after(deadline.remaining_seconds + GRACE_SECONDS + _LATE_SECONDS)
        asks = command.enough
        try:
            while not _is_over(done, min(until.remaining_seconds, ASK_SECONDS if asks else inf)):
                if until.passed:
                    self.close()
                    return running.late()
                # Here, so that no other connection waits for what it takes to see that.
                if asks is not None and asks(running.kept.stdout):
                    LOOP.soon(running.end)
                    asks = None
            return done.result()
        finally:
            done.cancel()

    def close(self) -> None:
        """End the connection; nothing happens the second time."""
        LOOP.soon(self._connection.abort)
        if isinstance(self._sock, CommandSocket):
            self._sock.close()


def _is_over(work: concurrent.futures.Future[Any], seconds: float) -> bool:
    return bool(concurrent.futures.wait([work], seconds).done)


class _Running(asyncssh.SSHClientSession[bytes]):
    """One command, as it runs over there; all but `kept` is the loop's alone."""

    def __init__(self, connection: Connection, command: RemoteCommand) -> None:
        self._connection = connection
        self._command = command
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._exit_code: int | None = None
        self._closed = self._at_end = False
        self._changed = asyncio.Event()
        self.kept = KeptOutput(command)

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Take note that there is a channel; what is to be run has not been said yet."""
        self._channel = chan
        self._changed.set()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Keep what the command wrote."""
        self.kept.keep(0 if datatype is None else 1, data)

    def eof_received(self) -> bool:
        """Leave the channel open for the exit code."""
        self._at_end = True
        self._changed.set()
        return True

    def exit_status_received(self, status: int) -> None:
        """Take note of the exit code."""
        self._exit_code = status
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the channel's end: nothing comes any more."""
        self._closed = True
        self._changed.set()

    def end(self) -> None:
        """End it: what came is enough."""
        self.kept.enough = True
        self._changed.set()

    def wake(self) -> None:
        """Look whether the deadline has passed."""
        self._changed.set()

    def late(self) -> Completed:
        """Return what came of a command that the loop itself is too late for."""
        self.kept.timed_out = True
        return self.kept.completed(255)

    async def run(self, deadline: Deadline, open_seconds: float) -> Completed:
        """Run it, and wait for its end.

        Raises:
            NotStartedError, ReachError: see `SshLink.run`.
        """
        opening = asyncio.ensure_future(
            self._connection.create_session(lambda: self, self._command.line, encoding=None)
        )
        opening.add_done_callback(lambda done: self._changed.set())
        try:
            await self._opened(opening, deadline.within(open_seconds))
            if await self._started(opening, deadline):
                await self._drain(deadline)
        finally:
            opening.cancel()
            if self._channel is not None:
                self._channel.abort()
        if self._exit_code is not None:
            return self.kept.completed(self._exit_code)
        # Either way ssh itself would exit with 255.
        if not (self.kept.enough or deadline.passed):
            reason = 'the connection ended, or a signal ended the far command'
            raise broken(reason, self.kept.completed(255))
        return self.kept.completed(255)

    async def _opened(self, opening: asyncio.Task[Any], until: Deadline) -> None:
        while self._channel is None and not opening.done() and not until.passed:
            await self._change(until)
        if self._channel is not None:
            return
        if not opening.done():
            raise NotStartedError('no channel in time')
        error = opening.exception()
        said = str(error) or 'the connection ended'
        if isinstance(error, asyncssh.ChannelOpenError) and not self._connection.is_closed():
            # It lives, but wants no more commands at once (sshd's MaxSessions).
            raise broken(f'{said} (too many at once?)') from error
        raise NotStartedError(said) from error

    async def _started(self, opening: asyncio.Task[Any], deadline: Deadline) -> bool:
        """Return whether it was started, and give it its stdin."""
        while not (opening.done() or self._closed or deadline.passed):
            await self._change(deadline)
        if not opening.done():
            self.kept.timed_out = not self._closed
            return False
        error = opening.exception()
        if error is not None:
            raise broken(str(error), self.kept.completed(255)) from error
        # One that ends without reading is no fault; what it said counts.
        with contextlib.suppress(OSError):
            if self._channel is not None:
                if self._command.stdin:
                    self._channel.write(self._command.stdin)
                self._channel.write_eof()
        return True

    async def _drain(self, deadline: Deadline) -> None:
        """Wait until the far side has closed, or has exited and a grace is over, or is enough."""
        patience = Patience(self.kept, deadline)
        while not (self._closed or self.kept.enough or (patience.exited and self._at_end)):
            if self._exit_code is not None and not patience.exited:
                patience.exit()
                continue
            if patience.until.passed:
                patience.look()
                if patience.until.passed:
                    break
            await self._change(patience.until)
        self.kept.timed_out = not (self._closed or self.kept.enough or patience.exited)

    async def _change(self, until: Deadline) -> None:
        """Wait for the next change, until then at most."""
        self._changed.clear()
        alarm = asyncio.get_running_loop().call_later(until.remaining_seconds, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            alarm.cancel()

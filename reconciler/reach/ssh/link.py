"""One ssh connection made with paramiko: connect, run, close.

paramiko's timeouts are for inactivity, it keeps all output, and some of its waits have no end at
all. So the deadline over every read, the cap on what is kept, and a timer that ends a connection
which is still being waited on, are ours.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket

import paramiko

from charm.kernel.command import ASK_SECONDS, Completed
from charm.kernel.deadline import Deadline

from ..base import ReachError, RemoteCommand
from .alarms import ALARMS
from .client import NotStartedError
from .dial import KEEPALIVE_SECONDS
from .far_end import SshTarget, as_told, broken
from .handshake import banner_of, make_transport, shake_hands
from .identities import Keyring
from .kept_output import CHUNK_BYTES, KeptOutput, Patience

# A connection's trouble travels as an exception; without this it would be on stderr as well.
logging.getLogger('paramiko').addHandler(logging.NullHandler())


class ParamikoClient:
    """Makes connections with paramiko."""

    def __init__(self) -> None:
        self._keyring = Keyring()

    def connect(self, far: SshTarget, deadline: Deadline) -> SshConnection:
        """Make one, as `SshClient` says."""
        return SshConnection.connect(far, self._keyring, deadline)


class SshConnection:
    """A connection that is logged in; it takes several commands, one after or beside another."""

    def __init__(self, transport: paramiko.Transport, sock: socket.socket) -> None:
        self._transport = transport
        self._sock = sock

    @classmethod
    def connect(cls, far: SshTarget, keyring: Keyring, deadline: Deadline) -> SshConnection:
        """Agree on keys, verify the host's, and log in.

        Raises:
            ReachError: it shows another host key, refuses ours, or is not there by the deadline.
        """
        transport = make_transport(far)
        link = cls(transport, far.sock)
        try:
            with ALARMS.over(deadline, link.close):
                shake_hands(transport, far, deadline)
                keyring.log_in(transport, far.login, far.refused, deadline)
        except ReachError as error:
            link.close()
            raise as_told(error, banner_of(transport)) from error
        except BaseException:
            link.close()
            raise
        transport.set_keepalive(KEEPALIVE_SECONDS)
        return link

    @property
    def alive(self) -> bool:
        """Return whether it is up, as far as is known without asking."""
        return self._transport.is_active()

    def run(self, command: RemoteCommand, deadline: Deadline, open_seconds: float) -> Completed:
        """Run a command; it is `timed_out` if it did not end by the deadline.

        Raises:
            NotStartedError: no channel within `open_seconds`, or by the deadline.
            ReachError: the connection ended meanwhile, or has as many commands as it may.
        """
        until = deadline.within(open_seconds)
        try:
            channel = self._transport.open_session(timeout=max(0.1, until.remaining_seconds))
        except paramiko.ChannelException as error:
            # It lives, but wants no more commands at once (sshd's MaxSessions).
            raise broken(f'{error.text} (too many at once?)') from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise NotStartedError(str(error) or 'the connection ended') from error
        output = _Output(channel, command)
        # Some waits have no other end.
        with ALARMS.over(deadline, self.close):
            try:
                channel.exec_command(command.line)
                # One that ends without reading is no fault; what it said is read below.
                with contextlib.suppress(OSError):
                    channel.sendall(command.stdin)
                channel.shutdown_write()
                output.drain(deadline)
            except (paramiko.SSHException, EOFError, OSError) as error:
                if not deadline.passed:
                    raise broken(str(error), output.kept.completed(255)) from error
            finally:
                channel.close()
        if not (output.exited or output.kept.enough or deadline.passed):
            # Either way ssh itself would exit with 255.
            reason = 'the connection ended, or a signal ended the far command'
            raise broken(reason, output.kept.completed(255))
        return output.kept.completed(channel.exit_status if output.exited else 255)

    def close(self) -> None:
        """End the connection; nothing happens the second time."""
        # First this, so that paramiko's thread ends by itself instead of being waited for.
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._transport.close()
        self._sock.close()


class _Output:
    """Both streams of one command, read as they fill."""

    def __init__(self, channel: paramiko.Channel, command: RemoteCommand) -> None:
        self._channel = channel
        self._is_enough = command.enough
        self._asks = Deadline.after(ASK_SECONDS)
        self.kept = KeptOutput(command)

    @property
    def exited(self) -> bool:
        """Return whether the command has exited with a code."""
        return self._channel.exit_status_ready() and self._channel.exit_status >= 0

    def drain(self, deadline: Deadline) -> None:
        """Read until the far side has closed, or has exited and a grace is over, or is enough."""
        patience = Patience(self.kept, deadline)
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel.fileno(), selectors.EVENT_READ)
            while not patience.until.passed:
                remaining = patience.until.remaining_seconds
                # At the end of file the descriptor stays readable: then the event is awaited.
                if self._channel.eof_received:
                    self._channel.status_event.wait(min(remaining, ASK_SECONDS))
                else:
                    selector.select(min(remaining, 0.05 if patience.exited else 0.5))
                # Looked at before what is there is read: what comes in between would be lost.
                over = self._channel.closed or (patience.exited and self._channel.eof_received)
                self._read(patience.until)
                if over or (not patience.exited and self._has_enough()):
                    return
                if self.exited and not patience.exited:
                    patience.exit()
                else:
                    patience.look()
        self.kept.timed_out = not patience.exited

    def _has_enough(self) -> bool:
        if self._is_enough is not None and self._asks.passed:
            self._asks = Deadline.after(ASK_SECONDS)
            self.kept.enough = self._is_enough(self.kept.stdout)
        return self.kept.enough

    def _read(self, until: Deadline) -> None:
        channel = self._channel
        while channel.recv_ready() and not until.passed:
            self.kept.keep(0, channel.recv(CHUNK_BYTES))
        while channel.recv_stderr_ready() and not until.passed:
            self.kept.keep(1, channel.recv_stderr(CHUNK_BYTES))

"""What speaks ssh for us: it makes connections on which commands are run.

There are two, and one contract for both: paramiko is always there, and asyncssh where it is
installed serves all connections by one thread.
"""

from __future__ import annotations

from typing import Protocol

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline

from ..base import RemoteCommand
from .far_end import SshTarget

# What the far side's leftovers may hold its output open for, once the command has exited.
GRACE_SECONDS = 0.5


class NotStartedError(Exception):
    """The connection is dead, and the command has certainly not been started."""


class SshLink(Protocol):
    """A connection that is logged in; it takes several commands, one after or beside another."""

    @property
    def alive(self) -> bool:
        """Return whether it is up, as far as is known without asking."""
        ...

    def run(self, command: RemoteCommand, deadline: Deadline, open_seconds: float) -> Completed:
        """Run a command; it is `timed_out` if it did not end by the deadline.

        Raises:
            NotStartedError: no channel within `open_seconds`, or by the deadline.
            ReachError: the connection ended meanwhile, or has as many commands as it may.
        """
        ...

    def close(self) -> None:
        """End the connection; nothing happens the second time."""
        ...


class SshClient(Protocol):
    """Who makes connections; it knows the user's keys, and which was accepted last."""

    def connect(self, far: SshTarget, deadline: Deadline) -> SshLink:
        """Agree on keys, verify the host's, and log in.

        Raises:
            ReachError: it shows another host key, refuses ours, or is not there by the deadline.
        """
        ...

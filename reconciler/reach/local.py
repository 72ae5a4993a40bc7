"""The reach to this machine: no network, no Juju."""

from __future__ import annotations

from dataclasses import dataclass

from charm.kernel import command as door
from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.values.readings import Outcome

from .base import ReachError, RemoteCommand


@dataclass(frozen=True)
class LocalReach:
    """A reach that is a shell here, whatever the target's name."""

    name: str = 'local'

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        """Run the command under `sh -c`.

        Raises:
            ReachError: it did not end by the deadline.
        """
        completed = door.run(
            ['sh', '-c', command.line],
            deadline,
            cap_bytes=command.cap_bytes,
            stdin=command.stdin,
            enough=command.enough,
        )
        if completed.timed_out:
            raise ReachError(Outcome.TIMEOUT, 'cannot wait longer for this machine', completed)
        return completed

"""The reach to this machine: no network, no Juju."""

from __future__ import annotations

from dataclasses import dataclass

from charm.kernel import command as door
from charm.kernel.command import Completed, Enough
from charm.kernel.deadline import Deadline
from reconciler.values.readings import Outcome

from .base import ReachError


@dataclass(frozen=True)
class LocalReach:
    """A reach that is a shell here, whatever the target's name."""

    name: str = 'local'

    def run(
        self,
        target: str,
        command: str,
        deadline: Deadline,
        cap_bytes: int,
        stdin: bytes = b'',
        enough: Enough | None = None,
    ) -> Completed:
        """Run `command` under `sh -c`; it reads `stdin`.

        Raises:
            ReachError: it did not end by the deadline.
        """
        completed = door.run(
            ['sh', '-c', command], deadline, cap_bytes=cap_bytes, stdin=stdin, enough=enough
        )
        if completed.timed_out:
            raise ReachError(Outcome.TIMEOUT, 'cannot wait longer for this machine', completed)
        return completed

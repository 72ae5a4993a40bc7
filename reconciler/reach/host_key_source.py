"""Machines' host keys, as the controller vouches for them: by `juju ssh`, else by `juju exec`."""

from __future__ import annotations

from dataclasses import dataclass

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.juju.command import explain
from reconciler.values.errors import JujuMissing
from reconciler.values.readings import Outcome

from .base import ReachError
from .juju_ssh import JujuSSH


@dataclass(frozen=True)
class HostKeySource:
    """Runs what shows a machine's host keys: through `juju ssh`, else through `juju exec`.

    That takes the machine's lock, and waits for every hook that runs there, so it is for what
    has to be known once.

    Attributes:
        through_ssh: the reach through `juju ssh`; it is left where that would never end.
    """

    through_ssh: JujuSSH
    name: str = 'juju'

    def run(self, target: str, command: str, deadline: Deadline, cap_bytes: int) -> Completed:
        """Run `command`, one shell string, beside the unit `target`.

        Raises:
            ReachError: it did not get there, or did not end by the deadline.
        """
        if not self.through_ssh.is_proxied(deadline):
            return self.through_ssh.run(target, command, deadline, cap_bytes)
        juju = self.through_ssh.juju
        try:
            completed = juju.run(juju.exec_argv(target, command), deadline, cap_bytes)
        except JujuMissing as error:
            raise ReachError(Outcome.JUJU_FAILED, str(error)) from error
        if completed.timed_out:
            message = 'cannot wait longer for juju exec: is a hook running there?'
            raise ReachError(Outcome.HOST_KEY, message, completed)
        if completed.exit_code != 0:
            said = completed.stderr.decode(errors='replace')
            why = explain(completed.exit_code, said, 'juju exec', juju.controller)
            raise ReachError(Outcome.HOST_KEY, str(why), completed, why.retryable)
        return completed

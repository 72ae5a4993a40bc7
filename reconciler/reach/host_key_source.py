"""Machines' host keys, as the controller vouches for them: by `juju ssh`, else by `juju exec`."""

from __future__ import annotations

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.juju.command import explain
from reconciler.values.errors import JujuError, NotThere
from reconciler.values.readings import Outcome

from .base import ReachError, RemoteCommand
from .juju_ssh import JujuSSH


def run_vouched(
    through_ssh: JujuSSH, target: str, command: RemoteCommand, deadline: Deadline
) -> Completed:
    """Run a command that reads nothing beside the unit `target`.

    Where `juju ssh` would never end it is `juju exec`, which takes the machine's lock, and waits
    for every hook that runs there: so this is for what has to be known once.

    Raises:
        ReachError: it did not get there, or did not end by the deadline.
    """
    if not through_ssh.is_proxied(deadline):
        return through_ssh.run(target, command, deadline)
    juju = through_ssh.juju
    try:
        argv = juju.exec_argv(target, command.line)
        completed = juju.run(argv, deadline, command.cap_bytes)
    except JujuError as error:
        raise ReachError(Outcome.JUJU_FAILED, str(error)) from error
    if completed.timed_out:
        message = 'cannot wait longer for juju exec: is a hook running there?'
        raise ReachError(Outcome.HOST_KEY, message, completed)
    if completed.exit_code != 0:
        said = completed.stderr.decode(errors='replace')
        why = explain(completed.exit_code, said, 'juju exec', juju.controller)
        failed = ReachError(Outcome.HOST_KEY, str(why), completed, why.retryable)
        failed.gone = isinstance(why, NotThere)
        raise failed
    return completed

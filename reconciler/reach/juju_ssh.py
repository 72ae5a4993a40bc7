"""The reach through the `juju ssh` command, and what its exit codes and complaints mean.

Sources: Juju 2.9.49, 3.6 and 4.0 (cmd/juju/ssh), OpenSSH 9.2. An exit code alone says little: 1 is
juju's own trouble, but also any failure of a command in a k8s container; 255 is ssh's own trouble,
but also a far command that a signal killed. So whole answers count first, and only what is missing
is explained by what juju and ssh complained about.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.lines import lines
from reconciler.juju.command import Juju, explain
from reconciler.juju.logins import pace_of
from reconciler.values.advice import Advice
from reconciler.values.errors import JujuError, NotLoggedIn, NotThere, PermissionDenied
from reconciler.values.readings import Outcome
from reconciler.values.time_budget import TimeBudget

from .base import NOTHING, ReachError, RemoteCommand, late
from .dropped import is_drop
from .runaway_ssh import MOST_PROCESSES, is_swarm

# What OpenSSH says on stderr, in the order in which they are looked for; with whether another try
# may help. A changed host key or a refused key stays so however often we ask.
_SSH_WORDS: tuple[tuple[re.Pattern[str], Outcome, bool], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), outcome, retryable)
    for pattern, outcome, retryable in (
        (r'host key verification failed', Outcome.HOST_KEY, False),
        (r'remote host identification has changed', Outcome.HOST_KEY, False),
        (r'retrieving ssh host keys', Outcome.HOST_KEY, False),
        (r'permission denied \((publickey|[a-z,-]*publickey)', Outcome.REFUSED_KEY, False),
        (r'too many authentication failures', Outcome.REFUSED_KEY, False),
        (r'no route to host|network is unreachable', Outcome.UNREACHABLE, True),
        (r'connection (refused|timed out|reset|closed)', Outcome.UNREACHABLE, True),
        (r'operation timed out|timed out during banner', Outcome.UNREACHABLE, True),
        (r'cannot connect to any address', Outcome.UNREACHABLE, True),
        (r'could not resolve hostname', Outcome.UNREACHABLE, True),
        (r'kex_exchange_identification|broken pipe', Outcome.UNREACHABLE, True),
        (r'not responding', Outcome.UNREACHABLE, True),
        (r'error dialing backend', Outcome.UNREACHABLE, True),
        (r'is not ready yet|pod not found', Outcome.UNREACHABLE, True),
    )
)

# That the controller refuses or times out is said in the same words as that a machine does.
_OF_CONTROLLER = re.compile(r'connect to api\b|\bapi connection', re.IGNORECASE)

# Of all other troubles of juju itself no more is known than that it failed.
_JUJU_OUTCOMES = {NotLoggedIn: Outcome.NOT_LOGGED_IN, PermissionDenied: Outcome.NO_PERMISSION}

# Of 2.9 it is not known whether it calls itself: there the number of processes has to tell.
_OLDEST_RECURSION = 3
_PROXIED = 'with proxy-ssh=true in the configuration of the model it calls itself without end'
_GO_ROUND = Advice('go without juju ssh: --reach direct --jump controller')


class _Once:
    """Whether the model proxies ssh, asked of juju when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: bool | None = None

    def ask(self, juju: Juju, deadline: Deadline) -> bool:
        with self._lock:
            if self._found is None:
                try:
                    self._found = juju.proxies_ssh(deadline.within(TimeBudget.setting_seconds))
                except JujuError:
                    # What keeps us from it is told by what comes next; of who has no time left
                    # that is nothing, and the next one asks again.
                    if deadline.passed:
                        return False
                    self._found = False
            return self._found


@dataclass(frozen=True)
class JujuSSH:
    """A reach through the `juju ssh` command.

    Attributes:
        juju: the door to the juju command.
        k8s: the model's units are pods, where `juju ssh` is an exec and takes no ssh options.
        connect_timeout_seconds: given to ssh for making the connection.
        options: further `-o` options for ssh, such as a key exchange that costs less.
        major: Juju's major version, of the model.
    """

    juju: Juju
    k8s: bool = False
    connect_timeout_seconds: int = TimeBudget.connect_timeout_seconds
    options: tuple[str, ...] = field(default=())
    major: int = 3
    name: str = 'juju ssh'
    _proxied: _Once = field(default_factory=_Once, compare=False, repr=False)

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        """Run the command where the unit `target` is.

        Raises:
            ReachError: it did not get there, or did not end by the deadline.
        """
        began = time.monotonic()
        if self.is_proxied(deadline):
            raise _never_ends(_PROXIED)
        pace_of(self.juju.controller).wait(deadline)
        waited_seconds = time.monotonic() - began
        try:
            return self._run(target, command, deadline)
        except ReachError as error:
            error.waited_seconds = waited_seconds
            raise

    def _run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        try:
            argv = self.juju.ssh_argv(
                target,
                command.line,
                k8s=self.k8s,
                connect_timeout_seconds=self.connect_timeout_seconds,
                options=self.options,
            )
            completed = self.juju.run(
                argv, deadline, command.cap_bytes, command.stdin, is_swarm, command.enough
            )
        except JujuError as error:
            raise ReachError(Outcome.JUJU_FAILED, str(error)) from error
        if completed.stopped:
            why = f'it became more than {MOST_PROCESSES} processes, as {_PROXIED}'
            raise _never_ends(why, completed)
        if completed.timed_out:
            raise late(completed)
        if completed.exit_code != 0 and not completed.enough:
            raise explain_failure(completed)
        return completed

    def is_proxied(self, deadline: Deadline) -> bool:
        """Return whether the model has juju ssh go through the controller, which never ends."""
        recurs = self.major >= _OLDEST_RECURSION and not self.k8s
        return recurs and self._proxied.ask(self.juju, deadline)


def _never_ends(why: str, completed: Completed = NOTHING) -> ReachError:
    message = f'cannot use juju ssh: {why}'
    return ReachError(Outcome.JUJU_FAILED, message, completed, advice=_GO_ROUND)


def explain_failure(completed: Completed) -> ReachError:
    """Return why a `juju ssh` that exited with other than 0 failed."""
    stderr = completed.stderr.decode(errors='replace')
    last = next((line for line in reversed(lines(stderr)) if line.strip()), '')
    of_controller = completed.exit_code != 255 and _OF_CONTROLLER.search(stderr)
    for pattern, outcome, retryable in () if of_controller else _SSH_WORDS:
        found = pattern.search(stderr)
        if found:
            line = next((said for said in lines(stderr) if found[0] in said), last)
            error = ReachError(outcome, f'cannot reach it: {line.strip()}', completed, retryable)
            # Not what it was in the middle of.
            error.dropped = not completed.stdout and is_drop(stderr)
            return error
    if completed.exit_code == 255:
        reason = last.strip() or 'the connection ended, or a signal ended the far command'
        return ReachError(Outcome.UNREACHABLE, f'cannot reach it: {reason}', completed, True)
    of_juju = explain(completed.exit_code, stderr)
    outcome = _JUJU_OUTCOMES.get(type(of_juju), Outcome.JUJU_FAILED)
    failed = ReachError(outcome, str(of_juju), completed, of_juju.retryable)
    failed.gone = isinstance(of_juju, NotThere)
    return failed

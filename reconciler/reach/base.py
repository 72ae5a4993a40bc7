"""What a reach is: it runs one shell command where a unit is, or says why it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from charm.kernel.command import Completed, Enough
from charm.kernel.deadline import Deadline
from charm.kernel.lines import lines
from reconciler.values.advice import NO_ADVICE, Advice
from reconciler.values.errors import ReconcilerError
from reconciler.values.readings import Outcome

NOTHING = Completed(255, b'', b'')
# sudo says so of a machine that does not know its own name, and goes on.
_NOISE = 'sudo: unable to resolve host'


class ReachError(ReconcilerError):
    """A command did not get to a machine, or its answer did not get back whole.

    Attributes:
        outcome: which kind of trouble, for the readings of the units concerned.
        completed: what arrived all the same; by default nothing.
        retryable: whether trying again may help: a fault of the way, not of the far side.
        advice: what to do, where that is known better than from the outcome; false where not.
        waited_seconds: how long it was kept from trying by what all machines wait for.
        dropped: the connection was dropped before it was listened to, as by an sshd that has too
            many: later, with fewer at once, it may be taken.
        gone: juju knows of no such target any more, which says nothing of its machine.
    """

    waited_seconds = 0.0
    dropped = False
    gone = False

    def __init__(
        self,
        outcome: Outcome,
        message: str,
        completed: Completed = NOTHING,
        retryable: bool = False,
        advice: Advice = NO_ADVICE,
    ) -> None:
        self.outcome = outcome
        self.completed = completed
        self.retryable = retryable
        self.advice = advice
        super().__init__(message)


def late(completed: Completed) -> ReachError:
    """Return the error of an answer that was not whole by the deadline."""
    # Not even the first byte of an answer: the far side accepts, and then says nothing.
    if not completed.stdout:
        message = 'cannot wait longer: the machine accepts but does not answer'
        return ReachError(Outcome.UNREACHABLE, message, completed)
    return ReachError(Outcome.TIMEOUT, 'cannot wait longer for the rest of the answer', completed)


def last_line(stderr: bytes) -> str:
    """Return the last line of what a command complained; empty if it did not."""
    said = lines(stderr.decode(errors='replace').strip())
    return next((line for line in reversed(said) if _NOISE not in line), '')


@dataclass(frozen=True)
class RemoteCommand:
    """What is run on a machine.

    Attributes:
        line: one shell string. Every user of either machine may see it.
        cap_bytes: how much of its stdout, and of its stderr, is kept.
        stdin: what it reads; what is secret goes that way.
        enough: whether what it has written to stdout so far is all that is wanted, which is asked
            every second: then it is ended early.
    """

    line: str
    cap_bytes: int
    stdin: bytes = b''
    enough: Enough | None = None


class Reach(Protocol):
    """One way to run a command on a machine."""

    @property
    def name(self) -> str:
        """Return what readings call it, such as `juju ssh`."""
        ...

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        """Run the command where the unit `target` is.

        Raises:
            ReachError: it did not get there, or did not end by the deadline.
        """
        ...

"""The seconds of one sweep: every share of them, and why it is as long as it is.

docs/time.md says it to operators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from charm.kernel.deadline import Deadline


@dataclass(frozen=True)
class TimeBudget:
    """What three options say of time, and each share that follows from it.

    What is waited for here ends by the deadline. What runs over there is bounded by `--timeout`
    alone, since it may go on where nobody waits for it any more.

    Attributes:
        deadline_seconds: `--deadline`, for the whole sweep.
        timeout_seconds: `--timeout`, after which `timeout` over there ends a hook.
        connect_timeout_seconds: `--connect-timeout`, for making one connection.
        hook_margin_seconds: a hook ends by itself so much before that, to say what it knows.
        kill_after_seconds: from SIGTERM to SIGKILL, for what wants to clean up.
        first_seconds: for an agent that is asked before the hook; its report is at hand.
        overhead_seconds: connection, login and the answer's way, beside the hooks of an attempt.
        late_seconds: a command over ssh of our own is ended here first, so that it is known late.
        in_vain_seconds: an attempt of that length has tried more than once by itself: ssh sends
            again after 1, 3 and 7 seconds, and Juju 4.0 looks for a machine for 18.
        first_pause_seconds: before the first retry, at most; then twice that, and so on.
        longest_pause_seconds: before any retry, since a fault of the way is over by then or stays.
        setting_seconds: for juju to tell one setting of a model, asked once before any ssh.
        uuid_seconds: for juju to tell the UUID by which a model's pushed reports are found.
        examine_seconds: for what the doctor asks of one machine, which runs no check.
        version_seconds: for one hook's version in that, so that one which hangs is named.
        grace_seconds: after the deadline, for sweeps side by side to hand over what they found.
        gate_margin_seconds: before a gate's end, for its last sweep to be printed.
    """

    deadline_seconds: float = 120.0
    timeout_seconds: int = 30
    connect_timeout_seconds: int = 10
    hook_margin_seconds: ClassVar[float] = 5.0
    kill_after_seconds: ClassVar[int] = 2
    first_seconds: ClassVar[int] = 5
    overhead_seconds: ClassVar[int] = 15
    late_seconds: ClassVar[int] = 2
    in_vain_seconds: ClassVar[float] = 10.0
    first_pause_seconds: ClassVar[float] = 0.5
    longest_pause_seconds: ClassVar[float] = 10.0
    setting_seconds: ClassVar[float] = 20.0
    uuid_seconds: ClassVar[float] = 30.0
    examine_seconds: ClassVar[float] = 45.0
    version_seconds: ClassVar[int] = 10
    grace_seconds: ClassVar[float] = 5.0
    gate_margin_seconds: ClassVar[float] = 0.5

    @property
    def hook_seconds(self) -> float:
        """Return the hook's own `--deadline`: what is late then is unknown, the rest is said."""
        return max(1.0, self.timeout_seconds - self.hook_margin_seconds)

    @property
    def drain_seconds(self) -> int:
        """Return how long a hook's output is read: what it left behind may hold the pipe open."""
        return self.timeout_seconds + 2 * self.kill_after_seconds

    @property
    def drain_with_agent_seconds(self) -> int:
        """Return the same where an agent is asked before the hook."""
        return self.drain_seconds + self.first_seconds + self.kill_after_seconds

    @property
    def attempt_seconds(self) -> float:
        """Return the most that one attempt on one machine may take."""
        return min(self.deadline_seconds, self.timeout_seconds + self.overhead_seconds)

    @property
    def attempt_with_agent_seconds(self) -> float:
        """Return the same where an agent is asked before the hook."""
        wanted = self.timeout_seconds + self.overhead_seconds + self.first_seconds
        return min(self.deadline_seconds, wanted)

    @staticmethod
    def listing(deadline: Deadline) -> Deadline:
        """Return by when controllers name their models: a third, as two more steps follow."""
        return deadline.within(deadline.remaining_seconds / 3)

    @staticmethod
    def status(deadline: Deadline) -> Deadline:
        """Return by when juju tells the status: half, so that as much is left for the machines."""
        return deadline.within(deadline.remaining_seconds / 2)


DEFAULT_TIME = TimeBudget()

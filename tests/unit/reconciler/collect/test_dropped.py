"""Connections that a busy sshd drops: asked for again, later and with fewer at once."""

from __future__ import annotations

import threading

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.errands import MachineRequest
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.fanout import FanoutLimits, MachineResult, run_errands
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.values.readings import Outcome
from tests.support.asked import Behaviour, FakeReach, answers, errand
from tests.support.patience import PATIENCE

LIMITS = FanoutLimits()


def asked(
    reach: FakeReach,
    *errands: MachineRequest,
    limits: FanoutLimits = LIMITS,
    seconds: float = PATIENCE,
) -> dict[str, MachineResult]:
    asker, deadline = ScriptAsker(reach, limits.time), Deadline.after(seconds)
    return {one.errand.place: one for one in run_errands(errands, asker, limits, deadline)}


class BusyReach(FakeReach):
    """A way through an sshd that drops what comes while it has `room` for no more."""

    def __init__(self, behaviours: dict[str, list[Behaviour]], room: int) -> None:
        super().__init__(behaviours)
        self._room = threading.BoundedSemaphore(room) if room else None

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        if self._room is None or not self._room.acquire(blocking=False):
            error = ReachError(Outcome.UNREACHABLE, 'cannot reach it: dropped', retryable=True)
            error.dropped = True
            raise error
        try:
            return super().run(target, command, deadline)
        finally:
            self._room.release()


@pytest.mark.slow
@pytest.mark.parametrize('room', [1, 3, 10])
def test_what_a_busy_sshd_drops_is_asked_again_with_fewer_at_once(room: int) -> None:
    names = [f'web/{number}' for number in range(40)]
    reach = BusyReach({name: [answers] for name in names}, room)
    errands = [errand(str(number), name) for number, name in enumerate(names)]
    found = asked(reach, *errands, limits=FanoutLimits(workers=32))
    assert [one.fault for one in found.values()] == [None] * len(names)


@pytest.mark.slow
def test_who_drops_whoever_comes_ends_and_costs_nobody_else() -> None:
    reach = BusyReach({}, 0)
    found = asked(reach, errand('0', 'web/0'), limits=FanoutLimits(workers=2, attempts=2))
    fault = found['0'].fault
    assert fault is not None
    assert fault.dropped
    # Of two at once, and then as often alone as any other is tried.
    assert found['0'].attempts == 3


@pytest.mark.slow
def test_what_was_dropped_until_the_deadline_says_so() -> None:
    found = asked(BusyReach({}, 0), errand('0', 'web/0'), seconds=1.0)
    assert str(found['0'].fault) == 'cannot reach it: dropped'

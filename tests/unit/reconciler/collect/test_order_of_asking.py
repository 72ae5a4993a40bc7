"""Who is asked when: those who may be asked in vain come last, and everybody is asked."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.errands import MachineRequest
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.fanout import FanoutLimits, run_errands
from reconciler.reach.base import NOTHING, RemoteCommand, late
from reconciler.reach.lanes import Pace
from tests.support.asked import Behaviour, FakeReach, Ran, answers, errand, fault, printed
from tests.support.patience import PATIENCE


def ask(reach: FakeReach, *errands: MachineRequest, pace: Pace, workers: int = 1) -> list[str]:
    """Ask them, and return whom the reach was asked for, in order."""
    limits = FanoutLimits(workers, attempts=1)
    deadline = Deadline.after(PATIENCE)
    asked = list(run_errands(errands, ScriptAsker(reach), limits, deadline, pace=pace))
    assert {one.errand.place for one in asked} == {one.place for one in errands}
    return [ran.target for ran in reach.ran]


def test_who_was_silent_in_the_last_sweep_is_asked_last() -> None:
    names = [f'web/{number}' for number in range(5)]
    errands = [errand(name[-1], name) for name in names]
    behaviours: dict[str, list[Behaviour]] = {name: [answers, answers] for name in names}
    behaviours['web/0'] = [fault(retryable=False), answers]
    reach, pace = FakeReach(behaviours), Pace()
    ask(reach, *errands, pace=pace)
    assert pace.silent == {'0'}
    reach.ran.clear()
    assert ask(reach, *errands, pace=pace)[-1] == 'web/0'
    # It is forgiven.
    assert pace.silent == set()


@given(st.sets(st.integers(0, 19)))
def test_who_is_gone_by_jujus_word_is_asked_last(gone: set[int]) -> None:
    names = [f'web/{number}' for number in range(20)]
    errands = [
        replace(errand(str(number), name), gone=number in gone)
        for number, name in enumerate(names)
    ]
    asked = ask(FakeReach({name: [answers] for name in names}), *errands, pace=Pace())
    assert len(asked) == len(names)
    assert set(asked[len(names) - len(gone) :]) == {f'web/{number}' for number in gone}


class HungReach(FakeReach):
    """Machines of which some accept, and say nothing until nobody waits any more."""

    def __init__(self, hung: set[str], others: list[str]) -> None:
        super().__init__({name: [answers] for name in others})
        self.hung, self.most, self._now = hung, 0, 0
        self.let_go = threading.Event()

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        if target not in self.hung:
            return super().run(target, command, deadline)
        with self.lock:
            self._now += 1
            self.most = max(self.most, self._now)
        while not (deadline.passed or self.let_go.wait(0.01)):
            pass
        with self.lock:
            self._now -= 1
        raise late(NOTHING)


@pytest.mark.slow
@pytest.mark.parametrize('share', [0.05, 0.1, 0.5, 0.9])
def test_every_healthy_machine_answers_while_others_hang(share: float) -> None:
    names = [f'web/{number}' for number in range(120)]
    hung = set(names[: int(len(names) * share)])
    healthy = [name for name in names if name not in hung]
    reach, limits = HungReach(hung, healthy), FanoutLimits(workers=4)
    errands = [errand(str(number), name) for number, name in enumerate(names)]
    asked = run_errands(errands, ScriptAsker(reach), limits, Deadline.after(PATIENCE))
    found = [next(asked) for _ in healthy]
    assert {one.errand.target for one in found} == set(healthy)
    assert {one.fault for one in found} == {None}
    assert reach.most <= limits.lanes(4).most
    reach.let_go.set()
    # And of those who hang each is told as what it is.
    assert {one.errand.target for one in asked} == hung


def test_what_came_before_it_was_given_up_is_kept() -> None:
    given_up = threading.Event()

    class Slow(FakeReach):
        """A machine whose first unit answers at once, and whose second one when asked again."""

        def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
            if target != 'web/0' or given_up.is_set():
                return super().run(target, command, deadline)
            said = super().run(target, command, deadline)
            while not deadline.passed:
                threading.Event().wait(0.01)
            given_up.set()
            raise late(said)

    def first(ran: Ran) -> bytes:
        return ran.frames({'web/0': printed('web/0')})

    names = [f'db/{number}' for number in range(1, 40)]
    others: dict[str, list[Behaviour]] = {name: [answers] for name in names}
    reach = Slow({'web/0': [first, answers], **others})
    pace = Pace()
    pace.took(0.0)
    errands = [errand('0', 'web/0', 'db/0'), *(errand(name[3:], name) for name in names)]
    limits = FanoutLimits(1, aside_each=0)
    asked = run_errands(errands, ScriptAsker(reach), limits, Deadline.after(PATIENCE), pace=pace)
    (one,) = (one for one in asked if one.errand.place == '0')
    assert one.fault is None
    assert all(answer.complete for answer in one.answers)
    assert [ran.units for ran in reach.runs_of('web/0')] == [('web/0', 'db/0'), ('db/0',)]

"""Many machines at once: one bad machine costs only itself, and the deadline ends it all."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.errands import MachineRequest
from reconciler.ask.frames import NOT_FOUND
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.fanout import (
    FanoutLimits,
    MachineResult,
    run_errands,
)
from reconciler.reach.base import ReachError
from reconciler.values.errors import UsageError
from reconciler.values.readings import Outcome
from reconciler.values.time_budget import TimeBudget
from tests.support.asked import (
    Behaviour,
    FakeReach,
    Ran,
    answers,
    cut_off_after,
    errand,
    fault,
    printed,
)
from tests.support.patience import PATIENCE

LIMITS = FanoutLimits()


def run(
    reach: FakeReach,
    *errands: MachineRequest,
    limits: FanoutLimits = LIMITS,
    seconds: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, MachineResult]:
    asker = ScriptAsker(reach, limits.time)
    return {
        one.errand.place: one
        for one in run_errands(errands, asker, limits, Deadline.after(seconds), clock)
    }


def reports(returned: MachineResult) -> list[bytes]:
    return [answer.stdout for answer in returned.answers]


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Give what a machine that hangs waits for; it is let go when the test ends."""
    event = threading.Event()
    yield event
    event.set()


def test_each_machine_is_asked_once_for_all_its_units() -> None:
    reach = FakeReach({'web/0': [answers], 'web/1': [answers]})
    found = run(reach, errand('0', 'web/0', 'db/0'), errand('1', 'web/1'))
    assert reports(found['0']) == [printed('web/0'), printed('db/0')]
    assert reports(found['1']) == [printed('web/1')]
    assert [one.attempts for one in found.values()] == [1, 1]


BAD = {
    'unreachable': fault(retryable=False),
    'refused': fault(Outcome.REFUSED_KEY, retryable=False),
    'noise': lambda _ran: b'\x00\xff' * 1000,
    'nothing': lambda _ran: b'',
}


@pytest.mark.slow
@given(st.lists(st.sampled_from([None, *BAD]), min_size=1, max_size=12))
def test_one_bad_machine_costs_only_itself(kinds: list[str | None]) -> None:
    behaviours: dict[str, list[Behaviour]] = {
        f'web/{number}': [BAD[kind] if kind else answers] for number, kind in enumerate(kinds)
    }
    errands = [errand(str(number), f'web/{number}') for number in range(len(kinds))]
    found = run(FakeReach(behaviours), *errands, limits=FanoutLimits(workers=4))
    assert len(found) == len(kinds)
    for number, kind in enumerate(kinds):
        (answer,) = found[str(number)].answers
        assert answer.complete == (kind is None)
        assert (found[str(number)].fault is not None) == (
            kind in ('unreachable', 'refused', 'noise')
        )


def test_a_fault_of_our_own_costs_only_its_machine() -> None:
    def break_down(_ran: Ran) -> bytes:
        raise ZeroDivisionError('division by zero')

    reach = FakeReach({'web/0': [break_down], 'web/1': [answers]})
    found = run(reach, errand('0', 'web/0'), errand('1', 'web/1'))
    assert reports(found['1']) == [printed('web/1')]
    broken = found['0'].fault
    assert broken is not None
    assert str(broken) == 'cannot ask it: ZeroDivisionError: division by zero'


def test_what_is_wrong_for_every_machine_is_said_once() -> None:
    def misconfigured(_ran: Ran) -> bytes:
        raise UsageError('cannot use ~/.ssh/config')

    with pytest.raises(UsageError, match='ssh/config'):
        run(FakeReach({'web/0': [misconfigured]}), errand('0', 'web/0'))


def test_a_machine_that_never_answers_does_not_delay_the_others(gate: threading.Event) -> None:
    def hang(_ran: Ran) -> bytes:
        gate.wait(PATIENCE)
        return b''

    reach = FakeReach({'web/0': [hang], 'web/1': [answers], 'web/2': [answers]})
    errands = [errand(str(number), f'web/{number}') for number in range(3)]
    asker = ScriptAsker(reach)
    returned = run_errands(errands, asker, FanoutLimits(workers=2), Deadline.after(PATIENCE))
    places = {next(returned).errand.place, next(returned).errand.place}
    assert places == {'1', '2'}
    assert not gate.is_set()
    returned.close()  # type: ignore[attr-defined]


@pytest.mark.slow
def test_at_the_deadline_it_ends_with_what_has_arrived(gate: threading.Event) -> None:
    def hang(_ran: Ran) -> bytes:
        gate.wait(PATIENCE)
        return b''

    reach = FakeReach({'web/0': [hang], 'web/1': [answers]})
    found = run(reach, errand('1', 'web/1'), errand('0', 'web/0'), seconds=2.0)
    assert set(found) <= {'1'}
    assert not gate.is_set()


def test_what_waits_for_a_worker_at_the_deadline_is_never_begun(gate: threading.Event) -> None:
    def hang(_ran: Ran) -> bytes:
        gate.wait(PATIENCE)
        return b''

    reach = FakeReach({'web/0': [hang], 'web/1': [hang]})
    found = run(
        reach,
        errand('0', 'web/0'),
        errand('1', 'web/1'),
        limits=FanoutLimits(workers=1),
        seconds=0.2,
    )
    assert found == {}
    assert len(reach.ran) == 1


def test_an_answer_that_came_is_kept_and_only_the_rest_is_asked_again() -> None:
    reach = FakeReach({'web/0': [cut_off_after('web/0'), answers]})
    found = run(reach, errand('0', 'web/0', 'db/0'))['0']
    assert reports(found) == [printed('web/0'), printed('db/0')]
    assert (found.fault, found.attempts) == (None, 2)
    assert [ran.units for ran in reach.ran] == [('web/0', 'db/0'), ('db/0',)]


def test_a_connection_that_is_lost_after_the_last_answer_is_no_fault() -> None:
    reach = FakeReach({'web/0': [cut_off_after('web/0', 'db/0')]})
    found = run(reach, errand('0', 'web/0', 'db/0'))['0']
    assert (found.fault, found.attempts) == (None, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('attempts', 'retryable', 'tries'), [(3, True, 3), (1, True, 1), (3, False, 1)]
)
def test_a_fault_is_tried_again_if_that_may_help(
    attempts: int, retryable: bool, tries: int
) -> None:
    reach = FakeReach({'web/0': [fault(retryable=retryable)] * tries})
    found = run(reach, errand('0', 'web/0'), limits=FanoutLimits(attempts=attempts))['0']
    assert found.attempts == tries
    assert found.fault is not None
    assert found.fault.outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize(
    ('seconds', 'came', 'tries'),
    [
        (TimeBudget.in_vain_seconds - 1, False, 3),
        # juju itself has tried again and again.
        (TimeBudget.in_vain_seconds, False, 1),
        # The way broke under a hook that takes its time; then nothing came.
        (TimeBudget.in_vain_seconds, True, 2),
    ],
)
def test_who_tried_long_and_in_vain_is_not_told_to_try_again(
    seconds: float, came: bool, tries: int
) -> None:
    behaviour = cut_off_after('web/0') if came else fault()
    reach = FakeReach({'web/0': [behaviour] * 3})
    ticks = itertools.count(0.0, seconds)
    found = run(reach, errand('0', 'web/0', 'db/0'), clock=lambda: next(ticks))['0']
    assert found.attempts == tries


def test_who_was_reached_and_brought_nothing_for_long_is_not_asked_again() -> None:
    def lost(ran: Ran) -> bytes:
        begun = f'{ran.nonce} b\n'.encode()
        raise ReachError(Outcome.UNREACHABLE, 'cannot go on', Completed(255, begun, b''), True)

    reach = FakeReach({'web/0': [lost] * 3})
    ticks = itertools.count(0.0, TimeBudget.in_vain_seconds)
    found = run(reach, errand('0', 'web/0'), clock=lambda: next(ticks))['0']
    assert found.attempts == 1


def test_what_all_wait_for_is_no_try_of_anyone() -> None:
    def waited(ran: Ran) -> bytes:
        try:
            return fault()(ran)
        except ReachError as error:
            error.waited_seconds = 1.0
            raise

    reach = FakeReach({'web/0': [waited] * 3})
    ticks = itertools.count(0.0, TimeBudget.in_vain_seconds)
    found = run(reach, errand('0', 'web/0'), clock=lambda: next(ticks))['0']
    assert found.attempts == 3


def test_where_juju_has_long_heard_of_nobody_one_try_is_made() -> None:
    reach = FakeReach({'web/0': [fault()] * 3, 'web/1': [answers]})
    gone, back = errand('0', 'web/0'), errand('1', 'web/1')
    found = run(reach, replace(gone, gone=True), replace(back, gone=True))
    assert found['0'].attempts == 1
    # It may be back before Juju knows.
    assert reports(found['1']) == [printed('web/1')]


def test_all_machines_share_one_budget_of_retries() -> None:
    targets = [f'web/{number}' for number in range(6)]
    reach = FakeReach({target: [fault()] * 3 for target in targets})
    errands = [errand(target[-1], target) for target in targets]
    run(reach, *errands, limits=FanoutLimits(attempts=3, retries=4))
    assert len(reach.ran) == 6 + 4


def missing(ran: Ran) -> bytes:
    return ran.frames(dict.fromkeys(ran.units, b''), NOT_FOUND)


def test_a_shipped_hook_that_is_missing_is_asked_for_once_more() -> None:
    reach = FakeReach({'web/0': [missing, answers]})
    found = run(reach, errand('0', 'web/0'))['0']
    assert reports(found) == [printed('web/0')]


def test_one_that_stays_missing_is_missing() -> None:
    reach = FakeReach({'web/0': [missing, missing]})
    (answer,) = run(reach, errand('0', 'web/0'))['0'].answers
    assert (answer.exit_code, answer.complete) == (NOT_FOUND, True)


def test_a_charm_without_a_hook_is_not_asked_twice() -> None:
    reach = FakeReach({'web/0': [missing]})
    (answer,) = run(reach, errand('0', 'web/0', shipped=False))['0'].answers
    assert answer.exit_code == NOT_FOUND


def test_an_attempt_has_less_time_than_the_sweep() -> None:
    reach = FakeReach({'web/0': [answers]})
    run(reach, errand('0', 'web/0'), limits=FanoutLimits(time=TimeBudget(3600, 7)), seconds=3600)
    (ran,) = reach.ran
    assert ran.deadline.remaining_seconds <= 7 + TimeBudget.overhead_seconds
    assert 'timeout -k 2 7 ' in ran.script


@given(deadline=st.floats(1, 86400), timeout=st.integers(1, 3600))
def test_no_attempt_outlasts_its_share_or_the_sweep(deadline: float, timeout: int) -> None:
    time = TimeBudget(deadline, timeout)
    reach = FakeReach({'web/0': [answers]})
    run(reach, errand('0', 'web/0'), limits=FanoutLimits(time=time), seconds=deadline)
    (ran,) = reach.ran
    assert ran.deadline.remaining_seconds <= time.attempt_seconds <= deadline
    assert f'timeout -k {time.kill_after_seconds} {timeout} ' in ran.script

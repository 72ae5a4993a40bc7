"""What a machine brought counts, though it was given up or said less when it was asked again."""

from __future__ import annotations

import base64
import time

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.fanout import FanoutLimits, run_errands
from reconciler.collect.interpret import is_whole
from reconciler.reach.base import NOTHING, ReachError, late
from reconciler.reach.lanes import Pace
from reconciler.values.readings import Outcome
from tests.support.asked import FakeReach, Ran, errand, printed
from tests.support.patience import PATIENCE

# Long enough for a machine to be given up, and asked again.
SECONDS = 3.0


def hang(ran: Ran, said: bytes = b'') -> bytes:
    """Say something and behave as one that never ends."""
    while not ran.deadline.passed:
        time.sleep(0.01)
    raise late(Completed(255, said, b'', len(said)))


def half(ran: Ran) -> bytes:
    """Answer for the first unit alone, and hang."""
    return hang(ran, ran.frames({ran.units[0]: printed(ran.units[0])}))


def test_a_report_outlasts_an_attempt_that_brings_less() -> None:
    def gone(ran: Ran) -> bytes:
        raise ReachError(Outcome.UNREACHABLE, 'no route', NOTHING, retryable=False)

    def lost(ran: Ran) -> bytes:
        coded = base64.b64encode(printed('web/0')).decode()
        said = f'{ran.nonce} 0 o {coded}\n'.encode()
        done = Completed(255, said, b'', len(said))
        raise ReachError(Outcome.UNREACHABLE, 'it hung up', done, retryable=True)

    reach = FakeReach({'web/0': [lost, gone]})
    asker = ScriptAsker(reach)
    (found,) = run_errands([errand('0', 'web/0')], asker, FanoutLimits(), Deadline.after(PATIENCE))
    assert len(reach.ran) == 2
    assert found.answers[0].stdout.strip() == printed('web/0').strip()


@pytest.mark.slow
def test_what_was_given_up_and_not_asked_again_in_time_is_told() -> None:
    pace = Pace()
    pace.took(0.0)
    errands = [errand(str(number), f'a/{number}', f'b/{number}') for number in range(6)]
    reach = FakeReach({f'a/{number}': [half, hang, hang, hang] for number in range(6)})
    limits = FanoutLimits(workers=1, attempts=1, aside_each=0)
    told = run_errands(
        errands, ScriptAsker(reach), limits, Deadline.after(SECONDS), time.monotonic, pace
    )
    found = {one.errand.place: one for one in told}
    # The last one holds the only worker, and nobody knows what it has said.
    assert len(found) >= 5
    assert all(one.answers[0].complete and one.fault is not None for one in found.values())
    assert not any(is_whole(one.answers[1]) for one in found.values())

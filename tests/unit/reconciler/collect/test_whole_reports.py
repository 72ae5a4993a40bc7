"""A report that is whole counts, whatever becomes of the process that made it."""

from __future__ import annotations

import base64

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.collect import CollectPlan, collect
from reconciler.collect.fanout import FanoutLimits
from reconciler.reach.base import ReachError
from reconciler.values.readings import Outcome
from tests.support.asked import FakeReach, Ran, model, printed
from tests.support.patience import PATIENCE

REPORT = printed('web/0')


def outcome(stdout: bytes) -> Outcome:
    """Return how asking ended where that came, and then neither an exit code nor an end."""

    def hang(ran: Ran) -> bytes:
        frame = f'{ran.nonce} 0 o {base64.b64encode(stdout).decode()}\n'.encode()
        message = 'cannot wait longer for the rest of the answer'
        raise ReachError(Outcome.TIMEOUT, message, Completed(-15, frame, b'', timed_out=True))

    there, limits = model(['web/0']), FanoutLimits()
    way = CollectPlan(ScriptAsker(FakeReach({'web/0': [hang]}), limits.time), limits)
    found = collect(way, there, list(there.units()), Deadline.after(PATIENCE))
    return found.readings['web/0'].outcome


def test_a_whole_report_counts_though_its_process_does_not_end() -> None:
    assert outcome(REPORT) is Outcome.REPORTED


@pytest.mark.parametrize('end', [0, 1, len(REPORT) // 2, len(REPORT) - 2])
def test_one_that_is_cut_off_does_not(end: int) -> None:
    assert outcome(REPORT[:end]) is Outcome.TIMEOUT

"""A report that is whole counts, whatever becomes of the process that made it."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel import report_json
from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.frames import Request
from reconciler.ask.script_asker import ScriptAsker
from reconciler.ask.whole import WholeAnswers
from reconciler.collect.collect import CollectPlan, collect
from reconciler.collect.fanout import FanoutLimits
from reconciler.reach.base import ReachError
from reconciler.reach.local import LocalReach
from reconciler.values.readings import Outcome
from reconciler.values.time_budget import TimeBudget
from tests.support.asked import FakeReach, Ran, model, printed
from tests.support.far_machine import Machine
from tests.support.patience import PATIENCE

NONCE = '0123456789abcdef'
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


@pytest.mark.slow
@pytest.mark.parametrize('python', [True, False], ids=['framer', 'shell'])
@pytest.mark.parametrize(
    'then',
    ['exec sleep 1000', 'sleep 1000 & exit 0', 'while echo tick >&2; do sleep 0.1; done'],
    ids=['hangs', 'leaves-one-behind', 'goes-on-talking'],
)
def test_an_attempt_ends_soon_after_its_last_whole_report(
    tmp_path: Path, then: str, python: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('PATH', str(Machine(tmp_path, python).programs))
    hook = tmp_path / 'health'
    hook.write_text(f"#!/bin/sh\ncat <<'END'\n{REPORT.decode()}\nEND\n{then}\n")
    hook.chmod(0o755)
    # What is waited for to its end takes longer than a test may.
    asker = ScriptAsker(LocalReach(), TimeBudget(timeout_seconds=2 * PATIENCE))
    began = time.monotonic()
    came = asker.ask('web/0', [Request('web/0', str(hook))], Deadline.after(2 * PATIENCE))
    assert time.monotonic() - began < PATIENCE
    assert came.fault is None
    assert report_json.decode(came.answers[0].stdout.strip()).unit == 'web/0'


@given(st.lists(st.integers(0, 60), max_size=8), st.booleans())
def test_nothing_ends_before_all_answers_were_whole_for_a_while(
    cuts: list[int], ended: bool
) -> None:
    def frame(index: int, stdout: bytes) -> bytes:
        return f'{NONCE} {index} o {base64.b64encode(stdout).decode()}\n'.encode()

    first = f'{NONCE} 0 x 1\n{NONCE} 0 z\n'.encode() if ended else frame(0, REPORT)
    output = first + frame(1, REPORT[:9]) + frame(1, REPORT[9:])
    enough = WholeAnswers(NONCE, 2)
    for cut in sorted(cuts):
        assert not enough(output[:cut])
    assert not enough(output), 'what ends by itself has until the next time'
    assert enough(output)

"""What looks at a machine is waited for where somebody there needs it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.frames import NOT_FOUND, UnitAnswer
from reconciler.ask.probe import look_at
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.fanout import FanoutLimits, run_errands
from reconciler.reach.base import ReachError
from reconciler.values.readings import Outcome
from tests.support.asked import Behaviour, FakeReach, Ran, errand
from tests.support.patience import PATIENCE


def test_a_probe_is_asked_for_again_only_where_a_hook_is_missing() -> None:
    plain = errand('0', 'web/0', shipped=False)
    asked = tuple(replace(one, looked=True) for one in plain.asked)
    looking = look_at('web/0', [], ['/hooks/web/0'], 1.0)
    errand_of = replace(plain, asked=asked, probe=looking)

    def lost_without(exit_code: int) -> Behaviour:
        def behave(ran: Ran) -> bytes:
            said = ran.frames({'web/0': b''}, exit_code)
            raise ReachError(Outcome.UNREACHABLE, 'cannot go on', Completed(255, said, b''), True)

        return behave

    for exit_code, attempts in ((0, 1), (1, 1), (NOT_FOUND, 2)):
        reach = FakeReach({'web/0': [lost_without(exit_code), lost_without(exit_code)]})
        asker, limits = ScriptAsker(reach), FanoutLimits(attempts=2)
        (found,) = run_errands([errand_of], asker, limits, Deadline.after(PATIENCE))
        assert (found.attempts, found.answers[0].exit_code) == (attempts, exit_code)
        assert found.probed == UnitAnswer()

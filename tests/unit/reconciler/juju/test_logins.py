"""New logins at a controller come at a stated rate, whoever of us asks."""

from __future__ import annotations

import math
import time

from charm.kernel.deadline import Deadline
from reconciler.juju.logins import LoginPace, pace_of

LONG = Deadline(math.inf)


def test_logins_come_one_after_another() -> None:
    pace, began = LoginPace(per_second=200.0), time.monotonic()
    for _ in range(11):
        pace.wait(LONG)
    assert time.monotonic() - began >= 10 / 200


def test_who_comes_alone_does_not_wait() -> None:
    assert LoginPace(per_second=0.001).wait(LONG) == 0.0


def test_nobody_waits_beyond_the_deadline() -> None:
    pace = LoginPace(per_second=0.001)
    pace.wait(LONG)
    assert pace.wait(Deadline.after(0.0)) == 0.0


def test_all_sweeps_of_a_controller_share_its_pace() -> None:
    assert pace_of('lab') is pace_of('lab')
    assert pace_of('lab') is not pace_of('field')

"""When a trouble began, where that is known: no cause comes after its effect.

Only a state that is itself the trouble dates it: blocked, or in error. A check does not say since
when it fails, so a unit with one that does may have failed before its state says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from charm.kernel.report import Health

from ..values.readings import JUJU_STATUS, Reading, ServiceHealth
from .troubles import Trouble, is_stuck

# Charms look at themselves every five minutes (update-status), and clocks differ: by so much may
# the date of a cause be later than that of its effect.
TOLERANCE = timedelta(minutes=6)


@dataclass(frozen=True)
class Onset:
    """The moment at which something is known to have been in trouble.

    Attributes:
        at: the earliest date (UTC).
        exact: all of the trouble is dated; else part of it may have begun before.
    """

    at: datetime
    exact: bool

    def is_after(self, effect: Onset) -> bool:
        """Return whether it is too late for the cause of that."""
        return self.at > effect.at + TOLERANCE


def onset_of(service: ServiceHealth, worst: Sequence[Trouble]) -> Onset | None:
    """Return when the worst troubles of a service began; `None` if nothing dates them."""
    units = {trouble.unit for trouble in worst}
    readings = [reading for reading in service.readings if reading.unit.name in units]
    states = [reading.state for reading in readings]
    if '' in units:
        states.append(service.state)
    dates = [state.since for state in states if state and is_stuck(state) and state.since]
    if not dates:
        return None
    exact = len(dates) == len(states) and not any(map(_fails_a_check, readings))
    return Onset(min(dates), exact)


def _fails_a_check(reading: Reading) -> bool:
    return any(
        check.health is not Health.PASSED and check.name != JUJU_STATUS for check in reading.checks
    )

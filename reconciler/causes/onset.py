"""When a trouble began, where that is known: no cause comes after its effect.

Only a state that is itself the trouble dates it: blocked, or in error. It may be older than its
date, as charms set their status anew: a date that is too late leaves a doubt and refutes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..values.readings import ServiceHealth
from .troubles import Trouble, is_stuck

# Charms look at themselves every five minutes (update-status), and clocks differ: by so much may
# the date of a cause be later than that of its effect.
TOLERANCE = timedelta(minutes=6)


@dataclass(frozen=True)
class Onset:
    """The moment at which something is known to have been in trouble: the earliest date (UTC)."""

    at: datetime

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
    return Onset(min(dates)) if dates else None

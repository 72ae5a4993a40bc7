"""The latest report of a unit, with what its receipt says of its age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from charm.kernel.report import Report


@dataclass(frozen=True)
class LatestReport:
    """The latest report of a unit.

    Attributes:
        report: what it said.
        received_at: our clock when it came: what its age is counted from.
        skew_seconds: our clock minus the unit's, with the time it travelled; `None` if unsaid.
    """

    report: Report
    received_at: datetime
    skew_seconds: float | None

    @property
    def sent_at(self) -> datetime | None:
        """Return when the unit sent it, by its own clock; `None` if unsaid, or no time."""
        if self.skew_seconds is None:
            return None
        try:
            return self.received_at - timedelta(seconds=self.skew_seconds)
        except (OverflowError, ValueError):
            return None

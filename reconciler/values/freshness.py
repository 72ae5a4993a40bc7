"""Which of a unit's reports is the newest, and whether it is fresh: decided here and only here.

Order is by boot, and within a boot by sequence, whatever any clock says; the boot of which we
heard last comes last. Age is counted from our receipt by our clock, plus how long the far side had
held the report by then, measured over there by one clock alone. So a unit whose clock is a day off
is as fresh as any other, the same report read twice does not become younger, and a report that is
dated in the future is of unknown age, which is never fresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from charm.kernel.report import Report

MAX_AGE_SECONDS = 120.0
# Of a saved status; hardly anything can have come since.
MAX_STATUS_AGE_SECONDS = 86400.0
# Clocks are stepped by a little all the time, by NTP for one.
SLACK_SECONDS = 2.0
# No report lies about for longer: whoever says so, or says infinity, has no clock to go by.
_LONGEST_SECONDS = 10 * 365 * 86400.0


@dataclass(frozen=True)
class DatedReport:
    """A report with what its age is told by.

    Attributes:
        report: what the unit said.
        received_at: when it came, by our clock (UTC).
        held_seconds: how old it was when it came; `None` if nobody could tell, and for what no
            age can be: the far side says it, so it may be anything.
        via: how it was got.
    """

    report: Report
    received_at: datetime
    held_seconds: float | None = 0.0
    via: str = ''

    def __post_init__(self) -> None:
        if self.held_seconds is not None and not 0.0 <= self.held_seconds <= _LONGEST_SECONDS:
            object.__setattr__(self, 'held_seconds', None)

    @property
    def made_at(self) -> datetime:
        """Return when it was made, by our clock; when it came where nobody could tell better."""
        return self.received_at - timedelta(seconds=self.held_seconds or 0.0)


def held_seconds(sent_at: datetime | None, reported_at: datetime | None) -> float | None:
    """Return how long the far side held a report before it sent it, both by its own clock.

    `None` if it does not say, or says that it sent the report before it made it.
    """
    if sent_at is None or reported_at is None:
        return None
    seconds = (sent_at - reported_at).total_seconds()
    return None if seconds < -SLACK_SECONDS else max(seconds, 0.0)


def age_seconds(dated: DatedReport, now: datetime) -> float | None:
    """Return how old the report is, `None` if that cannot be told.

    That is so as well of one that came in our own clock's future: the clock was set back.
    """
    since = (now - dated.received_at).total_seconds()
    if dated.held_seconds is None or since < -SLACK_SECONDS:
        return None
    return max(since, 0.0) + dated.held_seconds


def is_fresh(dated: DatedReport, now: datetime, max_age_seconds: float) -> bool:
    """Return whether the report says how the unit is now."""
    age = age_seconds(dated, now)
    return age is not None and age <= max_age_seconds


def newest(candidates: Iterable[DatedReport], now: datetime) -> DatedReport | None:
    """Return the newest of one unit's reports, in whatever order they came; `None` of none.

    Of the same report got twice, the one that makes it older counts.
    """
    boots: dict[str, list[DatedReport]] = {}
    for dated in candidates:
        boots.setdefault(dated.report.boot_id, []).append(dated)
    if not boots:
        return None
    last = max(boots, key=lambda boot: (_heard(boots[boot], now), boot))
    return _newest_of_boot(boots[last])


def _heard(reports: Iterable[DatedReport], now: datetime) -> tuple[bool, datetime]:
    """Return when a boot was last heard of; those whose time can be told count for more."""
    return max((age_seconds(dated, now) is not None, dated.made_at) for dated in reports)


def _newest_of_boot(reports: Sequence[DatedReport]) -> DatedReport:
    counts = (dated.report.sequence for dated in reports)
    highest = max((count for count in counts if count is not None), default=None)
    if highest is None:
        # A hook that does not count its reports: all there is to go by is when they came.
        return max(reports, key=lambda dated: (dated.made_at, dated.via))
    return min(
        (dated for dated in reports if dated.report.sequence == highest),
        key=lambda dated: (dated.held_seconds is None, dated.made_at, dated.via),
    )

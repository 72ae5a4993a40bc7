"""How many days certificates are still good, of which the first to expire counts."""

from __future__ import annotations

from datetime import datetime

from ..kernel.facts import dataclass
from ..kernel.hints import Any, Dict, Sequence
from ..kernel.report import Health
from .chain import role
from .check import Verdict
from .der import Certificate
from .thresholds import Range, judge

_MOST_TOLD = 20


@dataclass(frozen=True)
class Expiry:
    """Certificates, and when they end.

    Attributes:
        place: where they are, for people.
        held: all that are there; of a server its own first.
        needed: those that count.
        now: when it is asked (UTC).
        warn_days, fail_days: less than this is too short.
    """

    place: str
    held: Sequence[Certificate]
    needed: Sequence[Certificate]
    now: datetime
    warn_days: float
    fail_days: float

    @property
    def needless(self) -> str:
        """Return the name of one that has expired, and does not count; empty if there is none."""
        names = (x.name or 'one' for x in self.held if self._days(x) < 0 and x not in self.needed)
        return next(names, '')

    def verdict(self) -> Verdict:
        """Return what the days that are left mean."""
        first = min(self.needed, key=lambda item: item.not_after)
        days, until = self._days(first), f'{first.not_after:%Y-%m-%d}'
        place, data = self._place(first), self._data(first)
        early = max(self.needed, key=lambda item: item.not_before)
        if days < 0:
            return Verdict(Health.FAIL, f'{place} expired {-days:.0f} days ago, {until}', data)
        if early.not_before > self.now:
            since = f'{early.not_before:%Y-%m-%d %H:%M}'
            place = self._place(early)
            return Verdict(Health.FAIL, f'{place} is not good before {since} UTC', data)
        text = f'{place} is good for {days:.0f} more days, until {until}'
        ranges = Range.at_least(self.warn_days), Range.at_least(self.fail_days)
        return Verdict(judge(days, *ranges), text, data)

    def _days(self, certificate: Certificate) -> float:
        return (certificate.not_after - self.now).total_seconds() / 86400

    def _place(self, certificate: Certificate) -> str:
        """Return the place, and of certificates that are not the first there the name too."""
        if certificate == self.held[0]:
            return self.place
        return f'{self.place}: {role(1, certificate)} {certificate.name!r}'

    def _data(self, first: Certificate) -> Dict[str, Any]:
        return {
            'days_left': round(self._days(first), 3),
            'not_before': _stamp(first.not_before),
            'not_after': _stamp(first.not_after),
            'chain': [
                {
                    'subject': item.name,
                    'role': role(index, item),
                    'days_left': round(self._days(item), 3),
                    'needed': item in self.needed,
                }
                for index, item in enumerate(self.held[:_MOST_TOLD])
            ],
        }


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace('+00:00', 'Z')

"""Alertmanager, by its API v2: an alert stands as long as it is sent again.

A severity is a label, and by its labels Alertmanager knows an alert. So what got worse is another
one to it, and each request also ends those that the incident may have been before: nothing has to
be remembered for that, and one that Alertmanager does not know it drops.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from charm.kernel.deadline import Deadline
from charm.kernel.fields import format_time
from charm.kernel.report import Health

from ...config.channel_settings import AlertmanagerSettings
from .. import words
from ..notice import SEVERITIES, Notice
from .base import Clock, Delivery, utc_now
from .http import HttpDoor

# As many times the interval Prometheus lets pass before an alert ends by itself (its notifier).
_STANDS_FOR = 4
_PATH = '/api/v2/alerts'


@dataclass(frozen=True)
class AlertmanagerChannel:
    """Tells every member of a cluster; what one was told it does not pass on to the others."""

    settings: AlertmanagerSettings
    clock: Clock = utc_now

    @property
    def resend_seconds(self) -> float:
        return self.settings.resend_seconds

    def send(self, notice: Notice, deadline: Deadline) -> Delivery:
        """Send the alert to all; it is accepted if one took it, as the next time all are told."""
        body = json.dumps(alerts(notice, self.clock(), self.resend_seconds)).encode()
        door = HttpDoor(self.settings, self.clock)
        answers = door.post(self.settings.urls, _PATH, body, {}, deadline)
        told = '; '.join(dict.fromkeys(answer.answer for answer in answers))
        if any(answer.accepted for answer in answers):
            return Delivery.taken(told)
        if not any(answer.retryable for answer in answers):
            return Delivery.refused(told)
        waits = [one.retry_after_seconds for one in answers if one.retry_after_seconds is not None]
        return Delivery.later(told, min(waits, default=None))


def alerts(notice: Notice, now: datetime, resend_seconds: float) -> list[dict[str, Any]]:
    """Return the request: the alert as it stands, and an end of each that it may have been."""
    return list(_alerts(notice, now, resend_seconds))


def _alerts(notice: Notice, now: datetime, resend_seconds: float) -> Iterator[dict[str, Any]]:
    over = max(notice.since, notice.until or notice.at)
    others = {SEVERITIES[one] for one in Health if one is not Health.PASSED} - {notice.severity}
    for severity in (notice.severity, *sorted(others)):
        stands = severity == notice.severity and not notice.recovered
        ends = now + timedelta(seconds=_STANDS_FOR * resend_seconds) if stands else over
        alert: dict[str, Any] = {
            'labels': {**notice.labels, 'severity': severity},
            'annotations': _annotations(notice),
            'startsAt': format_time(notice.since),
            'endsAt': format_time(ends),
        }
        yield {**alert, 'generatorURL': notice.url} if notice.url else alert


def _annotations(notice: Notice) -> dict[str, str]:
    said = {
        'summary': words.subject(notice),
        'description': words.text(notice),
        'health': notice.health.value,
        'certainty': notice.certainty.value if notice.certainty else '',
        'incident': notice.incident,
        'victims': ', '.join(victim.service for victim in notice.victims),
    }
    return {name: value for name, value in said.items() if value}

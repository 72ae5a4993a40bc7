"""What a message says of an incident, as one value: all that any channel sends is made of it."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from charm.kernel.report import Health

from ..values.advice import Advice
from ..values.certainty import Certainty
from ..values.node import Node
from .topology import Topology


class NoticeKind(enum.Enum):
    """Why a message is sent."""

    FIRING = 'firing'
    CHANGED = 'changed'
    REMINDER = 'reminder'
    ESCALATION = 'escalation'
    RECOVERED = 'recovered'


Moment = Annotated[datetime, Meta(tz=True)]
_INCIDENT = re.compile(r'[A-Za-z0-9_-]{1,64}')
# What Prometheus's users call how bad something is. What nobody could look at is critical, as a
# target that is down or gone is to the generic rules of the Canonical Observability Stack.
SEVERITIES: Mapping[Health, str] = {
    Health.PASSED: 'info',
    Health.WARN: 'warning',
    Health.UNKNOWN: 'critical',
    Health.FAIL: 'critical',
}


@dataclass(frozen=True)
class Victim:
    """A service that is unwell because of the cause.

    Attributes:
        service: its name, as `ServiceHealth` has it.
        units: how many of its units are unwell.
    """

    service: str
    health: Health
    units: int = 0


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message about one incident.

    Attributes:
        incident: its id, the same in all its messages: letters, digits, `-` and `_`.
        number: which of its messages this is, from 1; sent once more it is the same.
        topology: where the cause is.
        cause: what it is.
        certainty: how sure it is that it is the cause; `None` where that is not told.
        health: of the cause; after a recovery, the worst that it was told to be.
        evidence: what was seen of the cause, one line.
        victims: sorted by name.
        since: when it began (UTC): the first bad look, not the first message.
        at: when this was found (UTC).
        until: when it ended (UTC); `None` while it lasts.
        changes: what changed shortly before it began, one line each, the latest first.
        advice: what to do next, the most promising first.
        own_labels: those that the operator gave to the cause's services.
        url: where to see more; empty for nowhere.

    Raises:
        ValueError: the incident's id is none, which goes into headers as it is.
    """

    incident: str
    number: int
    kind: NoticeKind
    topology: Topology
    cause: Node
    health: Health
    evidence: str
    since: Moment
    at: Moment
    certainty: Certainty | None = None
    until: Moment | None = None
    victims: tuple[Victim, ...] = ()
    changes: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    own_labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ''

    def __post_init__(self) -> None:
        if not _INCIDENT.fullmatch(self.incident):
            raise ValueError(f'{self.incident[:80]!r} is no id of an incident')

    @property
    def name(self) -> str:
        """Return what it is called wherever it is sent, by which who has it twice knows it."""
        return f'{self.incident}.{self.number}'

    @property
    def recovered(self) -> bool:
        """Return whether it is over."""
        return self.kind is NoticeKind.RECOVERED

    @property
    def severity(self) -> str:
        """Return how bad it is, in Prometheus's words."""
        return SEVERITIES[self.health]

    @property
    def lasted_seconds(self) -> float:
        """Return how long it lasted, or has lasted so far."""
        return max(0.0, ((self.until or self.at) - self.since).total_seconds())

    @property
    def labels(self) -> Mapping[str, str]:
        """Return what routes and other programs know it by; only `severity` ever changes."""
        return {
            **self.own_labels,
            **self.topology.labels,
            'alertname': f'JujuHealth{self.cause.kind.value.capitalize()}',
            'cause': str(self.cause),
            'severity': self.severity,
        }

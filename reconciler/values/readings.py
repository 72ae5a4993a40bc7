"""What a sweep knows: readings of units, the health of services, and the snapshot of a model."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from charm.kernel.report import CheckResult, Health, Report, State

from .advice import NO_ADVICE, Advice
from .certainty import Certainty
from .model import Model, Unit
from .node import Node
from .outcomes import SEEN, Depth
from .outcomes import Outcome as Outcome

# What Juju's word is called among a unit's checks, in output and by those who suppress it.
JUJU_STATUS = 'juju-status'


@dataclass(frozen=True)
class JujuWord:
    """What Juju says of a unit, or of an application, where that is more than that all is well.

    See `ceiling_table`.

    Attributes:
        says: its words, such as `error: hook failed: "config-changed"`.
        ceiling: the best that the health may be beside them.
        relaxed: what of them the operator has count otherwise, such as `blocked as warn`; or
            empty.
        seen: the health by what we saw alone.
    """

    says: str
    ceiling: Health
    relaxed: str = ''
    seen: Health = Health.UNKNOWN

    @property
    def alone(self) -> str:
        """Return what Juju says as one sentence, for a unit that nobody looked at."""
        return f'juju status says {self.says}{self._counted}'

    @property
    def of_application(self) -> str:
        """Return what the leader says of all its units together."""
        return f'Juju says of the whole application {self.says}{self._counted}'

    def beside(self, reading: Reading) -> str:
        """Return both sentences: what Juju says, and what was seen of the unit."""
        seen = reading.outcome in SEEN
        saw = reading.message if seen else f'nothing: {reading.message}'
        return f'Juju says {self.says}{self._counted}; we saw {saw}'

    @property
    def _counted(self) -> str:
        return f' (health.yaml counts {self.relaxed})' if self.relaxed else ''


@dataclass(frozen=True)
class Reading:
    """What a sweep knows of one unit.

    Attributes:
        unit: which.
        outcome: how asking it ended.
        health: what we saw: the report's, else `UNKNOWN`; once concluded, at best what Juju's
            word allows.
        qos: the report's, `None` without one.
        state: the report's, else derived from juju status.
        report: the unit's own words; `None` for every outcome but `REPORTED`.
        last: the report of a `STALE` reading, for display: it says how the unit was.
        age_seconds: how old that, or `report`, is; `None` if it cannot be told.
        message: one line: why there is no report, or juju's own message.
        hook: the path of the hook that answers for the unit; empty if none does.
        received_at: when the answer arrived, by our clock (UTC); `None` without one.
        made_at: when the unit made its report, by our clock (UTC); `None` without one, or if it
            cannot be told.
        duration_seconds: how long asking its machine took; `None` if it was not asked.
        attempts: how often its machine was asked.
        via: how it was got, such as `juju ssh, hook`, `juju ssh, agent`, `push`, or `juju status`.
        juju: what Juju says of it, where that counts; `None` before the sweep is concluded.
        advice: what the operator may do about it; false where there is nothing.
        evidence: how deep it was looked at; `None` before the sweep is concluded, and in one that
            was saved before this was told.
    """

    unit: Unit
    outcome: Outcome
    health: Health
    qos: float | None = None
    state: State | None = None
    report: Report | None = None
    message: str = ''
    hook: str = ''
    received_at: datetime | None = None
    duration_seconds: float | None = None
    attempts: int = 0
    via: str = ''
    last: Report | None = None
    age_seconds: float | None = None
    made_at: datetime | None = None
    juju: JujuWord | None = None
    advice: Advice = NO_ADVICE
    evidence: Depth | None = None

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """Return the report's checks, and beside them Juju's word as one more where it counts.

        Empty without a report, or where that has no checks: then the message says it all.
        """
        own = self.report.checks if self.report else ()
        if self.juju is None or not own:
            return own
        return (*own, CheckResult(JUJU_STATUS, self.juju.ceiling, message=self.message))


@dataclass(frozen=True)
class Coverage:
    """How much of what was expected is known; the counts after `expected` add up to it.

    Attributes:
        expected: units that juju status names, or the wanted scale if that is more.
        reported: those with a readable report that is fresh, or vouched for by another's.
        no_hook: those that ship no health hook; juju status speaks for them.
        unreachable: those whose machine, key or controller kept us from asking.
        invalid: those whose hook or agent was missing, broken, overran, or gave no report.
        missing: those without a machine, or that do not exist yet.
        stale: those whose last report is too old to say anything.
        probed: those without a hook whose machine and agent were looked at.
    """

    expected: int = 0
    reported: int = 0
    no_hook: int = 0
    unreachable: int = 0
    invalid: int = 0
    missing: int = 0
    stale: int = 0
    probed: int = 0

    @property
    def seen(self) -> int:
        """Return how many were looked at, by whatever."""
        return self.reported + self.probed


class Role(enum.Enum):
    """What an unwell service is to the others."""

    CAUSE = 'cause'
    VICTIM = 'victim'
    UNEXPLAINED = 'unexplained'


@dataclass(frozen=True)
class Blame:
    """Why a service is unwell, as far as what it depends on tells.

    Attributes:
        role: whether it is a cause, a victim, or neither.
        path: from what it depends on directly to the cause, such as mysql and machine 3; empty
            for all but victims.
        reason: the evidence, one line.
        certainty: how sure the role is: of a path, as its weakest step; `None` of what nothing
            explains, and in sweeps that were saved before this was told.
    """

    role: Role
    path: tuple[Node, ...] = ()
    reason: str = ''
    certainty: Certainty | None = None


@dataclass(frozen=True)
class Cause:
    """What explains other troubles, or at least its own.

    Attributes:
        node: what it is.
        health: its own.
        message: the evidence, one line.
        victims: the services it explains, sorted.
        certainty: how sure it is that this is one; `None` as in `Blame`.
    """

    node: Node
    health: Health
    message: str = ''
    victims: tuple[str, ...] = ()
    certainty: Certainty | None = None


@dataclass(frozen=True)
class Suppression:
    """What an operator said of a trouble: planned, or known. It never changes a health.

    Attributes:
        kind: `maintenance` or `acknowledged`.
        target: the service, unit, machine or check it is for, as the operator wrote it.
        reason: why.
        until: when it ends (UTC).
        by: who said so; empty if unsaid.
    """

    kind: str
    target: str
    reason: str
    until: datetime
    by: str = ''


@dataclass(frozen=True)
class ServiceHealth:
    """One service's collated health.

    Attributes:
        name: the application.
        health, qos, state: each rolled up by its own rule; see `collate`.
        rule, because: the rule that gave the health, in words, and how it came to it.
        coverage: how many units stand behind it.
        readings: its units' readings, in unit order.
        message: one line: the most telling message behind the health.
        blame: what it is to other troubles; `None` for a service that is well.
        suppressed: what operators said that covers all of its troubles; empty if nothing does.
        juju: what Juju says of the application, where that counts for more than its units.
        alerting: who was told of its trouble, or why nobody is; empty where that is not known.
    """

    name: str
    health: Health
    qos: float | None = None
    state: State | None = None
    rule: str = 'worst'
    coverage: Coverage = field(default_factory=Coverage)
    readings: tuple[Reading, ...] = ()
    message: str = ''
    because: str = ''
    blame: Blame | None = None
    suppressed: tuple[Suppression, ...] = ()
    juju: JujuWord | None = None
    alerting: str = ''


@dataclass(frozen=True)
class ViewHealth:
    """A business service: applications, or other views, under a rule of its own.

    Attributes:
        name: the operator's.
        health: by its rule.
        rule, because: as in `ServiceHealth`.
        qos: the lowest that a member gave.
        members: the names of its services and views, as configured.
    """

    name: str
    health: Health
    rule: str = 'worst'
    because: str = ''
    qos: float | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """One sweep's result: everything a renderer needs.

    Attributes:
        model: the inventory it was made from.
        services: every selected service, problems first.
        health: the worst of the services'; `UNKNOWN` if there are none.
        started_at: when the sweep began (UTC).
        duration_seconds: how long it took.
        complete: `False` if the deadline or the operator ended it before every unit was asked.
        faults: what went wrong with the sweep itself, one line each.
        causes: what explains the troubles, the one with the most victims first.
        views: the operator's views, in the order of the configuration.
        notes: what the operator has count otherwise, so that nobody is misled by it.
        ceiling: the best that the health may be by what Juju says of the model itself.
    """

    model: Model
    services: tuple[ServiceHealth, ...]
    health: Health
    started_at: datetime
    duration_seconds: float
    complete: bool = True
    faults: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    views: tuple[ViewHealth, ...] = ()
    notes: tuple[str, ...] = ()
    ceiling: Health = Health.PASSED

    def readings(self) -> tuple[Reading, ...]:
        """Return every unit's reading, service by service."""
        return tuple(reading for service in self.services for reading in service.readings)

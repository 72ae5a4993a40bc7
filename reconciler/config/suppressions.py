"""What operators said of troubles: planned or known. It annotates; no health ever changes by it.

A service counts as suppressed only if every one of its troubles is covered, so that a planned
outage of one unit hides nothing of another, and a known full disk hides no dead database.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from charm.kernel.report import Health

from ..values.model import Model, machine_chain
from ..values.readings import JUJU_STATUS, Outcome, Reading, ServiceHealth, Suppression

MAINTENANCE = 'maintenance'
ACKNOWLEDGED = 'acknowledged'
# What stands for a check where a unit did not report; `juju-status` is what juju says of it.
NO_REPORT = 'no-report'


@dataclass(frozen=True)
class SuppressionEntry:
    """A planned outage or a known trouble, as an operator said it.

    Attributes:
        kind: `maintenance` or `acknowledged`.
        target: a service, unit, machine (with the containers in it), or a glob of these.
        until: when it ends (UTC).
        reason: why.
        check: the name or glob of the checks it is for, such as `no-report` or `juju-status`,
            which stand for those of a silent unit; empty for whatever may be wrong.
        start: when it begins (UTC); `None` if it began when it was said.
        by: who said so; empty if unsaid.
        model: the models it is for: a name, `controller:name`, or a glob; empty for all.
        id: by which it can be cleared; empty for one from the configuration.
    """

    kind: str
    target: str
    until: datetime
    reason: str
    check: str = ''
    start: datetime | None = None
    by: str = ''
    model: str = ''
    id: str = ''

    @property
    def written(self) -> str:
        """Return the target as the operator writes it, with its check."""
        return f'{self.target}:{self.check}' if self.check else self.target

    @property
    def about(self) -> tuple[str, str, str, datetime | None]:
        """Return what it is about: said again of the same, the newest counts, and that alone."""
        return self.kind, self.written, self.model, self.start

    def is_active(self, now: datetime) -> bool:
        """Return whether it holds at `now`; the end itself is outside."""
        return (self.start is None or self.start <= now) and now < self.until

    def state(self, now: datetime) -> str:
        """Return `planned`, `active` or `ended`."""
        if self.until <= now:
            return 'ended'
        return 'active' if self.is_active(now) else 'planned'

    def is_for(self, model: Model) -> bool:
        """Return whether it is meant for this model."""
        return not self.model or model.is_meant_by(self.model)

    @property
    def suppression(self) -> Suppression:
        """Return what is shown of it."""
        return Suppression(self.kind, self.written, self.reason, self.until, self.by)


@dataclass(frozen=True)
class SuppressibleTrouble:
    """A trouble of a service, with all names that can cover it.

    Attributes:
        unit: empty for units that are wanted and do not exist.
        machines: the unit's machine, and those that it is a container of.
        check: the name of the check; `no-report`, `juju-status`, or empty if a report has no check
            that is unwell, though it is.
    """

    service: str
    unit: str = ''
    machines: tuple[str, ...] = ()
    check: str = ''


def without_repeated(
    entries: Sequence[SuppressionEntry], now: datetime
) -> tuple[SuppressionEntry, ...]:
    """Return the entries, the newest last, without those that were said anew before they ended."""
    newest = {entry.about: entry for entry in entries}
    return tuple(entry for entry in entries if entry.until <= now or newest[entry.about] is entry)


def annotate(
    services: Sequence[ServiceHealth],
    model: Model,
    entries: Sequence[SuppressionEntry],
    now: datetime,
) -> tuple[ServiceHealth, ...]:
    """Return the services, with what covers all their troubles where something does."""
    holding = [entry for entry in entries if entry.is_active(now) and entry.is_for(model)]
    # Here those of one target cover the same, whatever model each was said of; the newest is told.
    active = list({(entry.kind, entry.written): entry for entry in holding}.values())
    if not active:
        return tuple(services)
    return tuple(
        replace(service, suppressed=_suppressions(service, model, active))
        if service.health is not Health.PASSED
        else service
        for service in services
    )


def _suppressions(
    service: ServiceHealth, model: Model, active: Sequence[SuppressionEntry]
) -> tuple[Suppression, ...]:
    used: set[SuppressionEntry] = set()
    for trouble in troubles(service, model):
        covering = [entry for entry in active if covers(entry.written, trouble)]
        if not covering:
            return ()
        used.update(covering)
    return tuple(entry.suppression for entry in active if entry in used)


def is_covered(service: ServiceHealth, model: Model, kinds: Collection[str]) -> bool:
    """Return whether its suppressions of these kinds alone cover all of its troubles."""
    targets = [
        suppression.target for suppression in service.suppressed if suppression.kind in kinds
    ]
    return bool(targets) and all(
        any(covers(target, trouble) for target in targets) for trouble in troubles(service, model)
    )


def covers(written: str, trouble: SuppressibleTrouble) -> bool:
    """Return whether a target as the operator writes it, with its check, is about this trouble."""
    target, _, check = written.removeprefix('machine ').partition(':')
    names = [trouble.service, trouble.unit, *trouble.machines]
    if not any(name and fnmatch.fnmatchcase(name, target) for name in names):
        return False
    return not check or fnmatch.fnmatchcase(trouble.check, check)


def troubles(service: ServiceHealth, model: Model) -> Iterator[SuppressibleTrouble]:
    """Yield all that is wrong with the service: each unit's unwell checks, or its silence."""
    for reading in service.readings:
        if reading.health is not Health.PASSED:
            machines = tuple(machine_chain(model.machines, reading.unit.machine))
            for check in _unwell_checks(reading):
                yield SuppressibleTrouble(service.name, reading.unit.name, machines, check)
    if service.juju is not None:
        yield SuppressibleTrouble(service.name, '', (), JUJU_STATUS)
    if service.coverage.expected > len(service.readings) or not service.readings:
        yield SuppressibleTrouble(service.name, check=NO_REPORT)


def _unwell_checks(reading: Reading) -> list[str]:
    if reading.outcome is not Outcome.REPORTED or reading.report is None:
        # Of one without a report only juju can have seen a failure, such as a failed hook.
        vouched = reading.outcome is Outcome.VOUCHED
        failed = vouched or reading.health is Health.FAIL
        return [*([] if vouched else [NO_REPORT]), *([JUJU_STATUS] if failed else [])]
    return [check.name for check in reading.checks if check.health is not Health.PASSED] or ['']

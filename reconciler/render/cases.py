"""What the formats for other programs share: safe text, the verdict, and one case per check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from charm.kernel.report import Health, worst
from reconciler.values.readings import ServiceHealth, Snapshot
from reconciler.values.words import counted

from .base import rows
from .base import safe as safe
from .meaning import remarks, rule_text


def model_name(snapshot: Snapshot) -> str:
    """Return `controller:model`, or as much of it as is known."""
    return safe(snapshot.model.title, 200) or 'model'


def overall_health(snapshot: Snapshot) -> Health:
    """Return the health that the exit code stands for: at best `UNKNOWN` if incomplete."""
    return snapshot.health if snapshot.complete else worst((snapshot.health, Health.UNKNOWN))


def not_well(snapshot: Snapshot) -> tuple[ServiceHealth, ...]:
    """Return the services that did not pass, in the snapshot's order."""
    return tuple(service for service in snapshot.services if service.health is not Health.PASSED)


def tally(snapshot: Snapshot) -> str:
    """Return how many services are how well, as one sentence without its full stop."""
    total = len(snapshot.services)
    if not total:
        return 'no services'
    counts = [(sum(o.health is health for o in snapshot.services), health) for health in Health]
    if counts[0][0] == total:
        return f'all {total} services passed' if total > 1 else 'the service passed'
    unwell = [f'{count} {health.value}' for count, health in reversed(counts[1:]) if count]
    return f'{", ".join(unwell)} of {counted(total, "service")}'


@dataclass(frozen=True)
class CheckCase:
    """One question with its answer, as a test report shows it.

    Attributes:
        service: the application.
        unit: who was asked; empty for the service as a whole.
        name: the check; for a unit without a report how asking it ended; or `service`.
        health: the answer.
        message: one safe line; may be empty.
        advice: what the operator may do; may be empty.
        seconds: how long it took, `None` if nobody measured.
        tolerated: it did not pass, but the service did, by its rule.
    """

    service: str
    unit: str
    name: str
    health: Health
    message: str = ''
    advice: str = ''
    seconds: float | None = None
    tolerated: bool = False


def cases(service: ServiceHealth) -> Iterator[CheckCase]:
    """Yield the service's verdict, then every check of every unit.

    A unit without a report, or with an empty one, is one case. All cases pass, or are tolerated,
    exactly where the service passed.
    """
    name = safe(service.name, 200)
    rule = rule_text(service)
    message = safe(service.message)
    told = '; '.join([f'{message} ({rule})' if message else rule, *remarks(service)])
    yield CheckCase(name, '', 'service', service.health, told)
    for row in rows(service):
        reading, check = row.reading, row.check
        yield CheckCase(
            name,
            safe(reading.unit.name, 200),
            safe(row.what, 200),
            row.health,
            safe(row.message),
            '' if check else safe(str(reading.advice)),
            check.duration if check else reading.duration_seconds,
            tolerated=service.health is Health.PASSED and row.health is not Health.PASSED,
        )

"""Fold what is alike: many services or units of which the same is to be said take one line.

A model of a thousand units has six that fail; who looks for ten seconds has to see those.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from charm.kernel.names import service_of
from charm.kernel.report import Health
from reconciler.values.readings import Coverage, Outcome, Reading, ServiceHealth, Snapshot
from reconciler.values.words import counted, fold_units

from .base import TableRow, findings
from .blame import because_of
from .options import RenderOptions

# So many lines are read as fast as one that stands for them.
_FEW = 3
# In a model of more services those that passed are one line.
_MOST_SERVICES = 20
_MOST_NAMED = 8


@dataclass(frozen=True)
class ServiceLine:
    """The line of a service, or of several that are alike."""

    services: tuple[ServiceHealth, ...]

    @property
    def first(self) -> ServiceHealth:
        """Return the service, or one that stands for them all."""
        return self.services[0]

    @property
    def name(self) -> str:
        """Return the service's name, or how many there are."""
        return self.first.name if len(self.services) == 1 else f'{len(self.services)} services'

    @property
    def coverage(self) -> Coverage:
        """Return how many units there are, and how many of them reported."""
        each = [service.coverage for service in self.services]
        return Coverage(
            expected=sum(one.expected for one in each),
            reported=sum(one.reported for one in each),
            stale=sum(one.stale for one in each),
            probed=sum(one.probed for one in each),
        )

    @property
    def message(self) -> str:
        """Return the service's message, or what all of them have in common."""
        seen = self.first.health is Health.PASSED and not _nobody_looked(self.first)
        return '' if len(self.services) > 1 and seen else self.first.message


def service_lines(
    services: Sequence[ServiceHealth], options: RenderOptions
) -> tuple[ServiceLine, ...]:
    """Return the lines of the services, in order; those that are alike come where the last is."""
    alike: dict[Hashable, list[ServiceHealth]] = {}
    for service in services:
        alike.setdefault(_likeness(service, len(services)), []).append(service)
    folded = (
        {}
        if options.everything
        else {
            key: tuple(many) for key, many in alike.items() if key is not None and len(many) > _FEW
        }
    )
    lines = []
    for service in services:
        many = folded.get(_likeness(service, len(services)), (service,))
        if service is many[-1]:
            lines.append(ServiceLine(many))
    return tuple(lines)


def _likeness(service: ServiceHealth, count: int) -> Hashable:
    """Return what services have in common that are alike; `None` for one that is like no other."""
    if service.suppressed or service.juju or because_of(service):
        return None
    if service.coverage.missing or any(
        reading.health is not Health.PASSED and not _is_silent(reading)
        for reading in service.readings
    ):
        # What one of its units has to say is not the others'.
        return None
    if service.health is Health.PASSED:
        by_word = _nobody_looked(service)
        return ('passed', by_word and service.message) if count > _MOST_SERVICES else None
    if service.health is Health.UNKNOWN and _nobody_looked(service):
        return service.message, service.state.name if service.state else None
    return None


def _is_silent(reading: Reading) -> bool:
    return reading.outcome is Outcome.NOT_SHIPPED and reading.health is Health.UNKNOWN


def _nobody_looked(service: ServiceHealth) -> bool:
    outcomes = {reading.outcome for reading in service.readings}
    return outcomes == {Outcome.NOT_SHIPPED}


@dataclass(frozen=True)
class FindingLine:
    """The line of what was found of some units, all the same."""

    row: TableRow
    units: tuple[str, ...]

    @property
    def whom(self) -> str:
        """Return the units, or only how many if they are of many services."""
        return whom(self.units)


def found_of(service: ServiceHealth, options: RenderOptions) -> tuple[FindingLine, ...]:
    """Return what is wrong with a service's units, the worst first; each line for all it is of."""
    found: dict[tuple[Health, str, str], tuple[TableRow, list[str]]] = {}
    for row in findings(service, options.unit_detail):
        key = (row.health, row.what, row.message)
        found.setdefault(key, (row, []))[1].append(row.reading.unit.name)
    return tuple(FindingLine(row, tuple(units)) for row, units in found.values())


def finding_lines(snapshot: Snapshot, options: RenderOptions) -> tuple[FindingLine, ...]:
    """Return what is wrong with units, the worst first; with `unit_detail` all that was found.

    Units of many services of which the same is not known are one line.
    """
    lines = [line for service in snapshot.services for line in found_of(service, options)]
    if options.unit_detail:
        return tuple(lines)
    if not options.everything:
        lines = _folded(lines)
    if not options.blame:
        lines.sort(key=lambda line: -line.row.health.rank)
    return tuple(lines)


def _folded(lines: list[FindingLine]) -> list[FindingLine]:
    alike: dict[Hashable, list[FindingLine]] = {}
    for line in lines:
        row = line.row
        silent = row.check is None and row.health is Health.UNKNOWN
        key: Hashable = (row.what, row.message) if silent else id(line)
        alike.setdefault(key, []).append(line)
    folded: list[FindingLine] = []
    for many in alike.values():
        units = tuple(unit for line in many for unit in line.units)
        folded += many if len(many) <= _FEW else [FindingLine(many[0].row, units)]
    return folded


def whom(units: Sequence[str]) -> str:
    """Return the units, or only how many if they are of many services."""
    services = {service_of(unit) for unit in units}
    if len(services) <= _MOST_NAMED:
        return fold_units(units)
    return f'{counted(len(units), "unit")} of {len(services)} services'

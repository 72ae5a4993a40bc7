"""What a unit's report tells of who made it: the subordinate that reports for it works.

Where nothing but agents' reports counts, a health charm's own units would be unknown for ever, as
agents report for their principals. That it is one of theirs is evidence of the subordinate itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from charm.kernel.report import Health

from ..values.advice import NO_ADVICE
from ..values.model import Unit
from ..values.readings import Outcome, Reading

# All that says no more than that nobody gave a report of its own.
_SILENT = {Outcome.NOT_PUSHED, Outcome.NO_AGENT, Outcome.NOT_SAVED}


def vouched(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Return the readings, each silent unit's that made a fresh report of its principal amended.

    None of the principal's checks are its own; what Juju says of it counts in `conclude`.
    """
    return {name: _of_reporter(reading, readings) for name, reading in readings.items()}


def _of_reporter(own: Reading, readings: Mapping[str, Reading]) -> Reading:
    principal = readings.get(own.unit.principal)
    if own.outcome not in _SILENT or principal is None:
        return own
    # One that is stale has no report, but a last one.
    report = principal.report
    if report is None or report.reporter is None or report.reporter.unit != own.unit.name:
        return own
    return replace(
        own,
        outcome=Outcome.VOUCHED,
        health=Health.PASSED,
        message=f'reports for {principal.unit.name}',
        via=principal.via,
        received_at=principal.received_at,
        made_at=principal.made_at,
        age_seconds=principal.age_seconds,
        advice=NO_ADVICE,
    )


def principals(units: Iterable[Unit], known: Iterable[Unit]) -> tuple[Unit, ...]:
    """Return the principals of the units which are not among them, as far as they are known."""
    chosen = tuple(units)
    names = {unit.principal for unit in chosen} - {unit.name for unit in chosen}
    return tuple(unit for unit in known if unit.name in names)

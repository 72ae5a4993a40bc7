"""From the evidence of one sweep to its snapshot: pure, the same for a live sweep and a replay."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from charm.report import worst

from . import collate
from .causes import explain_causes
from .model import Application, Model
from .readings import Reading, Snapshot


@dataclass(frozen=True)
class Evidence:
    """What one sweep brought together.

    Attributes:
        model: the inventory.
        readings: by unit, of every unit that was selected.
        started_at: when the sweep began (UTC).
        duration_seconds: how long it took.
        complete: whether every machine was waited for.
    """

    model: Model
    readings: Mapping[str, Reading]
    started_at: datetime
    duration_seconds: float
    complete: bool = True


def conclude(evidence: Evidence, patterns: Sequence[str] = ()) -> Snapshot:
    """Return the snapshot: every service that the patterns select, judged and explained."""
    services = collate.problems_first(
        collate.collate(
            application,
            [evidence.readings[u.name] for u in application.units if u.name in evidence.readings],
        )
        for application in _shown(evidence, patterns)
    )
    services, causes = explain_causes(evidence.model, services)
    return Snapshot(
        model=evidence.model,
        services=services,
        health=worst(service.health for service in services),
        started_at=evidence.started_at,
        duration_seconds=evidence.duration_seconds,
        complete=evidence.complete,
        faults=evidence.model.faults,
        causes=causes,
    )


def _shown(evidence: Evidence, patterns: Sequence[str]) -> list[Application]:
    """Return the applications to show; one that was chosen in part expects no more than that."""
    chosen = {reading.unit.application for reading in evidence.readings.values()}
    shown = []
    for name, application in evidence.model.applications.items():
        whole = not patterns or any(fnmatch.fnmatchcase(name, p) for p in patterns)
        if whole:
            shown.append(application)
        elif name in chosen:
            shown.append(replace(application, scale=None))
    return shown

"""From the evidence of one sweep to its snapshot: pure, the same for a live sweep and a replay."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from charm.kernel.report import Health, worst

from ..causes.cause_or_victim import explain_causes
from ..causes.graph import DeclaredDependencies
from ..config.settings import NOTHING, Config, Expectation
from ..config.suppressions import SuppressionEntry, annotate
from ..config.unknown_names import unmatched, unused
from ..values.model import Application, Model
from ..values.readings import Reading, ServiceHealth, Snapshot
from .cap_by_juju import Policy, capped, capped_service
from .collate import choose, collate, problems_first
from .disagreements import disagreements
from .expectations import notes, taken, with_depth, without_units
from .leaving import going, told_of
from .model_words import words_of_model
from .views import judge_views


@dataclass(frozen=True)
class Evidence:
    """What one sweep brought together.

    Attributes:
        model: the inventory.
        readings: by unit, of every unit that was selected.
        started_at: when the sweep began (UTC).
        duration_seconds: how long it took.
        complete: whether every machine was waited for.
        faults: what was found beside the readings, one line each.
    """

    model: Model
    readings: Mapping[str, Reading]
    started_at: datetime
    duration_seconds: float
    complete: bool = True
    faults: tuple[str, ...] = ()


def conclude(
    evidence: Evidence,
    patterns: Sequence[str] = (),
    config: Config = NOTHING,
    suppressions: Sequence[SuppressionEntry] = (),
) -> Snapshot:
    """Return the snapshot: every service that the patterns select, judged and explained.

    `suppressions` are what operators said beside the configuration; whether one holds is judged
    by when the sweep began, so that a replay tells what the sweep told.
    """
    model, own = evidence.model, config.for_model(evidence.model)
    at = evidence.started_at
    # Once for each application, since globs are matched for it: units are many.
    expected = {name: own.expect(name) for name in model.applications}
    counted = {name: own.juju(name) for name in model.applications}
    known = _judged(evidence, expected, counted)
    nothing = [name for name, one in expected.items() if one is Expectation.NOTHING]
    unwanted = [] if patterns else nothing
    shown, removed = _staying(evidence, known, _shown(evidence, patterns, unwanted))
    left_out = [*unwanted, *removed]
    judged, faults = [], []
    for application, whole in shown:
        name = application.name
        readings = [known[unit.name] for unit in application.units if unit.name in known]
        choice = choose(name, readings, own.rollup(name), whole)
        seen = collate(application, readings, choice, model.machines)
        seen = without_units(seen, application, expected[name])
        # What is said of all of it is no word about a part.
        judged.append(capped_service(seen, model, counted[name], at) if whole else seen)
        faults += [choice.fault] if choice.fault else []
    declared = DeclaredDependencies(own.requires(model), own.any_of(model), own.provides(model))
    services, causes = explain_causes(model, problems_first(judged), declared)
    entries = (*own.maintenance, *suppressions)
    words = words_of_model(model, not patterns, at)
    said = [word.says for word in words]
    ceiling = worst([Health.PASSED, *(word.ceiling for word in words)])
    unasked = model.applications.keys() - {a.name for a, whole in shown if whole} - {*left_out}
    return Snapshot(
        model=model,
        services=annotate(services, model, entries, at),
        health=worst((worst(service.health for service in services), ceiling)),
        started_at=at,
        duration_seconds=evidence.duration_seconds,
        complete=evidence.complete and not model.outdated,
        faults=(*model.faults, *said, *evidence.faults, *faults, *unmatched(entries, model, at)),
        causes=causes,
        views=judge_views(own.views, services, unasked, left_out),
        notes=_notes(model, config, services, unwanted) + told_of(model, known, removed, at),
        ceiling=ceiling,
    )


def _notes(
    model: Model, config: Config, services: Sequence[ServiceHealth], left_out: Sequence[str]
) -> tuple[str, ...]:
    """Return what is worth a line, and no fault."""
    counted = notes(services, left_out)
    return (*model.notes, *counted, *disagreements(services), *unused(config, model))


def _judged(
    evidence: Evidence, expected: Mapping[str, Expectation], counted: Mapping[str, Policy]
) -> dict[str, Reading]:
    """Return what is known of each unit, by what its service has to show, and Juju says."""
    known = {}
    for name, reading in evidence.readings.items():
        service = reading.unit.application
        found = taken(with_depth(reading), expected[service])
        known[name] = capped(found, evidence.model, counted[service], evidence.started_at)
    return known


def _shown(
    evidence: Evidence, patterns: Sequence[str], unwanted: Sequence[str]
) -> list[tuple[Application, bool]]:
    """Return the applications to show, and whether all of each was chosen.

    One that was chosen in part expects no more than that.
    """
    chosen = {reading.unit.application for reading in evidence.readings.values()}
    shown = []
    for name, application in evidence.model.applications.items():
        if not patterns or any(fnmatch.fnmatchcase(name, p) for p in patterns):
            shown.append((application, True))
        elif name in chosen:
            units = tuple(u for u in application.units if u.name in evidence.readings)
            shown.append((replace(application, scale=None, units=units), False))
    return [pair for pair in shown if pair[0].name not in unwanted]


def _staying(
    evidence: Evidence, known: Mapping[str, Reading], shown: list[tuple[Application, bool]]
) -> tuple[list[tuple[Application, bool]], list[str]]:
    """Return those of the applications that stay, and the names of those that Juju removes."""
    removed = going(evidence.model, known, [application.name for application, _ in shown])
    return [pair for pair in shown if pair[0].name not in removed], removed

"""A sweep over what was saved: the same conclusions from a status file and reports, later."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from charm.kernel import report_json

from ..ask.errands import UnitRequest, plan_errands
from ..ask.frames import UnitAnswer
from ..collect.interpret import read_answer, silent_reading
from ..collect.removed_units import absent, strangers
from ..collect.reporter_evidence import vouched
from ..config.settings import NOTHING, Config
from ..judge.conclude import Evidence, conclude
from ..sweeps.one_model import select
from ..values.errors import StatusError, UsageError
from ..values.model import Model, Unit
from ..values.readings import Outcome, Reading, Snapshot
from ..values.words import duration_text
from .support_archive import (
    FoundReport,
    Unread,
    files_in,
    is_status,
    newest,
    read_status,
    reports_in,
    told,
)

VIA = 'replay'
_FOR_PROGRAMS = re.compile('json|ya?ml')


@dataclass(frozen=True)
class SavedSweep:
    """What was found.

    Attributes:
        model: the inventory.
        reports: each unit's newest report.
        faults: what cannot be read, one line for each file.
    """

    model: Model
    reports: Mapping[str, FoundReport]
    faults: tuple[str, ...] = ()

    def taken_at(self) -> datetime:
        """Return the newest moment that anything in it tells of: it was saved then, or later.

        The epoch if nothing in it has a time.
        """
        moments = [report.made_at for report in self.reports.values()]
        return max([*moments, self.model.newest_time() or datetime.fromtimestamp(0, timezone.utc)])


def find(places: Sequence[Path], status_file: Path | None = None, model: str = '') -> SavedSweep:
    """Return what the places hold: the status document, unless it is given, and all reports.

    Args:
        places: files and directories.
        status_file: the status document.
        model: which model, as `name` or `controller:name`, where several are found.

    Raises:
        UsageError: there is no status document, or several models and none was chosen.
        StatusError: the document that was given is none, or none that is named so can be read.
    """
    models: dict[str, Model] = {}
    broken: dict[Path, StatusError] = {}
    found: list[FoundReport] = []
    unread: list[Unread] = []
    for path in files_in(places):
        for report in reports_in(path):
            if isinstance(report, Unread):
                unread.append(report)
            else:
                found.append(report)
        if status_file is None and is_status(path):
            try:
                one = read_status(path)
            except StatusError as error:
                broken[path] = error
                continue
            models[f'{one.controller}:{one.name}'] = one
    if broken and not models and status_file is None:
        raise next(iter(broken.values()))
    chosen = read_status(status_file) if status_file else _choose(models, model, places)
    # Beside those that programs read, archives keep the tables that people read.
    faults = [str(error) for path, error in broken.items() if _FOR_PROGRAMS.search(path.name)]
    return SavedSweep(chosen, newest(found), (*faults, *told(unread)))


def _choose(models: Mapping[str, Model], wanted: str, places: Sequence[Path]) -> Model:
    fitting = {
        name: model for name, model in models.items() if not wanted or wanted in (name, model.name)
    }
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if not models:
        listed = ', '.join(str(place) for place in places) or 'nothing'
        raise UsageError(
            f'cannot find a juju status document in {listed}: name it with --status FILE'
        )
    known = ', '.join(sorted(models))
    if fitting:
        raise UsageError(f'cannot choose between several models: --model with one of {known}')
    raise UsageError(f'cannot find the model {wanted!r}: there are {known}')


def replay(
    saved: SavedSweep,
    patterns: Sequence[str],
    at: datetime,
    max_age_seconds: float,
    config: Config = NOTHING,
) -> Snapshot:
    """Return what a sweep at the moment `at` would have concluded from this.

    A report that is older than `max_age_seconds` then tells nothing of then.

    Raises:
        UsageError: a pattern names nothing in the model.
    """
    units = select(saved.model, patterns)
    asked = {
        one.unit.name: one
        for errand in plan_errands(saved.model, units, 0.0)
        for one in errand.asked
    }
    oldest = at - timedelta(seconds=max_age_seconds)
    readings = {
        unit.name: _reading(saved, unit, asked.get(unit.name), at, oldest) for unit in units
    }
    readings = vouched(readings)
    without = absent(saved.model, saved.reports)
    faults = (*saved.faults, *([strangers(without)] if without else []))
    return conclude(Evidence(saved.model, readings, at, 0.0, faults=faults), patterns, config)


def _reading(
    saved: SavedSweep, unit: Unit, asked: UnitRequest | None, at: datetime, oldest: datetime
) -> Reading:
    model = saved.model
    if asked is None:
        return silent_reading(model, unit, Outcome.UNASSIGNED, '', at)
    found = saved.reports.get(unit.name)
    if found is None:
        outcome = Outcome.NOT_SAVED if asked.shipped else Outcome.NOT_SHIPPED
        return silent_reading(model, unit, outcome, '', at, asked.request.path)
    if found.made_at < oldest:
        age = duration_text((at - found.made_at).total_seconds())
        message = f'its last report here was {age} old already: {found.source.name}'
        return silent_reading(model, unit, Outcome.NOT_SAVED, message, at, asked.request.path)
    answer = UnitAnswer(report_json.encode(found.report).encode(), exit_code=0, complete=True)
    return read_answer(model, asked, answer, f'{VIA}, {found.source.name}', found.made_at)

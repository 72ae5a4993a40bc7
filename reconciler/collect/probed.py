"""From what looked at a machine to the readings of those on it that ship no health hook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from charm.kernel import report_json
from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.kernel.errors import ReportError
from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health, Report
from charm.kernel.safe_text import clean

from ..ask import frames
from ..ask.frames import UnitAnswer
from ..reach.base import last_line
from ..values.advice import NO_ADVICE
from ..values.freshness import MAX_AGE_SECONDS, DatedReport
from ..values.model import Model, Unit
from ..values.outcomes import Outcome, advise
from ..values.readings import Reading
from ..values.words import counted
from .agent_checks import AGENT, AGENTS, HOOKS, checks_of
from .interpret import dated_reading

_UNASKED = '; its machine could not be looked at: '
_NO_PYTHON = 'there is no python3'


def probed(
    model: Model, reading: Reading, answer: UnitAnswer | None, via: str, now: datetime
) -> Reading:
    """Return the reading of a unit without a hook, by what looked at its machine.

    It stays as it is where nothing looked; where something tried to, it says why that came to
    nothing. Every other reading stays as it is.
    """
    if reading.outcome is not Outcome.NOT_SHIPPED or answer is None:
        return reading
    try:
        report = report_json.decode(answer.stdout.strip())
    except ReportError as error:
        reason = _why_not(answer, error)
        return replace(reading, message=f'{reading.message}{_UNASKED}{reason}')
    unit, seen = reading.unit, {check.name: check for check in report.checks}
    of_all = [check for check in report.checks if check.name not in (AGENTS, HOOKS)]
    own = _made(unit, (*checks_of(unit, seen, _where(model, unit)), *of_all), report)
    return _reading(model, unit, own, via, now)


def as_its_neighbours(model: Model, readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Return the readings, each probed one with what a report from its machine says of that.

    What such a report says of the machine counts for all that are on it: on a unit operators set
    what is checked there, and how.
    """
    said: dict[str, list[CheckResult]] = {}
    for reading in readings.values():
        place = reading.unit.machine
        if reading.outcome is Outcome.REPORTED and reading.report and place and place not in said:
            of_machine = [one for one in reading.report.checks if one.name in BUILT_IN_CHECKS]
            if of_machine:
                said[place] = of_machine
    return {
        name: _as_told(model, reading, said[reading.unit.machine])
        if reading.outcome is Outcome.PROBED and reading.unit.machine in said
        else reading
        for name, reading in readings.items()
    }


def _as_told(model: Model, reading: Reading, told: Sequence[CheckResult]) -> Reading:
    report, received_at = reading.report, reading.received_at
    if report is None or received_at is None:
        return reading
    own = [check for check in report.checks if check.name not in BUILT_IN_CHECKS]
    made = _made(reading.unit, (*own, *told), report)
    return _reading(model, reading.unit, made, reading.via, received_at)


def _made(unit: Unit, checks: Iterable[CheckResult], like: Report) -> Report:
    dates: dict[str, Any] = {'boot_id': like.boot_id, 'reported_at': like.reported_at}
    return make_report(unit.application, unit.name, checks, **dates)


def _reading(model: Model, unit: Unit, report: Report, via: str, received_at: datetime) -> Reading:
    came = DatedReport(report, received_at, via=via)
    reading = dated_reading(model, unit, came, received_at, MAX_AGE_SECONDS)
    well = f'its agent runs, and its machine is well ({counted(len(report.checks), "check")})'
    return replace(
        reading,
        outcome=Outcome.PROBED,
        message=well if reading.health is Health.PASSED else reading.message,
        advice=advise(Outcome.PROBED, model, unit) if _agent_ails(report) else NO_ADVICE,
    )


def _agent_ails(report: Report) -> bool:
    """Return whether something is wrong with the agent itself, of which it may tell."""
    return any(
        check.name == AGENT and check.health is not Health.PASSED for check in report.checks
    )


def _where(model: Model, unit: Unit) -> str:
    return 'in its pod' if model.is_k8s else f'on machine {unit.machine}'


def _why_not(answer: UnitAnswer, error: ReportError) -> str:
    """Return why what was to look at a machine told nothing."""
    # A Python without its libraries ends so too, and says of what.
    if answer.exit_code == frames.NOT_FOUND and not answer.stderr.strip():
        return _NO_PYTHON
    if answer.timed_out:
        return 'that did not end in time'
    if not answer.complete and answer.exit_code is None:
        return 'the connection ended before it told'
    if answer.exit_code:
        return clean(last_line(answer.stderr)) or f'that exited with {answer.exit_code}'
    return f'what it told is no report: {error.fault}'

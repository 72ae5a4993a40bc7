"""From what came back of one unit, by whatever mode, to its reading: pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from charm.kernel import report_json
from charm.kernel.errors import ReportError
from charm.kernel.report import Health, Report, worst

from ..ask import frames
from ..ask.errands import UnitRequest
from ..ask.frames import UnitAnswer
from ..ask.whole import has_report
from ..juju.status_implies import derive
from ..reach.base import last_line
from ..reach.refusals import refusal_in
from ..values.advice import NO_ADVICE, Advice
from ..values.by_name import load
from ..values.freshness import MAX_AGE_SECONDS, DatedReport, age_seconds, is_fresh
from ..values.model import Model, Unit
from ..values.outcomes import WORDS, Outcome, advise, meant
from ..values.readings import Reading
from ..values.words import duration_text

Decode = Callable[[bytes], Report]

# To load msgspec takes as long as it saves in so many reports; bench/scale.py.
_MANY_REPORTS = 150
IS_GONE = 'it is gone: juju removed it since its status was read'
# What is no wonder of a unit that is being removed.
_AS_IT_LEAVES = frozenset(
    {
        Outcome.NOT_SHIPPED,
        Outcome.HOOK_MISSING,
        Outcome.HOOK_BROKEN,
        Outcome.NO_AGENT,
        Outcome.NOT_PUSHED,
        Outcome.UNASSIGNED,
        Outcome.UNREACHABLE,
    }
)


def silent_reading(
    model: Model,
    unit: Unit,
    outcome: Outcome,
    message: str,
    now: datetime,
    path: str = '',
    advice: Advice = NO_ADVICE,
) -> Reading:
    """Return the reading of a unit that did not report: its state is what juju status implies.

    One that juju is removing has no other outcome. Its health is `unknown`: nothing was seen. What
    Juju says of it counts in `conclude`. The
    advice is what to do about it, where that is known better than from the outcome.
    """
    if unit.leaving and outcome in _AS_IT_LEAVES:
        outcome, message, advice = Outcome.LEAVING, '', NO_ADVICE
    derived = derive(
        unit, model.applications[unit.application], model.machines.get(unit.machine), now
    )
    if outcome is Outcome.NOT_SHIPPED:
        message = derived.message or message
    return Reading(
        unit=unit,
        outcome=outcome,
        health=Health.UNKNOWN,
        state=derived.state,
        message=message or meant(outcome, unit),
        hook=path,
        via='juju status',
        advice=advice or advise(outcome, model, unit, path),
    )


def decoder(reports: int) -> Decode:
    """Return what reads so many reports at the least cost; all that it might be say the same."""
    if reports < _MANY_REPORTS:
        return report_json.decode
    decode: Decode = load('reconciler.values.typed_report:decode')
    return decode


def is_whole(answer: UnitAnswer) -> bool:
    """Return whether all came that matters: how it ended, or a report that is not cut off."""
    return answer.exit_code is not None or has_report(answer)


def read_answer(
    model: Model,
    asked: UnitRequest,
    answer: UnitAnswer,
    via: str,
    now: datetime,
    max_age_seconds: float = MAX_AGE_SECONDS,
    decode: Decode = report_json.decode,
) -> Reading:
    """Return the reading of a unit whose machine answered."""
    hook = asked.hook or asked.request.path
    try:
        report = decode(answer.stdout.strip())
    except ReportError as error:
        told = refusal_in(answer.stderr.decode(errors='replace')) if answer.exit_code else None
        if told is not None:
            outcome, message, advice = told.outcome, told.message, told.advice
        else:
            outcome, message = _why_no_report(asked, answer, error)
            advice = NO_ADVICE
        return silent_reading(model, asked.unit, outcome, message, now, hook, advice)
    message = ''
    if report.unit != asked.unit.name:
        message = f'the report is for {report.unit!r}, not for this unit'
    elif report.service != asked.unit.application:
        message = f'the report is of the service {report.service!r}, not of {asked.unit.name}'
    if message:
        return silent_reading(model, asked.unit, Outcome.INVALID, message, now, hook)
    dated = DatedReport(report, now, answer.held_seconds, via)
    return dated_reading(model, asked.unit, dated, now, max_age_seconds, hook)


def dated_reading(
    model: Model,
    unit: Unit,
    dated: DatedReport,
    now: datetime,
    max_age_seconds: float,
    hook: str = '',
) -> Reading:
    """Return the reading of a unit whose newest report is `dated`: what it says, if it is fresh.

    One that is not says how the unit was; how it is now nobody knows.
    """
    report, age = dated.report, age_seconds(dated, now)
    health = health_of(report)
    dates: dict[str, Any] = {
        'received_at': dated.received_at,
        'made_at': None if age is None else dated.made_at,
        'via': dated.via,
        'age_seconds': age,
    }
    if not is_fresh(dated, now, max_age_seconds):
        told = 'of unknown age' if age is None else f'{duration_text(age)} old'
        message = f'its last report is {told}; it said {health.value}: {_summary(report, health)}'
        silent = silent_reading(model, unit, Outcome.STALE, message, now, hook)
        return replace(silent, last=report, **dates)
    return Reading(
        unit=unit,
        outcome=Outcome.REPORTED,
        health=health,
        qos=report.qos,
        state=report.state or silent_reading(model, unit, Outcome.NOT_SHIPPED, '', now).state,
        report=report,
        message=_summary(report, health),
        hook=hook,
        **dates,
    )


def _why_no_report(
    asked: UnitRequest, answer: UnitAnswer, error: ReportError
) -> tuple[Outcome, str]:
    complaint = last_line(answer.stderr)
    if (answer.by or asked.request.by) != 'hook':
        return _why_no_agent(asked, answer, complaint, error.fault)
    if answer.exit_code == frames.NOT_FOUND and not (answer.stdout or answer.stderr):
        outcome = Outcome.HOOK_MISSING if asked.shipped else Outcome.NOT_SHIPPED
        return outcome, WORDS[outcome]
    if answer.exit_code == frames.NOT_EXECUTABLE:
        return Outcome.HOOK_BROKEN, complaint or 'its health hook is not executable'
    if answer.timed_out:
        return Outcome.TIMEOUT, WORDS[Outcome.TIMEOUT]
    if not answer.complete and answer.exit_code is None:
        return Outcome.UNREACHABLE, 'the connection ended before its answer did'
    if answer.exit_code:
        said = f': {complaint}' if complaint else ''
        return Outcome.HOOK_BROKEN, f'its health hook exited with {answer.exit_code}{said}'
    if not answer.stdout.strip():
        return Outcome.INVALID, 'its health hook printed nothing'
    return Outcome.INVALID, f'what its health hook printed is not a report: {error.fault}'


def _why_no_agent(
    asked: UnitRequest, answer: UnitAnswer, complaint: str, fault: str
) -> tuple[Outcome, str]:
    if answer.exit_code == frames.NOT_FOUND and not asked.shipped:
        return Outcome.NOT_SHIPPED, WORDS[Outcome.NOT_SHIPPED]
    if not answer.complete and answer.exit_code is None:
        return Outcome.UNREACHABLE, 'the connection ended before its answer did'
    if answer.exit_code == 0:
        return Outcome.INVALID, f'what its agent gave is not a report: {fault}'
    reason = complaint.removeprefix('health-agent: ') or WORDS[Outcome.NO_AGENT]
    return Outcome.NO_AGENT, reason


def health_of(report: Report) -> Health:
    """Return what the report is evidence for: whatever it says, its checks may say worse.

    One without any check is no evidence, and thus `unknown` at best.
    """
    return worst((report.health, worst(check.health for check in report.checks)))


def _summary(report: Report, health: Health) -> str:
    if not report.checks:
        return 'it ran no checks'
    if health is Health.PASSED:
        count = len(report.checks)
        return f'{count} check{"s" if count != 1 else ""} passed'
    check = max(report.checks, key=lambda check: check.health.rank)
    return f'{check.name}: {check.message}'

"""From what looked at a machine to the readings of those on it that ship no health hook."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from charm.kernel import report_json
from charm.kernel.errors import ReportError
from charm.kernel.merge_checks import make_report
from charm.kernel.report import Health, Report
from charm.kernel.safe_text import clean

from ..ask import frames
from ..ask.frames import UnitAnswer
from ..reach.base import last_line
from ..values.advice import NO_ADVICE
from ..values.freshness import MAX_AGE_SECONDS, DatedReport
from ..values.model import Model, Unit
from ..values.outcomes import AGENT, Outcome, advise
from ..values.readings import Reading
from ..values.words import counted
from .agent_checks import AGENTS, HOOKS, checks_of
from .interpret import dated_reading

_UNASKED = '; its machine could not be looked at: '
_NO_PYTHON = 'there is no python3'


@dataclass(frozen=True)
class MachineLook:
    """What looking at a machine came to.

    Attributes:
        via: how it was looked at.
        at: when its answer came, by our clock (UTC).
        report: what was seen; `None` if nothing was.
        why: then, why not.
    """

    via: str
    at: datetime
    report: Report | None = None
    why: str = ''


def read_probe(answer: UnitAnswer | None, via: str, now: datetime) -> MachineLook | None:
    """Return what looking at a machine came to; `None` where nobody looked or had to."""
    if answer is None or (answer.exit_code == 0 and not answer.stdout.strip()):
        return None
    try:
        return MachineLook(via, now, report_json.decode(answer.stdout.strip()))
    except ReportError as error:
        return MachineLook(via, now, why=_why_not(answer, error))


def probed(model: Model, reading: Reading, look: MachineLook) -> Reading:
    """Return the reading of a unit without a hook, by what was seen of its machine.

    Where nothing could be seen it stays as it is, and says why. Every other reading does too.
    """
    if reading.outcome is not Outcome.NOT_SHIPPED:
        return reading
    if look.report is None:
        return replace(reading, message=f'{reading.message}{_UNASKED}{look.why}')
    unit, seen = reading.unit, {check.name: check for check in look.report.checks}
    of_all = [check for check in look.report.checks if check.name not in (AGENTS, HOOKS)]
    report = make_report(
        unit.application,
        unit.name,
        (*checks_of(unit, seen, _where(model, unit)), *of_all),
        boot_id=look.report.boot_id,
        reported_at=look.report.reported_at,
    )
    came = DatedReport(report, look.at, via=look.via)
    found = dated_reading(model, unit, came, look.at, MAX_AGE_SECONDS)
    well = f'its agent runs, and its machine is well ({counted(len(report.checks), "check")})'
    return replace(
        found,
        outcome=Outcome.PROBED,
        message=well if found.health is Health.PASSED else found.message,
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

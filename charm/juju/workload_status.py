"""What Juju shows as the unit's workload status: its health in one word and one line."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterable, List, Sequence, Tuple

from ..agent.serve.client import AgentError, ask
from ..checks.phrases import listed
from ..kernel.deadline import Deadline
from ..kernel.errors import ReportError
from ..kernel.report import Health, Report, StateName
from ..kernel.report_json import decode
from ..kernel.safe_text import clean
from ..reporting.plan import make_plan
from ..reporting.sweep import sweep

_MOST_MESSAGE = 160
_MOST_NAMED = 3
# A hook holds the lock of the whole machine.
SECONDS = 20.0
_AGENT_SECONDS = 2.0
_FRESH_SECONDS = 120.0
# From a change of its files until the agent has read them again.
_RELOAD_SECONDS = 10.0

_HEALTH_WORDS = {
    Health.PASSED: 'active',
    Health.WARN: 'active',
    Health.UNKNOWN: 'waiting',
    Health.FAIL: 'blocked',
}


def newest_change(paths: Iterable[Path]) -> float:
    """Return when anything at or below these paths was last changed, as the kernel has it.

    In seconds since the epoch; 0.0 if nothing is there.
    """
    found = 0.0
    for top in paths:
        for path in (top, *top.rglob('*')):
            with contextlib.suppress(OSError):
                found = max(found, path.lstat().st_ctime)
    return found


def is_of(report: Report, changed_at: float) -> bool:
    """Return whether a report of the agent is of what it reads since the change at `changed_at`.

    The agent is told of a change after it was made, reads it when it comes to it, and keeps what a
    check answered until its turn comes again: so every check has to have run well after it.
    """
    moments = [check.at or report.reported_at for check in report.checks] or [report.reported_at]
    known = [moment.timestamp() for moment in moments if moment is not None]
    return len(known) == len(moments) and min(known) >= changed_at + _RELOAD_SECONDS


def current_report(
    unit: str, reporter: str, definitions: Path, socket: Path, changed_at: float = 0.0
) -> Report:
    """Return the unit's report: the agent's if it has a fresh one, else one that is made now.

    Args:
        unit: whose report.
        reporter: the unit whose charm makes it.
        definitions: the directory of check definitions.
        socket: the agent's.
        changed_at: when anything that the agent reads last changed; see `is_of`.
    """
    try:
        target = f'/v1/report?unit={unit}'
        answer = ask(socket, 'GET', target, None, Deadline.after(_AGENT_SECONDS))
        age = answer.age_seconds
        if answer.status == 200 and age is not None and age <= _FRESH_SECONDS:
            report = decode(answer.body)
            if is_of(report, changed_at):
                return report
    except (AgentError, ReportError):
        pass  # There is another way to know.
    deadline = Deadline.after(SECONDS)
    plan = make_plan(unit, reporter, directory=definitions, deadline=deadline)
    return sweep(plan, deadline)


def describe(report: Report) -> Tuple[str, str]:
    """Return the word and the line for a report.

    A unit that waits for something is `blocked` with its blockers, one that is being set up is
    `waiting`; else the health says which.
    """
    state = report.state
    if state is not None and state.name is StateName.BLOCKED:
        message = f': {state.message}' if state.message else ''
        return 'blocked', _line(f'waits for {listed(state.blockers) or "something"}{message}')
    if state is not None and state.name is StateName.ERROR:
        return 'blocked', _line(f'error: {state.message}')
    if state is not None and state.name in (StateName.BUILDING, StateName.INSTALLING):
        return 'waiting', _line(f'{state.name.value} {state.message}')
    return _HEALTH_WORDS[report.health], _line(_summary(report))


def with_troubles(status: Tuple[str, str], troubles: Sequence[str]) -> Tuple[str, str]:
    """Return the status, unless there is something that the operator has to put right first."""
    if not troubles:
        return status
    more = f' (and {len(troubles) - 1} more)' if len(troubles) > 1 else ''
    return 'blocked', _line(troubles[0], len(more)) + more


def _summary(report: Report) -> str:
    if not report.checks:
        return 'unknown: there are no checks'
    if report.health is Health.PASSED:
        return f'passed: {len(report.checks)} checks'
    bad = [check for check in report.checks if check.health is not Health.PASSED]
    bad.sort(key=lambda check: -check.health.rank)
    said: List[str] = [f'{check.name}: {check.message}' for check in bad[:_MOST_NAMED]]
    more = f' (and {len(bad) - _MOST_NAMED} more)' if len(bad) > _MOST_NAMED else ''
    return f'{report.health.value}: {"; ".join(said)}{more}'


def _line(text: str, room: int = 0) -> str:
    return clean(text, _MOST_MESSAGE - room)

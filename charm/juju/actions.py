"""The actions: what `juju run` may ask of a unit. Each returns the action's results."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

from ..cli.health import listing
from ..cli.pretty import pretty
from ..kernel.deadline import Deadline
from ..kernel.errors import HealthError
from ..kernel.names import nearest
from ..kernel.paths import Place
from ..kernel.report import Report
from ..kernel.report_json import encode
from ..reporting.plan import Plan, make_plan
from ..reporting.sweep import sweep
from .hook_memory import recall
from .hook_tools import Context

Results = Dict[str, str]
_DEADLINE_SECONDS = 60.0
# One argument of a command may have 128 KiB, and results are arguments of action-set.
_MOST_BYTES = 100 * 1024


def run_checks(context: Context, parameters: Mapping[str, Any], place: Place) -> Results:
    """Run the named checks now, or all of them, and return what they say."""
    deadline = Deadline.after(_DEADLINE_SECONDS)
    plan = _plan(context, place, deadline)
    names = _names(parameters.get('checks'))
    for name in names:
        if name not in plan.names:
            near = nearest(name, plan.names, '') or '; see the action list-checks'
            raise HealthError(f'cannot run {name!r}: there is no such check{near}')
    report = sweep(plan.only(names) if names else plan, deadline)
    return {**_verdict(report), 'checks': _bounded(pretty(report))}


def list_checks(context: Context, _parameters: Mapping[str, Any], place: Place) -> Results:
    """Return the checks of the unit: name, timeout, and where each comes from."""
    plan = _plan(context, place, Deadline.after(_DEADLINE_SECONDS))
    return {'unit': plan.unit, 'count': str(len(plan.jobs)), 'checks': _bounded(listing(plan))}


def show_report(context: Context, _parameters: Mapping[str, Any], place: Place) -> Results:
    """Make the whole report now, and return it as JSON."""
    deadline = Deadline.after(_DEADLINE_SECONDS)
    report = sweep(_plan(context, place, deadline), deadline)
    text = encode(report)
    if len(text.encode()) > _MOST_BYTES:
        raise HealthError(
            f'cannot show the report: an action has room for {_MOST_BYTES} bytes of it; '
            f'run hooks/health --unit {report.unit} on the machine'
        )
    return {**_verdict(report), 'report': text}


ACTIONS: Mapping[str, Callable[[Context, Mapping[str, Any], Place], Results]] = {
    'run-checks': run_checks,
    'list-checks': list_checks,
    'show-report': show_report,
}


def _plan(context: Context, place: Place, deadline: Deadline) -> Plan:
    unit = context.principal or recall(place, context.unit).principal or context.unit
    return make_plan(unit, context.unit, directory=place.checks, deadline=deadline)


def _names(given: Any) -> List[str]:
    return str(given or '').replace(',', ' ').split()


def _verdict(report: Report) -> Results:
    return {'unit': report.unit, 'health': report.health.value}


def _bounded(text: str) -> str:
    kept = text.encode()[:_MOST_BYTES].decode('utf-8', 'ignore')
    return kept if kept == text else f'{kept}\n…'

"""One pass over one unit: run its plan by a deadline, and make the report."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from .. import __version__
from ..kernel.deadline import Deadline
from ..kernel.errors import HealthError
from ..kernel.hints import Optional, Tuple
from ..kernel.identity import read_boot_id
from ..kernel.merge_checks import make_report, merge, read_subset
from ..kernel.report import CheckResult, Report, Reporter, State
from ..sources import definitions
from ..sources.found import PRINCIPAL
from ..sources.overrides import amended
from ..sources.principal import said
from . import states
from .plan import Plan
from .runner import run_jobs


def sweep(plan: Plan, deadline: Deadline) -> Report:
    """Run the plan by the deadline and return the unit's full report."""
    results = plan.settle(merge(amended(run_jobs(plan.jobs, deadline), plan.answers)))
    faults = tuple(definitions.fault_result(fault) for fault in plan.faults)
    state, trouble = _read_state(plan)
    principal = said(results, plan.name_of(PRINCIPAL))
    return make_report(
        plan.service,
        plan.unit,
        (*results, *faults, *trouble),
        state=state,
        rollup=plan.rollup or principal.rollup,
        requires=principal.requires,
        provides=principal.provides,
        reporter=Reporter(plan.reporter, __version__),
        boot_id=read_boot_id(),
        sequence=_sequence(),
        reported_at=datetime.now(timezone.utc),
    )


def _read_state(plan: Plan) -> Tuple[Optional[State], Tuple[CheckResult, ...]]:
    """Return the recorded state, and what is wrong with its file as a check's result."""
    try:
        return states.States(plan.unit, plan.states).state(), ()
    except HealthError as error:
        return None, read_subset({'health': 'unknown', 'message': str(error)}, 'states')


def _sequence() -> int:
    """Return the milliseconds since boot: they only grow within one boot, and need no file."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)

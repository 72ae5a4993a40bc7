"""`reconcile-health doctor`: why can I not collect, and what mends it."""

from __future__ import annotations

from typing import Any

from charm.kernel.deadline import Deadline
from reconciler.doctor.examine import Doctor
from reconciler.doctor.facts import LookResult
from reconciler.render.people.doctor import FINDINGS
from reconciler.values.errors import UsageError

from ..options.output import write_document
from ..options.printing import view
from ..options.sweeping import SweepOptions
from ..options.told import told_by

EXIT_CODES = {LookResult.OK: 0, LookResult.SKIPPED: 0, LookResult.WARN: 1, LookResult.FAIL: 2}


def doctor(machines: int, form: str, output: str, **given: Any) -> int:
    """Print what keeps from asking and what mends it, and return the exit code of the worst."""
    asking = told_by(SweepOptions, given)
    if asking.is_local:
        raise UsageError('cannot examine --reach local: it needs nothing but this machine')
    until = Deadline.after(asking.deadline)
    examined = Doctor(
        asking.door,
        asking.way,
        asking.inventory,
        asking.workers,
        machines,
        asking.config,
        asking.looks,
    )
    found = list(examined.examine(until))
    write_document(FINDINGS[form](found, view(output)), output)
    return max((EXIT_CODES[finding.result] for finding in found), default=0)

"""`reconcile-health doctor`: why can I not collect, and what mends it."""

from __future__ import annotations

from typing import Any

import click

from charm.kernel.deadline import Deadline
from reconciler.doctor.examine import Doctor
from reconciler.doctor.facts import LookResult
from reconciler.render.people.doctor import FINDINGS
from reconciler.values.errors import UsageError

from ..options.output import write_document
from ..options.printing import format_option, output_option, view
from ..options.sections import Sectioned
from ..options.sweeping import SweepOptions, asking_options
from ..options.told import number_option, told_by

EXIT_CODES = {LookResult.OK: 0, LookResult.SKIPPED: 0, LookResult.WARN: 1, LookResult.FAIL: 2}


@click.command(
    'doctor', Sectioned, short_help='Find out why units cannot be asked, and what mends it.'
)
@number_option(
    '--machines',
    12,
    10000,
    'COUNT',
    'How many machines to ask at the most, from all over the model.',
)
@format_option(FINDINGS)
@output_option
@asking_options
def doctor(machines: int, form: str, output: str, **given: Any) -> int:
    """Find out why units cannot be asked, and print what mends it.

    Looks at the juju command, controller, login, model, ssh, sudo and the health charm, in this
    order. Exit codes: 0 all is well, 1 some could be better, 2 something keeps from asking, 3
    wrong usage.
    """
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

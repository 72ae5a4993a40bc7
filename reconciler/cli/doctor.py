"""`reconcile-health doctor`: why can I not collect, and what mends it."""

from __future__ import annotations

from typing import Any

import click

from charm.deadline import Deadline
from reconciler.doctor import Doctor
from reconciler.errors import UsageError
from reconciler.probes import Result
from reconciler.render.doctor import FINDINGS

from .options import Asking, asking_options
from .output import write_document
from .printing import format_option, output_option, view
from .told import told_by

EXIT_CODES = {Result.OK: 0, Result.SKIPPED: 0, Result.WARN: 1, Result.FAIL: 2}


@click.command('doctor', short_help='Find out why units cannot be asked, and what mends it.')
@click.option(
    '--machines',
    'most',
    default=12,
    show_default=True,
    type=click.IntRange(1, 10000),
    metavar='COUNT',
    help='How many machines to ask at the most, from all over the model.',
)
@format_option(FINDINGS)
@output_option
@asking_options
def doctor(most: int, form: str, output: str, **given: Any) -> int:
    """Find out why units cannot be asked, and print what mends it.

    Looks at the juju command, controller, login, model, ssh, sudo and the health charm, in this
    order. Exit codes: 0 all is well, 1 some could be better, 2 something keeps from asking, 3
    wrong usage.
    """
    asking = told_by(Asking, given)
    if asking.is_local:
        raise UsageError('cannot examine --reach local: it needs nothing but this machine')
    until = Deadline.after(asking.deadline)
    examined = Doctor(asking.door, asking.way, asking.inventory, asking.workers, most)
    found = list(examined.examine(until))
    write_document(FINDINGS[form](found, view(output)), output)
    return max((EXIT_CODES[one.result] for one in found), default=0)

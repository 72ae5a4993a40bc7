"""`reconcile-health run UNIT CHECK...`: run checks of one unit now, by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from charm.kernel.deadline import Deadline
from charm.kernel.names import closest
from reconciler.ask.modes import AskMode
from reconciler.sweeps.near_names import hint
from reconciler.sweeps.one_model import SweepPlan, survey
from reconciler.values.errors import UsageError
from reconciler.values.readings import Outcome

from ..options.askers import sweep_of
from ..options.printing import PrintOptions
from ..options.sweeping import SweepOptions
from ..options.told import told_by

# What a check may be called; above all it is no option, and no command.
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}')


def run(unit: str, checks: tuple[str, ...], **given: Any) -> int:
    """Run checks of one unit, print their results, and return the exit code that tells of them."""
    asking, printing = told_by(SweepOptions, given), told_by(PrintOptions, given)
    for name in checks:
        if not _NAME.fullmatch(name):
            raise UsageError(f'cannot run {name!r}: that is not the name of a check')
    until = Deadline.after(asking.deadline)
    model = asking.inventory(until)
    if unit not in {known.name for known in model.units()}:
        reason = f'{model.name} has no such unit{hint(unit, model)}'
        raise UsageError(f'cannot run checks of {unit!r}: {reason}')
    # By ssh or here, whatever the options for sweeps say.
    own = replace(asking, ask='hook', agent_token_file='', agent_ca='', again=True)
    sweep = sweep_of(own, model, lambda known, asked: None, asking.suppressions(until))
    way = replace(sweep.way, mode=AskMode(checks=checks))
    snapshot = survey(replace(sweep, way=way), [unit], until)
    (reading,) = snapshot.readings()
    absent = _absent(checks, sweep, unit, until) if reading.outcome is Outcome.HOOK_BROKEN else ''
    code = 0 if absent and not printing.is_for_programs else printing.show(snapshot, True)
    if absent:
        raise UsageError(f'cannot run {absent}')
    return code


def _absent(checks: Sequence[str], sweep: SweepPlan, unit: str, until: Deadline) -> str:
    """Return which of the checks the unit has not, and which it has; empty if that is not so.

    What a hook says of a wrong name is its own affair, so it is asked for all that it has.
    """
    (reading,) = survey(sweep, [unit], until).readings()
    known = [check.name for check in reading.report.checks] if reading.report else []
    wrong = next((name for name in checks if known and name not in known), '')
    if not wrong:
        return ''
    near = closest(wrong, known)
    meant = f'; did you mean {near!r}?' if near else ''
    return f'{wrong!r}: {unit} has no such check{meant}; it has {", ".join(sorted(known))}'

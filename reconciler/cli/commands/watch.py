"""`reconcile-health watch`: sweep again and again, and show the table as it changes."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

from charm.kernel.deadline import Deadline
from charm.kernel.exit_codes import EXIT_CODES
from charm.kernel.report import Health
from reconciler.collect.collect import Progress
from reconciler.sweeps.fleet import Fleet
from reconciler.values.advice import Advice
from reconciler.values.errors import UsageError
from reconciler.values.readings import Snapshot

from ..live.screen import Look
from ..live.session import Session
from ..live.terminal import Terminal
from ..options.output import colour
from ..options.printing import PrintOptions
from ..options.sweeping import SweepOptions
from ..options.told import told_by
from .all_models import FleetOptions
from .sweep import asked

# Of these the cursor cannot be moved.
_OF_NO_USE = ('', 'dumb', 'unknown')
_INSTEAD = ('reconcile-health', '--wait-for', 'passed')
_UNKNOWN = EXIT_CODES[Health.UNKNOWN]


def watch(names: tuple[str, ...], units: tuple[str, ...], every: float, **given: Any) -> int:
    """Keep sweeping and show the table, and return the exit code of the last sweep."""
    asking, many = told_by(SweepOptions, given), told_by(FleetOptions, given)
    asking = replace(asking, again=True)
    printing = told_by(PrintOptions, {**given, 'form': 'table', 'output': ''})
    many.check(asking)
    _refuse(asking)

    def sweep(progress: Progress) -> Snapshot | Fleet:
        told = (lambda known, asked: None) if asking.quiet else progress
        until = Deadline.after(asking.deadline)
        return asked(asking, many, [*names, *units], until, told)

    keys = sys.stdin.fileno() if sys.stdin.isatty() else None
    look = Look(colour(), keys is not None, bool(units), printing.blame, printing.everything)
    title = 'all models' if many else asking.model or 'the current model'
    terminal = Terminal(keys, sys.stdout.fileno(), sys.stdout.encoding)
    session = Session(terminal, sweep, every, look, title)
    session.run()
    return _UNKNOWN if session.last is None else printing.exit_code(session.last)


def _refuse(asking: SweepOptions) -> None:
    """Refuse where nothing can be watched.

    Raises:
        UsageError: with what to do instead.
    """
    if asking.status_file == '-':
        raise UsageError('cannot watch --status -: each sweep reads it anew, and stdin ends')
    if not sys.stdout.isatty():
        error = UsageError('cannot watch: stdout is no terminal')
    elif os.environ.get('TERM', '') in _OF_NO_USE:
        error = UsageError('cannot watch: by TERM this terminal can only print line after line')
    else:
        return
    error.advice = Advice('sweep once, or until all is well', _INSTEAD)
    raise error

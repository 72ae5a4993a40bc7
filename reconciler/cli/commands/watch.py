"""`reconcile-health watch`: sweep again and again, and show the table as it changes."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

import click

from charm.kernel.deadline import Deadline
from charm.kernel.exit_codes import EXIT_CODES
from charm.kernel.report import Health
from reconciler.collect.collect import Progress
from reconciler.sweeps.fleet import Fleet
from reconciler.values.advice import Advice
from reconciler.values.errors import UsageError
from reconciler.values.readings import Snapshot

from ..options.durations import Duration, duration_option
from ..options.output import colour
from ..options.printing import PrintOptions, table_options
from ..options.sections import Sectioned
from ..options.sweeping import SweepOptions, asking_options
from ..options.told import told_by
from .all_models import FleetOptions, fleet_options
from .sweep import asked, selecting_options

# Of these the cursor cannot be moved.
_OF_NO_USE = ('', 'dumb', 'unknown')
_INSTEAD = ('reconcile-health', '--wait-for', 'passed')
_UNKNOWN = EXIT_CODES[Health.UNKNOWN]


@click.command('watch', Sectioned, short_help='Keep sweeping, and show the table live.')
@selecting_options
@duration_option(
    '--every', Duration(1), 30, 'From the start of one sweep to the start of the next.'
)
@table_options
@fleet_options
@asking_options
def watch(names: tuple[str, ...], units: tuple[str, ...], every: float, **given: Any) -> int:
    """Sweep again and again, and show the table on the whole terminal, until q or Ctrl-C.

    The last line has the keys: to filter, to see only problems, or what changed, and more. The
    exit code is that of the last sweep.
    """
    asking, many = told_by(SweepOptions, given), told_by(FleetOptions, given)
    asking = replace(asking, again=True)
    printing = told_by(PrintOptions, {**given, 'form': 'table', 'output': ''})
    many.check(asking)
    _refuse(asking)

    def sweep(progress: Progress) -> Snapshot | Fleet:
        told = (lambda known, asked: None) if asking.quiet else progress
        until = Deadline.after(asking.deadline)
        return asked(asking, many, [*names, *units], until, told)

    # Here, so that no other command pays for it.
    from ..live.screen import Look
    from ..live.session import Session
    from ..live.terminal import Terminal

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

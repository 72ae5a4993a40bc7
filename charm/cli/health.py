"""The command line of `hooks/health`: print one unit's report, and exit 0 once it is printed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from ..kernel.deadline import Deadline
from ..kernel.ending import end_on_signal
from ..kernel.errors import DefinitionError, HealthError
from ..kernel.exit_codes import CONFIG_EXIT, USAGE_EXIT
from ..kernel.hints import Any, Callable, Iterable, Mapping, Optional, Sequence, Tuple
from ..kernel.identity import check_unit, own_unit
from ..kernel.names import nearest
from ..kernel.report import Report
from ..kernel.report_json import encode
from ..kernel.streams import open_streams
from ..reporting.plan import Plan, make_plan
from ..reporting.runner import Callback
from ..reporting.sweep import sweep
from ..sources.callbacks import BoundCallback
from .health_arguments import Arguments, plain


def main(
    argv: Optional[Sequence[str]] = None,
    callbacks: Optional[Mapping[str, Iterable[Callback]]] = None,
    services: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Print the report and return the exit code.

    A charm's own `hooks/health` gives what it has: `callbacks` maps services' names, or globs, to
    callbacks; `services` are its services framework definitions, of which only `service`,
    `health` and `rollup` are read.
    """
    open_streams()
    words = sys.argv[1:] if argv is None else argv
    arguments = plain(words) or _in_full(words)
    table, apart = _own(callbacks, services)
    signal.signal(signal.SIGTERM, end_on_signal)
    # Begun here: an operator's file that hangs while it is read costs the run's own time.
    deadline = Deadline.after(arguments.deadline_seconds)
    try:
        # The launcher is the charm's own, wherever in the charm this package lies.
        reporter = own_unit(charm=Path(sys.argv[0]).resolve().parent.parent)
        unit = check_unit(arguments.unit) if arguments.unit else reporter
        plan = make_plan(
            unit,
            reporter,
            table,
            arguments.definitions,
            services,
            arguments.callbacks,
            apart=apart,
            deadline=deadline,
        )
        if arguments.checks:
            _refuse_unknown(arguments.checks, plan)
            plan = plan.only(arguments.checks)
        if arguments.list or arguments.validate:
            told = validation if arguments.validate else listing if arguments.pretty else names_of
            return _print(told(plan)) or (CONFIG_EXIT if plan.unusable else 0)
        report = sweep(plan, deadline)
        return _print(_for_people(report) if arguments.pretty else encode(report))
    except HealthError as error:
        print(f'health: {error}', file=sys.stderr)
        return CONFIG_EXIT if isinstance(error, DefinitionError) else USAGE_EXIT


def _in_full(words: Sequence[str]) -> Arguments:
    # Imported late: what programs ask, and most people, is plain.
    from .health_usage import read

    return read(words)


def _own(
    callbacks: Optional[Mapping[str, Iterable[Callback]]], services: Sequence[Mapping[str, Any]]
) -> Tuple[Mapping[str, Iterable[Callback]], Callable[[BoundCallback], BoundCallback]]:
    """Return a charm's own callbacks, and what has each called by a process of its own."""
    if not callbacks and not services:
        return {}, lambda bound: bound
    # Imported late: the subordinate, which reports for every unit, has none.
    from ..sources.apart.own import OwnCallbacks

    own = OwnCallbacks(callbacks, services)
    return own.table, own.apart


def _for_people(report: Report) -> str:
    # Imported late: programs do not want it.
    from .pretty import pretty

    return pretty(report, sys.stdout.isatty() and not os.environ.get('NO_COLOR'))


def _refuse_unknown(names: Sequence[str], plan: Plan) -> None:
    known = plan.names
    for name in names:
        if name not in known:
            hint = nearest(name, known, '') or '; see --list'
            raise HealthError(f'cannot run {name!r}: there is no such check{hint}')


def validation(plan: Plan) -> str:
    """Return what cannot be used, a line each; where all can, how many checks there are."""
    return '\n'.join(plan.unusable) or f'checks: {len(plan.jobs)}, all of them fine'


def names_of(plan: Plan) -> str:
    """Return the checks for programs, by name alone; what cannot be used is told on stderr."""
    for fault in plan.unusable:
        print(f'health: {fault}', file=sys.stderr)
    return '\n'.join(plan.names)


def listing(plan: Plan) -> str:
    """Return the checks for people: name, timeout, and where each comes from."""
    width = max((len(name) for name in plan.names), default=0)
    lines = [
        f'{job.name:<{width}}  {f"{job.timeout_seconds:g} s":>6}  {job.source}'
        for job in plan.jobs
    ]
    return '\n'.join(lines + [f'unusable: {fault}' for fault in plan.faults])


def _print(text: str) -> int:
    """Write the text, and leave at once: a check that hangs in a thread must not hold us."""
    try:
        sys.stdout.write(text + '\n')
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has gone; the interpreter must not try to flush again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return USAGE_EXIT
    return 0

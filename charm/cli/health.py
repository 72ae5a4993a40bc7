"""The command line of `hooks/health`: print one unit's report, and exit 0 once it is printed."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any, Iterable, List, Mapping, Optional, Sequence

from .. import __version__
from ..kernel.deadline import Deadline
from ..kernel.ending import end_on_signal
from ..kernel.errors import DefinitionError, HealthError
from ..kernel.exit_codes import CONFIG_EXIT, USAGE_EXIT
from ..kernel.identity import check_unit, own_unit
from ..kernel.names import nearest
from ..kernel.paths import HERE
from ..kernel.report_json import encode
from ..kernel.streams import open_streams
from ..reporting.plan import Plan, make_plan
from ..reporting.runner import Callback
from ..reporting.sweep import sweep
from ..sources.apart.hosted import OwnCallbacks
from .pretty import pretty
from .usage import Parser, seconds

DEADLINE_SECONDS = 25.0

_DESCRIPTION = """\
Run this unit's health checks and print the report, one line of JSON. The exit code is 0 whenever
a report was printed, however bad the news is; 3 when the command line is wrong; 78 when what the
charm gives for its services cannot be used, or with --list and --validate anything that is
configured."""

_EPILOG = """\
examples:
  hooks/health --pretty                  the whole report, for people
  hooks/health --list                    the names of the checks
  hooks/health --list --pretty           and where each comes from
  hooks/health --check disk --check web  run these only
  hooks/health --validate                whether all definitions and callbacks can be used
Checks are built in, defined in /etc/juju-health/checks.d/*.yaml, or functions of Python in
/etc/juju-health/callbacks.d/*.py. States are what `health-status set` recorded."""


def _parser() -> Parser:
    parser = Parser(prog='health', description=_DESCRIPTION, epilog=_EPILOG)
    add = parser.add_argument
    add('--unit', metavar='UNIT', help='report for this unit (default: the one we are in)')
    add('--check', metavar='NAME', action='append', nargs='+', default=[], help='run only these')
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument('--list', action='store_true', help='print the names of the checks')
    instead.add_argument(
        '--validate',
        action='store_true',
        help='read all that checks come from, run none, and print what cannot be used',
    )
    add('--pretty', action='store_true', help='print text for people instead of JSON')
    add(
        '--deadline',
        metavar='SECONDS',
        type=seconds,
        default=DEADLINE_SECONDS,
        help='end by then, with the rest unknown (default: %(default)g)',
    )
    add(
        '--definitions',
        metavar='DIRECTORY',
        type=Path,
        default=HERE.checks,
        help='where checks are defined (default: %(default)s)',
    )
    add(
        '--callbacks',
        metavar='DIRECTORY',
        type=Path,
        default=HERE.callbacks,
        help='where files of Python callbacks are (default: %(default)s)',
    )
    add('--version', action='version', version=f'juju-health {__version__}')
    return parser


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
    parser = _parser()
    arguments = parser.parse_args(argv)
    names = [name for group in arguments.check for name in group]
    if arguments.validate:
        _refuse_to_pass_over(arguments, parser)
    own = OwnCallbacks(callbacks, services)
    signal.signal(signal.SIGTERM, end_on_signal)
    # Begun here: an operator's file that hangs while it is read costs the run's own time.
    deadline = Deadline.after(arguments.deadline)
    try:
        # The launcher is the charm's own, wherever in the charm this package lies.
        reporter = own_unit(charm=Path(sys.argv[0]).resolve().parent.parent)
        unit = check_unit(arguments.unit) if arguments.unit else reporter
        plan = make_plan(
            unit,
            reporter,
            own.table,
            arguments.definitions,
            services,
            arguments.callbacks,
            apart=own.apart,
            deadline=deadline,
        )
        if names:
            _refuse_unknown(names, plan)
            plan = plan.only(names)
        if arguments.list or arguments.validate:
            told = validation if arguments.validate else listing if arguments.pretty else names_of
            return _print(told(plan)) or (CONFIG_EXIT if plan.unusable else 0)
        report = sweep(plan, deadline)
        colour = sys.stdout.isatty() and not os.environ.get('NO_COLOR')
        return _print(pretty(report, colour) if arguments.pretty else encode(report))
    except HealthError as error:
        print(f'health: {error}', file=sys.stderr)
        return CONFIG_EXIT if isinstance(error, DefinitionError) else USAGE_EXIT


def _refuse_to_pass_over(arguments: argparse.Namespace, parser: Parser) -> None:
    """Refuse what would have us call fine what nobody has looked at."""
    if arguments.check:
        parser.error('--validate is about all checks, and takes no --check')
    usual = (HERE.checks, HERE.callbacks)
    for path in (arguments.definitions, arguments.callbacks):
        if path not in usual and not os.path.isdir(path):
            parser.error(f'cannot validate {path}: it is no directory')


def _refuse_unknown(names: List[str], plan: Plan) -> None:
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

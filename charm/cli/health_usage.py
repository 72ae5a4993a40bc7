"""The command line of `hooks/health` in full: all that can be said, its help and its errors."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Sequence

from .. import __version__
from .health_arguments import Arguments
from .usage import Parser, seconds

_DEFAULTS = Arguments()
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
        default=_DEFAULTS.deadline_seconds,
        help='end by then, with the rest unknown (default: %(default)g)',
    )
    add(
        '--definitions',
        metavar='DIRECTORY',
        type=Path,
        default=_DEFAULTS.definitions,
        help='where checks are defined (default: %(default)s)',
    )
    add(
        '--callbacks',
        metavar='DIRECTORY',
        type=Path,
        default=_DEFAULTS.callbacks,
        help='where files of Python callbacks are (default: %(default)s)',
    )
    add('--version', action='version', version=f'juju-health {__version__}')
    return parser


def read(words: Sequence[str]) -> Arguments:
    """Return what the words ask for; wrong ones, and those that only want to be told, exit."""
    parser = _parser()
    arguments = parser.parse_args(words)
    if arguments.validate:
        _refuse_to_pass_over(arguments, parser)
    return Arguments(
        unit=arguments.unit or '',
        checks=tuple(name for group in arguments.check for name in group),
        list=arguments.list,
        validate=arguments.validate,
        pretty=arguments.pretty,
        deadline_seconds=arguments.deadline,
        definitions=arguments.definitions,
        callbacks=arguments.callbacks,
    )


def _refuse_to_pass_over(arguments: argparse.Namespace, parser: Parser) -> None:
    """Refuse what would have us call fine what nobody has looked at."""
    if arguments.check:
        parser.error('--validate is about all checks, and takes no --check')
    usual = (_DEFAULTS.definitions, _DEFAULTS.callbacks)
    for path in (arguments.definitions, arguments.callbacks):
        if path not in usual and not os.path.isdir(path):
            parser.error(f'cannot validate {path}: it is no directory')

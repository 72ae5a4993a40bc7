"""The program that a sweep runs on a machine: `main` is its whole command line."""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import NoReturn

from ..kernel.command import end_all
from ..kernel.deadline import Deadline
from ..kernel.errors import HealthError
from ..kernel.exit_codes import USAGE_EXIT
from ..kernel.identity import check_unit
from ..kernel.report_json import encode
from ..kernel.strict_json import load
from .machine import look

# Ten times what it takes; a machine must not swap for being looked at.
_MOST_MEMORY_BYTES = 512 << 20
_NICER = 5


def main(asked: bytes) -> NoReturn:
    """Print the report that is asked for, as JSON.

    `unit` says for whom, `seconds` by when, `ports` has those on which somebody should answer, and
    `checks` options of built-in checks. Checks that hang in a thread hold nobody: the process ends
    without them.
    """
    signal.signal(signal.SIGTERM, _die)
    _be_modest()
    try:
        told = load(asked)
        deadline = Deadline.after(told['seconds'])
        report = look(check_unit(told['unit']), told['ports'], told['checks'], deadline)
        print(encode(report), flush=True)
    except HealthError as error:
        print(f'cannot look: {error}', file=sys.stderr, flush=True)
        _end(USAGE_EXIT)
    except OSError:
        _end(USAGE_EXIT)  # Whoever read has gone.
    _end(0)


def _be_modest() -> None:
    for kind, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, _MOST_MEMORY_BYTES)):
        _soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard < 0 else min(most, hard), hard))
    os.nice(_NICER)


def _die(number: int, _frame: object) -> NoReturn:
    """End on SIGTERM with the commands we started: each is in a session of its own."""
    _end(128 + number)


def _end(exit_code: int) -> NoReturn:
    end_all()
    os._exit(exit_code)

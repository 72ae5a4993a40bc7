"""The program that a sweep runs on a machine: `main` is its whole command line."""

from __future__ import annotations

import os
import resource
import signal
import sys

from ..kernel.deadline import Deadline
from ..kernel.ending import end, end_on_signal
from ..kernel.errors import HealthError
from ..kernel.exit_codes import USAGE_EXIT
from ..kernel.hints import NoReturn
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
    signal.signal(signal.SIGTERM, end_on_signal)
    _be_modest()
    try:
        told = load(asked)
        deadline = Deadline.after(told['seconds'])
        report = look(check_unit(told['unit']), told['ports'], told['checks'], deadline)
        print(encode(report), flush=True)
    except HealthError as error:
        print(f'cannot look: {error}', file=sys.stderr, flush=True)
        end(USAGE_EXIT)
    except OSError:
        end(USAGE_EXIT)  # Whoever read has gone.
    end(0)


def _be_modest() -> None:
    for kind, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, _MOST_MEMORY_BYTES)):
        _soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard < 0 else min(most, hard), hard))
    os.nice(_NICER)

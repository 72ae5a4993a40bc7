"""What a program takes whatever else the computer does: instructions, and a Python's modules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

_TOOL = ('--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null')
_REFS = re.compile(r'I +refs: +([0-9,]+)')


def instructions(
    argv: Sequence[str], environment: Mapping[str, str] | None = None, stdin: bytes = b''
) -> int | None:
    """Return how many the program takes by itself; `None` where there is no valgrind."""
    valgrind = shutil.which('valgrind')
    if valgrind is None:
        return None
    said = _said([valgrind, *_TOOL, *argv], environment, stdin)
    found = _REFS.search(said)
    return int(found[1].replace(',', '')) if found else None


def modules(
    argv: Sequence[str], environment: Mapping[str, str] | None = None, stdin: bytes = b''
) -> int:
    """Return how many modules a Python, the first word, loads."""
    said = _said([argv[0], '-X', 'importtime', *argv[1:]], environment, stdin)
    return said.count('import time:') - 1  # One is the heading.


def _said(argv: Sequence[str], environment: Mapping[str, str] | None, stdin: bytes) -> str:
    done = subprocess.run(
        argv,
        input=stdin,
        env={**os.environ, 'PYTHONHASHSEED': '0', **(environment or {})},
        capture_output=True,
        check=False,
    )
    return done.stderr.decode(errors='replace')

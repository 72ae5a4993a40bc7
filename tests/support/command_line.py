"""The command `reconcile-health` as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.patience import PATIENCE

COMMAND = str(Path(sys.executable).parent / 'reconcile-health')
Done = subprocess.CompletedProcess[bytes]


def run(*words: str, stdin: bytes = b'', environment: Mapping[str, str] | None = None) -> Done:
    """Run it to its end."""
    return subprocess.run(
        [COMMAND, *words],
        input=stdin,
        env={**os.environ, 'COLUMNS': '120', **(environment or {})},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )


# As the command itself begins; when it ends, in whichever way, it tells what it has loaded.
_TELLING = """
import atexit, os, sys
place, *sys.argv[1:] = sys.argv[1:]
end = os._exit
def tell():
    with open(place, 'w') as file:
        print(*sys.modules, file=file)
os._exit = lambda code: (tell(), end(code))
atexit.register(tell)
from reconciler.cli import main
main()
"""


def loaded(place: Path, *words: str, environment: Mapping[str, str] | None = None) -> set[str]:
    """Return the names of the modules that the command has loaded when it ends.

    Args:
        place: a directory to write in.
    """
    told = place / 'modules'
    subprocess.run(
        [sys.executable, '-c', _TELLING, str(told), *words],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return set(told.read_text().split())

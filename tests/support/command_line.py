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

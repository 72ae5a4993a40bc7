"""What a kernel's log looks like, as /dev/kmsg gives it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Sequence, Tuple


def kernel_log(path: Path, said: Sequence[Tuple[float, str]]) -> Path:
    """Write the log of a kernel that said each text so many seconds ago; return its path."""
    now = time.monotonic()
    lines = [
        f'6,{number},{int((now - ago) * 1e6)},-;{text}\n'
        for number, (ago, text) in enumerate(said)
    ]
    path.write_text(''.join(lines))
    return path

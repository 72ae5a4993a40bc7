"""How many processes a command has become: `juju ssh` may start itself without end.

With proxy-ssh=true in the model's configuration it does so through ssh's ProxyCommand (142
processes in 10 s on Juju 4.0.15). All of them are in the session of the first, so that they can be
counted, and ended together.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from charm.kernel.process_stat import read_stat

# juju, ssh, and for a way through a jump host a shell, a juju and an ssh more, are five.
MOST_PROCESSES = 16
_PROC = Path('/proc')
_EVERY_SECONDS = 1.0


class Sessions:
    """Counts processes by session, for all who ask at the same time by one look at /proc.

    On systems without it every count is 0.
    """

    def __init__(self, proc: Path = _PROC) -> None:
        self._proc = proc
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()
        self._looked_at = float('-inf')

    def size(self, leader: int) -> int:
        """Return how many processes are in the session of `leader`, as of a second ago at most."""
        with self._lock:
            if time.monotonic() - self._looked_at >= _EVERY_SECONDS:
                self._counts = Counter(self._sessions())
                self._looked_at = time.monotonic()
            return self._counts[leader]

    def _sessions(self) -> Iterable[int]:
        try:
            names = [name for name in os.listdir(self._proc) if name.isdigit()]
        except OSError:
            return
        for name in names:
            try:
                # proc_pid_stat(5), field 6.
                yield int(read_stat(str(self._proc / name))[1][3])
            except (OSError, ValueError, IndexError):
                continue


_SESSIONS = Sessions()


def is_swarm(leader: int) -> bool:
    """Return whether the session of `leader` has more processes than any `juju ssh` needs."""
    return _SESSIONS.size(leader) > MOST_PROCESSES

"""The hooks and actions that Juju's agents are running on this machine, and for how long.

Whoever we are, proc(5) tells it: a hook is a child of the agent's process, run from its charm.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from ..checks.check import Verdict
from ..checks.options import OUTSIDE
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.facts import dataclass, field
from ..kernel.hints import Any, Callable, Dict, Iterator, List, Optional
from ..kernel.pattern import pattern
from ..kernel.process_stat import read_stat
from ..kernel.report import Health

# The processes of agents: of a machine with all units on it, of a pod, of an application's.
_AGENTS = (b'jujud', b'containeragent')
_RUN = pattern(
    rb'/agents/(unit-[a-z0-9-]+)/charm/(?:(?:hooks|actions|functions)/([a-z0-9-]+)|dispatch)'
)
# Fields of stat(5) after the state: the parent, and when it began.
_PARENT, _BEGAN = 1, 19


@dataclass(frozen=True)
class Hooks:
    """What agents are running: `data.running` has the `agent`'s tag, the `hook` and `seconds`.

    Where a charm runs something else in its place, as those of the ops framework do, the kernel
    tells no more than that something runs: those two are empty then.
    """

    proc: Path = field(default=Path('/proc'), metadata=OUTSIDE)
    # Not /proc/uptime, which is that of a container while what it is compared with is the host's.
    clock: Callable[[], float] = field(
        default=lambda: time.clock_gettime(time.CLOCK_BOOTTIME), metadata=OUTSIDE
    )

    def run(self, deadline: Deadline) -> Verdict:
        """Return what is running; nothing is well or ill for it.

        Raises:
            CheckError: the kernel does not tell.
        """
        try:
            running = list(self._running(self.clock()))
        except (OSError, ValueError, IndexError) as error:
            raise CheckError(f'cannot see what runs: {error}') from error
        text = f'agents run {len(running)} hooks' if running else 'no agent runs a hook'
        return Verdict(Health.PASSED, text, {'running': running})

    def _running(self, now_seconds: float) -> Iterator[Dict[str, Any]]:
        stats = {}
        for name in os.listdir(self.proc):
            if name.isdigit():
                try:
                    stats[int(name)] = read_stat(str(self.proc / name))
                except OSError:
                    continue  # It has ended.
        agents = {pid for pid, (name, _fields) in stats.items() if name in _AGENTS}
        for pid, (kind, fields) in stats.items():
            if int(fields[_PARENT]) in agents and kind not in _AGENTS:
                told = self._told(pid)
                if told is not None:
                    began = int(fields[_BEGAN]) / os.sysconf('SC_CLK_TCK')
                    yield {**told, 'seconds': round(max(0.0, now_seconds - began), 1)}

    def _told(self, pid: int) -> Optional[Dict[str, str]]:
        """Return what a child of an agent is; `None` for what is no hook."""
        try:
            words: List[bytes] = (self.proc / str(pid) / 'cmdline').read_bytes().split(b'\0')
        except OSError:
            return None
        for word in words[:4]:
            found = _RUN.search(word)
            if found:
                hook = (found[2] or b'').decode()
                return {'agent': found[1].decode(), 'hook': hook}
        framework = any(word.endswith((b'src/charm.py', b'/charm.py')) for word in words[:4])
        return {'agent': '', 'hook': ''} if framework else None

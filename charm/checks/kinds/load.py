"""Load average per CPU."""

from __future__ import annotations

import math
import os
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Callable, Dict, Optional
from ...kernel.process_stat import count_threads
from ...kernel.report import Health
from .. import default_thresholds
from ..check import Verdict
from ..options import OUTSIDE, OptionError, require_order
from ..thresholds import Range, judge
from ..virtualization import CONTAINER_SCOPE, Virtualization, detect

# Threads that come and go between two looks; the kernel's own on a host are more than these.
_COME_AND_GO = 20


@dataclass(frozen=True)
class Loads:
    """What /proc/loadavg has: averages of 1, 5 and 15 minutes, and all threads there are."""

    one: float
    five: float
    fifteen: float
    threads: Optional[int]


@dataclass(frozen=True)
class Load:
    """Warn and fail by the load average of five minutes, divided by the CPUs.

    A container that is shown its host's load passes, unless it is told the host's CPUs: it sees
    its own, and can mend nothing there.

    Attributes:
        warn_per_cpu, fail_per_cpu: more than this is too much.
        cpus: how many CPUs to divide by; those the kernel has by default.
    """

    warn_per_cpu: float = default_thresholds.LOAD_WARN_PER_CPU
    fail_per_cpu: float = default_thresholds.LOAD_FAIL_PER_CPU
    cpus: Optional[int] = None
    source: Path = field(default=Path('/proc/loadavg'), metadata=OUTSIDE)
    threads: Callable[[], Optional[int]] = field(default=count_threads, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_order(self.warn_per_cpu, self.fail_per_cpu, '_per_cpu')
        if self.cpus is not None and self.cpus < 1:
            raise OptionError('cpus', f'{self.cpus} is less than one')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on the load of the last five minutes."""
        loads, around = self._read(), self.around()
        scope = around.kernel_scope
        if around.container and self._is_of_container(loads):
            scope = CONTAINER_SCOPE
        data = {
            'scope': scope,
            'load_1': loads.one,
            'load_5': loads.five,
            'load_15': loads.fifteen,
        }
        if around.container and scope != CONTAINER_SCOPE and self.cpus is None:
            text = f'{loads.five:.2f} is the load of the host of this container: see there'
            return Verdict(Health.PASSED, text, {**data, 'cpus': None, 'per_cpu': None})
        return self._judge(loads.five, self.cpus or os.cpu_count() or 1, data)

    def _is_of_container(self, loads: Loads) -> bool:
        """Return whether a container is shown its own load, as lxcfs does when told (`-l`).

        Then it also counts the container's threads alone; the host has many more, the kernel's.
        """
        ours = None if loads.threads is None else self.threads()
        if ours is None or loads.threads is None:
            return False
        return loads.threads <= ours + _COME_AND_GO

    def _read(self) -> Loads:
        try:
            words = self.source.read_text().split()
            one, five, fifteen = (float(word) for word in words[:3])
        except OSError as error:
            raise CheckError(f'cannot read {self.source}: {error.strerror}') from error
        except ValueError as error:
            raise CheckError(f'cannot read {self.source}: not three load averages') from error
        if not all(math.isfinite(load) for load in (one, five, fifteen)):
            raise CheckError(f'cannot read {self.source}: a load is not finite')
        threads = words[3].rpartition('/')[2] if len(words) > 3 else ''
        return Loads(one, five, fifteen, int(threads) if threads.isdigit() else None)

    def _judge(self, load: float, cpus: int, data: Dict[str, Any]) -> Verdict:
        per_cpu = load / cpus
        health = judge(per_cpu, Range.at_most(self.warn_per_cpu), Range.at_most(self.fail_per_cpu))
        data = {**data, 'cpus': cpus, 'per_cpu': round(per_cpu, 4)}
        plural = '' if cpus == 1 else 's'
        return Verdict(health, f'{per_cpu:.2f} per CPU ({load:.2f} on {cpus} CPU{plural})', data)

"""Load average per CPU."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Tuple

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ..check import Verdict
from ..options import OUTSIDE, OptionError, require_order
from ..thresholds import Range, judge


@dataclass(frozen=True)
class Load:
    """Warn and fail by the load average of five minutes, divided by the CPUs.

    Attributes:
        warn_per_cpu, fail_per_cpu: more than this is too much.
        cpus: how many CPUs to divide by; those the kernel has by default.
    """

    warn_per_cpu: float = 2.0
    fail_per_cpu: float = 4.0
    cpus: Optional[int] = None
    source: Path = field(default=Path('/proc/loadavg'), metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_order(self.warn_per_cpu, self.fail_per_cpu, '_per_cpu')
        if self.cpus is not None and self.cpus < 1:
            raise OptionError('cpus', f'{self.cpus} is less than one')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on the load of the last five minutes."""
        return self._judge(self._read(), self.cpus or os.cpu_count() or 1)

    def _read(self) -> Tuple[float, float, float]:
        try:
            one, five, fifteen = (float(word) for word in self.source.read_text().split()[:3])
        except OSError as error:
            raise CheckError(f'cannot read {self.source}: {error.strerror}') from error
        except ValueError as error:
            raise CheckError(f'cannot read {self.source}: not three load averages') from error
        if not all(math.isfinite(load) for load in (one, five, fifteen)):
            raise CheckError(f'cannot read {self.source}: a load is not finite')
        return one, five, fifteen

    def _judge(self, loads: Tuple[float, float, float], cpus: int) -> Verdict:
        one, five, fifteen = loads
        per_cpu = five / cpus
        health = judge(per_cpu, Range.at_most(self.warn_per_cpu), Range.at_most(self.fail_per_cpu))
        data = {
            'load_1': one,
            'load_5': five,
            'load_15': fifteen,
            'cpus': cpus,
            'per_cpu': round(per_cpu, 4),
        }
        plural = '' if cpus == 1 else 's'
        return Verdict(health, f'{per_cpu:.2f} per CPU ({five:.2f} on {cpus} CPU{plural})', data)

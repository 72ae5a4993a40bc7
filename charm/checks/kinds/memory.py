"""Memory that programs can still have."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ..check import Verdict
from ..options import OUTSIDE, require_order
from ..phrases import percent, size
from ..thresholds import Range, judge


@dataclass(frozen=True)
class Memory:
    """Warn and fail when little memory is available, as the kernel estimates it.

    Attributes:
        warn_available_percent, fail_available_percent: less than this is too little.
    """

    warn_available_percent: float = 10.0
    fail_available_percent: float = 5.0
    source: Path = field(default=Path('/proc/meminfo'), metadata=OUTSIDE)

    def __post_init__(self) -> None:
        # The lower bound is the worse one here, hence the turned order.
        require_order(-self.warn_available_percent, -self.fail_available_percent)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on MemAvailable."""
        return self._judge(parse_meminfo(self._read()))

    def _read(self) -> str:
        try:
            return self.source.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise CheckError(f'cannot read {self.source}: {error}') from error

    def _judge(self, sizes: Dict[str, int]) -> Verdict:
        try:
            total, available = sizes['MemTotal'], sizes['MemAvailable']
            ratio = available / total
        except (KeyError, ZeroDivisionError) as error:
            raise CheckError(f'cannot find the memory available in {self.source}') from error
        data = {
            'total_bytes': total,
            'available_bytes': available,
            'available_ratio': round(ratio, 4),
            'swap_total_bytes': sizes.get('SwapTotal'),
            'swap_free_bytes': sizes.get('SwapFree'),
        }
        warn = Range.at_least(self.warn_available_percent)
        fail = Range.at_least(self.fail_available_percent)
        text = f'{percent(ratio)} of {size(total)} available'
        return Verdict(judge(ratio * 100, warn, fail), text, data)


def parse_meminfo(text: str) -> Dict[str, int]:
    """Return the sizes in /proc/meminfo, in bytes; lines that are not sizes are left out."""
    sizes = {}
    for line in text.splitlines():
        name, _colon, rest = line.partition(':')
        words = rest.split()
        if len(words) == 2 and words[1] == 'kB' and words[0].isdigit():
            sizes[name] = int(words[0]) * 1024
    return sizes

"""Memory that programs can still have."""

from __future__ import annotations

from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Callable, Dict, List, Optional
from ...kernel.lines import lines_of
from .. import default_thresholds
from ..cgroup_memory import CgroupMemory, read_cgroup_memory
from ..check import Verdict
from ..mounts import MOUNTINFO, parse_mountinfo
from ..options import OUTSIDE, require_order
from ..phrases import percent, size
from ..thresholds import Range, judge
from ..virtualization import CONTAINER_SCOPE, Virtualization, detect

_LXCFS = 'fuse.lxcfs'


@dataclass(frozen=True)
class Memory:
    """Warn and fail when little memory is available, as the kernel estimates it.

    Huge pages are set aside, and are neither all of it nor available. The cache of ZFS gives way.
    In a container its own limit counts where that leaves less.

    Attributes:
        warn_available_percent, fail_available_percent: less than this is too little.
    """

    warn_available_percent: float = default_thresholds.MEMORY_WARN_AVAILABLE_PERCENT
    fail_available_percent: float = default_thresholds.MEMORY_FAIL_AVAILABLE_PERCENT
    source: Path = field(default=Path('/proc/meminfo'), metadata=OUTSIDE)
    arc: Path = field(default=Path('/proc/spl/kstat/zfs/arcstats'), metadata=OUTSIDE)
    mounts: Path = field(default=Path(MOUNTINFO), metadata=OUTSIDE)
    cgroup: Callable[[], Optional[CgroupMemory]] = field(
        default=read_cgroup_memory, metadata=OUTSIDE
    )
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        # The lower bound is the worse one here, hence the turned order.
        require_order(-self.warn_available_percent, -self.fail_available_percent)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on the memory of the machine, or of the container if that is less."""
        around = self.around()
        if around.container and self._is_of_container():
            found = self._of_kernel(around.own_scope)
        else:
            found = self._of_kernel(around.kernel_scope)
        limited = self.cgroup() if around.container else None
        if limited and limited.available_bytes / limited.limit_bytes < found['available_ratio']:
            found = _of_cgroup(limited, found)
        return self._judge(found)

    def _is_of_container(self) -> bool:
        """Return whether lxcfs shows a container its own memory."""
        try:
            text = self.mounts.read_bytes().decode('utf-8', 'surrogateescape')
        except OSError:
            return False
        mount = parse_mountinfo(text).by_path.get('/proc/meminfo')
        return mount is not None and mount.kind == _LXCFS

    def _of_kernel(self, scope: str) -> Dict[str, Any]:
        try:
            sizes = parse_meminfo(lines_of(self.source))
        except OSError as error:
            raise CheckError(f'cannot read {self.source}: {error.strerror}') from error
        # lxcfs shows a container its own memory, and still its host's huge pages and ARC.
        own = scope == CONTAINER_SCOPE
        aside = 0 if own else _hugepages(sizes)
        cache = 0 if own else self._reclaimable_arc()
        try:
            total = sizes['MemTotal'] - aside
            available = min(sizes['MemAvailable'] + cache, total)
            ratio = available / total
        except (KeyError, ZeroDivisionError) as error:
            raise CheckError(f'cannot find the memory available in {self.source}') from error
        return {
            'scope': scope,
            'total_bytes': total,
            'available_bytes': available,
            'available_ratio': round(ratio, 4),
            'hugepages_bytes': aside,
            'arc_reclaimable_bytes': cache,
            'swap_total_bytes': sizes.get('SwapTotal'),
            'swap_free_bytes': sizes.get('SwapFree'),
        }

    def _reclaimable_arc(self) -> int:
        """Return what ZFS keeps above the least it wants, and gives back; 0 without ZFS."""
        try:
            rows = (line.split() for line in lines_of(self.arc))
            values = {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}
            return max(values['size'] - values['c_min'], 0)
        except (OSError, KeyError, ValueError):
            return 0

    def _judge(self, found: Dict[str, Any]) -> Verdict:
        ratio, aside = found['available_ratio'], found['hugepages_bytes']
        warn = Range.at_least(self.warn_available_percent)
        fail = Range.at_least(self.fail_available_percent)
        text = f'{percent(ratio)} of {size(found["total_bytes"])} available'
        if aside:
            text += f', {size(aside)} more are set aside as huge pages'
        return Verdict(judge(ratio * 100, warn, fail), text, found)


def _of_cgroup(limited: CgroupMemory, kernel: Dict[str, Any]) -> Dict[str, Any]:
    """Return the figures of a container's limit; what swap the kernel has stays as it is."""
    ratio = round(limited.available_bytes / limited.limit_bytes, 4)
    return {
        **kernel,
        'scope': CONTAINER_SCOPE,
        'total_bytes': limited.limit_bytes,
        'available_bytes': limited.available_bytes,
        'available_ratio': ratio,
        'hugepages_bytes': 0,
        'arc_reclaimable_bytes': 0,
    }


def _hugepages(sizes: Dict[str, int]) -> int:
    """Return what is set aside as huge pages; old kernels tell those of the default size alone."""
    if 'Hugetlb' in sizes:
        return sizes['Hugetlb']
    return sizes.get('HugePages_Total', 0) * sizes.get('Hugepagesize', 0)


def parse_meminfo(rows: List[str]) -> Dict[str, int]:
    """Return the sizes in /proc/meminfo in bytes, and its counts; other lines are left out."""
    found = {}
    for row in rows:
        name, _colon, rest = row.partition(':')
        words = rest.split()
        if words and words[0].isascii() and words[0].isdigit():
            found[name] = int(words[0]) * (1024 if words[1:] == ['kB'] else 1)
    return found

"""What the memory cgroup of this container allows, and how much of that is left.

Files are those of Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst, at the top of
the tree as we see it, which in a container with a cgroup namespace is the container's own.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.hints import Dict, Optional, Tuple
from ..kernel.lines import lines_of

# A limit so far up, an exbibyte, is none: version 1 writes 2**63 less a page there.
_NONE_FROM_BYTES = 2**60
# Limits, usage, and of memory.stat what the kernel takes back when somebody needs it. Above
# `high` nothing is killed, but all is held up until it is below again.
_VERSIONS: Tuple[Tuple[str, Tuple[str, ...], str, Tuple[str, ...]], ...] = (
    (
        '',
        ('memory.max', 'memory.high'),
        'memory.current',
        ('inactive_file', 'active_file', 'slab_reclaimable'),
    ),
    (
        'memory',
        ('memory.limit_in_bytes',),
        'memory.usage_in_bytes',
        ('total_inactive_file', 'total_active_file'),
    ),
)


@dataclass(frozen=True)
class CgroupMemory:
    """The memory that a container may have, and what is left to its programs."""

    limit_bytes: int
    available_bytes: int


def limit(text: str) -> Optional[int]:
    """Return a limit in bytes; `None` for every word that means there is none."""
    word = text.strip()
    number = int(word) if word.isascii() and word.isdigit() else 0
    return number if 0 < number < _NONE_FROM_BYTES else None


def read_cgroup_memory(root: Path = Path('/sys/fs/cgroup')) -> Optional[CgroupMemory]:
    """Return the memory of our cgroup; `None` where nothing limits it, or tells."""
    for directory, of_limits, of_usage, reclaimable in _VERSIONS:
        place = root / directory
        try:
            limits = [limit((place / name).read_text()) for name in of_limits]
            used = int((place / of_usage).read_text())
            stat = _numbers(place / 'memory.stat')
        except (OSError, ValueError):
            continue
        most = min((known for known in limits if known is not None), default=None)
        if most is None:
            return None
        idle = sum(stat.get(name, 0) for name in reclaimable)
        return CgroupMemory(most, min(max(most - max(used - idle, 0), 0), most))
    return None


def _numbers(path: Path) -> Dict[str, int]:
    pairs = (line.split(' ') for line in lines_of(path))
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}

"""What proc(5) says of a process in one line, and who is whose descendant."""

from __future__ import annotations

import os

from .hints import Dict, Iterable, List, Mapping, Optional, Set, Tuple

# Among the fields after a process's name: how many threads it has.
_THREADS = 17


def read_stat(directory: str) -> Tuple[bytes, List[bytes]]:
    """Return the kernel's name of a process, and the fields after it, from its state on.

    The name stands in parentheses, and may hold parentheses and spaces itself.

    Raises:
        OSError: it has ended, or is not ours to look at.
    """
    with open(f'{directory}/stat', 'rb') as file:
        head, _close, rest = file.read().rpartition(b')')
    return head.partition(b'(')[2], rest.split()


def count_threads(proc: str = '/proc') -> Optional[int]:
    """Return how many threads all processes have; `None` if those of others are hidden."""
    try:
        names = [name for name in os.listdir(proc) if name.isdigit()]
    except OSError:
        return None
    if '1' not in names:
        return None
    count = 0
    for name in names:
        try:
            count += int(read_stat(f'{proc}/{name}')[1][_THREADS])
        except (OSError, IndexError, ValueError):
            continue
    return count


def below(parents: Mapping[int, int], ancestor: int, spared: Iterable[int] = ()) -> Set[int]:
    """Return the descendants of a process, but for those that are `spared`, and theirs.

    `parents` has the parent of each.
    """
    children: Dict[int, List[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    left_alone = {ancestor, *spared}
    found: Set[int] = set()
    waiting = [ancestor]
    while waiting:
        new = [one for one in children.get(waiting.pop(), ()) if one not in found | left_alone]
        found.update(new)
        waiting += new
    return found


def is_nested(directory: str) -> Optional[bool]:
    """Return whether a process of a /proc is in a PID namespace below that of this /proc.

    It has a number in each namespace that it can be seen from; see NSpid in proc(5). `None` if the
    kernel does not tell.
    """
    try:
        with open(f'{directory}/status', 'rb') as file:
            rows = [line for line in file.read().split(b'\n') if line.startswith(b'NSpid:')]
    except OSError:
        return None
    return len(rows[0].split()) > 2 if rows else None

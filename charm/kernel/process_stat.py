"""What proc(5) says of a process in one line, and who is whose descendant."""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, Set, Tuple


def read_stat(directory: str) -> Tuple[bytes, List[bytes]]:
    """Return the kernel's name of a process, and the fields after it, from its state on.

    The name stands in parentheses, and may hold parentheses and spaces itself.

    Raises:
        OSError: it has ended, or is not ours to look at.
    """
    with open(f'{directory}/stat', 'rb') as file:
        head, _close, rest = file.read().rpartition(b')')
    return head.partition(b'(')[2], rest.split()


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

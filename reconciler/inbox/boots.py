"""Which reports of a unit were seen: by boot and sequence, whatever any clock says.

A boot that is over never comes back, so each one is remembered for as long as the inbox is: the
latest ones in full, those before them as digests, of 8 bytes each, in a file of their own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from charm.kernel.files import read_whole, write_whole

MOST_RECENT = 256
# A unit that boots every hour comes this far in 7 years; its file is half a megabyte then.
MOST_EARLIER = 65536
_DIGEST_BYTES = 8


@dataclass(frozen=True)
class Boots:
    """The boots of a unit.

    Attributes:
        recent: each with its highest sequence, the latest last.
        earlier: digests of those before them.
    """

    recent: tuple[tuple[str, int], ...] = ()
    earlier: frozenset[bytes] = frozenset()

    @property
    def is_full(self) -> bool:
        """Return whether no further boot can be remembered."""
        return len(self.recent) >= MOST_RECENT and len(self.earlier) >= MOST_EARLIER

    def knows(self, boot_id: str) -> bool:
        """Return whether a report of this boot was seen."""
        return any(boot_id == boot for boot, _ in self.recent) or _digest(boot_id) in self.earlier

    def is_new(self, boot_id: str, sequence: int) -> bool:
        """Return whether this is no duplicate, no replay, and of no boot before the latest."""
        if self.recent and boot_id == self.recent[-1][0]:
            return sequence > self.recent[-1][1]
        return not self.knows(boot_id)

    def add(self, boot_id: str, sequence: int) -> Boots:
        """Return these and a report that is new."""
        recent = [boot for boot in self.recent if boot[0] != boot_id]
        recent.append((boot_id, sequence))
        over = recent[:-MOST_RECENT]
        earlier = self.earlier.union(_digest(boot) for boot, _ in over) if over else self.earlier
        return Boots(tuple(recent[-MOST_RECENT:]), earlier)


def _digest(boot_id: str) -> bytes:
    return hashlib.blake2b(boot_id.encode(), digest_size=_DIGEST_BYTES).digest()


def read_earlier(path: Path) -> frozenset[bytes]:
    """Return the digests in a file; none if there is no file.

    Raises:
        FileError: it cannot be read.
    """
    data = read_whole(path) or b''
    starts = range(0, len(data), _DIGEST_BYTES)
    return frozenset(data[start : start + _DIGEST_BYTES] for start in starts)


def write_earlier(path: Path, earlier: frozenset[bytes]) -> None:
    """Write the digests, all or none.

    Raises:
        FileError: they cannot be written.
    """
    write_whole(path, b''.join(sorted(earlier)), 0o600)

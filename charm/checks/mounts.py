"""What is mounted, by /proc/self/mountinfo, and which mounts show one file system.

The format is that of proc(5). It tells the options of a mount from those of its file system: a
bind mount may be read-only while others of the same file system can be written to.
"""

from __future__ import annotations

import os

from ..kernel.facts import dataclass
from ..kernel.hints import Callable, Dict, List, Mapping, Optional, Tuple
from ..kernel.lines import lines
from ..kernel.pattern import pattern

MOUNTINFO = '/proc/self/mountinfo'
# What is named here keeps data on this machine and answers statvfs() at once. Anything else is
# pseudo, read-only by nature (squashfs, iso9660), or may hang for ever when its server is gone
# (nfs, cifs, ceph, fuse.*), and is not asked.
_LOCAL = pattern(
    'ext[234]|xfs|btrfs|zfs|bcachefs|f2fs|jfs|nilfs2|reiserfs|vfat|exfat|ntfs3?|fuseblk|hfsplus|ufs'
)
_OCTAL = pattern(r'\\([0-7]{3})')


@dataclass(frozen=True)
class Mount:
    """One line of mountinfo.

    Attributes:
        number: the device's, `8:1`; file systems without a device have one of their own as well.
        path: where it is mounted, as we see it.
        options: of this mount alone.
        kind: such as `ext4`.
        device: what was mounted.
        super_options: of the file system, wherever it is mounted.
    """

    number: str
    path: str
    options: Tuple[str, ...]
    kind: str
    device: str
    super_options: Tuple[str, ...]

    @property
    def read_only(self) -> bool:
        """Return whether nothing can be written here."""
        return 'ro' in self.options or self.sealed

    @property
    def sealed(self) -> bool:
        """Return whether nothing can be written to the file system by any of its mounts."""
        return 'ro' in self.super_options

    @property
    def local(self) -> bool:
        """Return whether it keeps data on this machine, and can be asked without a wait."""
        return bool(_LOCAL.fullmatch(self.kind))


@dataclass(frozen=True)
class MountTable:
    """All mounts by their paths, and how many lines could not be read."""

    by_path: Mapping[str, Mount]
    unreadable_lines: int = 0

    def holder(self, path: str) -> Mount:
        """Return the mount that holds an absolute path: the one of the nearest directory above."""
        while path not in self.by_path and path != '/':
            path = path.rpartition('/')[0] or '/'
        return self.by_path[path]

    def file_systems(self, wanted: Callable[[str], bool]) -> List[Tuple[Mount, ...]]:
        """Return the mounts of each local file system, and of the root's whatever it is.

        Only mounts at paths that are `wanted` count. The one to ask comes first: one that can be
        written to, and among these the shortest; so does the root's file system.
        """
        groups: Dict[str, List[Mount]] = {}
        for mount in self.by_path.values():
            if (mount.local or mount.path == '/') and wanted(mount.path):
                groups.setdefault(mount.number, []).append(mount)
        found = [tuple(sorted(group, key=_rank)) for group in groups.values()]
        return sorted(found, key=lambda group: min(_place(mount.path) for mount in group))


def _rank(mount: Mount) -> Tuple[bool, Tuple[bool, int, str]]:
    return mount.read_only, _place(mount.path)


def _place(path: str) -> Tuple[bool, int, str]:
    return path != '/', path.count('/'), path


def parse_mountinfo(text: str) -> MountTable:
    """Return the table; a later mount hides an earlier one at the same place."""
    by_path: Dict[str, Mount] = {}
    unreadable = 0
    for line in lines(text):
        mount = _parse(line)
        if mount is None:
            unreadable += 1
        else:
            by_path[mount.path] = mount
    return MountTable(by_path, unreadable)


def _parse(line: str) -> Optional[Mount]:
    # ID parent major:minor root path options [optional fields] - kind device super-options
    words = [unescape(word) for word in line.split(' ')]
    if '-' not in words[6:]:
        return None
    rest = words[words.index('-', 6) + 1 :]
    if len(rest) < 3:
        return None
    return Mount(words[2], words[4], _options(words[5]), rest[0], rest[1], _options(rest[2]))


def _options(word: str) -> Tuple[str, ...]:
    return tuple(word.split(','))


def unescape(word: str) -> str:
    """Return a word of mountinfo or fstab(5) without the octal escapes of blanks and the like."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), word)


def statvfs(path: str) -> os.statvfs_result:
    """Return the figures of the file system that holds a path.

    Raises:
        OSError: it cannot be looked at; an XFS that has shut itself down refuses stat(2) alone.
    """
    os.stat(path)
    return os.statvfs(path)

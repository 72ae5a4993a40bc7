"""Tables of mounts as /proc/self/mountinfo has them, and figures for what is mounted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from charm.checks.kinds.disk_space import DiskSpace
from charm.checks.lost_writes import ErrorCount
from charm.checks.virtualization import Virtualization
from charm.checks.wanted_mounts import read_wanted

GIB = 1024**3
ROOT = '/dev/vda1 / ext4 rw'
# What seq_path() of the kernel escapes, whatever the locale.
_ESCAPED = ' \t\n\\#'


def escape(word: str) -> str:
    """Return a word as the kernel writes it."""
    return ''.join(f'\\{ord(letter):03o}' if letter in _ESCAPED else letter for letter in word)


def mountinfo(*rows: str) -> str:
    """Return a table of rows `DEVICE PATH KIND OPTIONS [OPTIONS-OF-THE-MOUNT]`.

    Rows of one device are of one file system, unless it is no file of /dev.
    """
    lines = []
    for number, row in enumerate(rows):
        device, path, kind, options, *of_mount = row.split(' ')
        minor = number if not device.startswith('/dev') else sum(device.encode())
        own = of_mount[0] if of_mount else 'rw'
        lines.append(f'{number} 1 8:{minor} / {path} {own} shared:1 - {kind} {device} {options}\n')
    return ''.join(lines)


def figures(
    size_bytes: int, free_bytes: int, inodes: int = 1000, inodes_free: int = 900
) -> os.statvfs_result:
    """Return what statvfs() answers of a file system without space kept for root."""
    blocks, free = size_bytes // 4096, free_bytes // 4096
    told = (4096, 4096, blocks, free, free, inodes, inodes_free, inodes_free, 0, 255)
    return os.statvfs_result(told)


def disk(
    directory: Path,
    table: str,
    answers: Mapping[str, os.statvfs_result | OSError],
    fstab: str = '',
    errors: ErrorCount | None = None,
    **options: Any,
) -> DiskSpace:
    """Return the check on a table of mounts; only the paths in `answers` may be asked."""
    source = directory / 'mountinfo'
    source.write_bytes(table.encode())
    (directory / 'fstab').write_text(fstab)

    def answer(path: str) -> os.statvfs_result:
        found = answers[path]
        if isinstance(found, OSError):
            raise found
        return found

    return DiskSpace(
        source=source,
        statvfs=answer,
        resolve=os.path.normpath,
        wanted=lambda: read_wanted(directory / 'fstab', directory / 'system'),
        errors=lambda mount: errors or ErrorCount(),
        around=lambda: Virtualization('none', False),
        **options,
    )

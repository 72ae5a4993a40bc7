"""The figures of file systems: each once, however often it is mounted."""

from __future__ import annotations

import os

from ..kernel.facts import dataclass, field
from ..kernel.hints import Any, Callable, Dict, Iterable, List, Tuple
from .mounts import Mount

Statvfs = Callable[[str], os.statvfs_result]
# Of these a directory can have a quota of its own, which statvfs() shows where it is mounted.
_WITH_QUOTA_TREES = ('ext4', 'xfs')
_MOST_NAMED = 20


@dataclass(frozen=True)
class FileSystem:
    """One file system, or the part of one that has a quota.

    Attributes:
        path: its name in `data.mounts`.
        mounts: where it is mounted, the one that was asked first.
        figures: of that one, as `data.mounts` has them.
    """

    path: str
    mounts: Tuple[Mount, ...]
    figures: Dict[str, Any]


@dataclass(frozen=True)
class Survey:
    """What was measured, and the reasons by path why other file systems were not."""

    measured: List[FileSystem] = field(default_factory=list)
    not_looked_at: Dict[str, str] = field(default_factory=dict)


def survey(groups: Iterable[Tuple[Mount, ...]], statvfs: Statvfs) -> Survey:
    """Measure each file system by the first of its mounts that can be asked."""
    found = Survey()
    for mounts in groups:
        measured, refused = _measure_mounts(mounts, statvfs)
        found.measured.extend(measured)
        if not measured:
            found.not_looked_at.update(refused)
    return found


def _measure_mounts(
    mounts: Tuple[Mount, ...], statvfs: Statvfs
) -> Tuple[List[FileSystem], Dict[str, str]]:
    """Return one file system and each part with a quota of its own, or why there is none."""
    parts: Dict[object, FileSystem] = {}
    refused: Dict[str, str] = {}
    for mount in mounts:
        try:
            figures = measure(mount, mount.path, statvfs)
        except OSError as error:
            refused[mount.path] = error.strerror or 'gone'
            continue
        key = figures.get('size_bytes') if mount.kind in _WITH_QUOTA_TREES else None
        if key in parts:
            also = parts[key].figures.setdefault('also_at', [])
            also.extend([mount.path][: _MOST_NAMED - len(also)])
        else:
            parts[key] = FileSystem(mount.path, mounts, figures)
    return list(parts.values()), dict(list(refused.items())[:1])


def measure(mount: Mount, path: str, statvfs: Statvfs) -> Dict[str, Any]:
    """Return the figures at a path of this mount, or the error that the disk gives.

    Raises:
        PermissionError, FileNotFoundError: we cannot look.
    """
    told = {
        'mount': mount.path,
        'device': mount.device,
        'type': mount.kind,
        'read_only': mount.read_only,
    }
    try:
        found = statvfs(path)
    except (PermissionError, FileNotFoundError):
        raise
    except OSError as error:
        return {**told, 'error': error.strerror}
    users_bytes = (found.f_blocks - found.f_bfree + found.f_bavail) * found.f_frsize
    if users_bytes <= 0:
        raise FileNotFoundError(0, 'it has no size')
    free_bytes = found.f_bavail * found.f_frsize
    inodes = round(1 - found.f_favail / found.f_files, 4) if found.f_files else None
    return {
        **told,
        'size_bytes': found.f_blocks * found.f_frsize,
        'free_bytes': free_bytes,
        'used_ratio': round(1 - free_bytes / users_bytes, 4),
        'inodes_free': found.f_favail if found.f_files else None,
        'inodes_used_ratio': inodes,
    }

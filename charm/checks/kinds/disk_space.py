"""Disk space and inodes of every real, local file system."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Set, Tuple

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.globs import matches
from ...kernel.report import Health, worst
from ..check import Verdict
from ..options import OUTSIDE, OptionError, require_order
from ..phrases import listed, percent, size
from ..thresholds import Range, judge

_GIB = 1024**3
_AMPLE_INODES = 1_000_000
# What is named here keeps data on this machine and answers statvfs() at once. Anything else is
# pseudo, read-only by nature (squashfs, iso9660), or may hang for ever when its server is gone
# (nfs, cifs, ceph, fuse.*), and is not asked.
_LOCAL = re.compile(
    'ext[234]|xfs|btrfs|zfs|bcachefs|f2fs|jfs|nilfs2|reiserfs|vfat|exfat|ntfs3?|fuseblk|hfsplus|ufs'
)
_OCTAL = re.compile(r'\\([0-7]{3})')


@dataclass(frozen=True)
class Mount:
    """One line of /proc/mounts."""

    device: str
    path: str
    kind: str
    options: Tuple[str, ...]


@dataclass(frozen=True)
class DiskSpace:
    """Warn and fail by the share of space or inodes in use, unless plenty is free all the same.

    Attributes:
        warn_used_percent, fail_used_percent: of what users may fill, as df(1) counts it.
        warn_free_bytes, fail_free_bytes: a threshold above counts only with less than this free.
        exclude: mount points not to look at; globs.
        paths: look only at the file systems that hold these, of whatever kind they are.
    """

    warn_used_percent: float = 80.0
    fail_used_percent: float = 90.0
    warn_free_bytes: int = 20 * _GIB
    fail_free_bytes: int = 10 * _GIB
    exclude: Tuple[str, ...] = ()
    paths: Tuple[str, ...] = ()
    source: Path = field(default=Path('/proc/mounts'), metadata=OUTSIDE)
    statvfs: Callable[[str], os.statvfs_result] = field(default=os.statvfs, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_order(self.warn_used_percent, self.fail_used_percent, '_used_percent')
        if self.fail_free_bytes > self.warn_free_bytes:
            raise OptionError('fail_free_bytes', 'it is above warn_free_bytes')
        for path in self.paths:
            if not path.startswith('/'):
                raise OptionError('paths', f'{path!r} is not an absolute path')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the worst of all file systems; `data.mounts` has each."""
        measured = [(mount, self._measure(mount)) for mount in self._mounts()]
        return self._judge([(mount, data) for mount, data in measured if data is not None])

    def _mounts(self) -> Iterator[Mount]:
        """Yield each local file system once, the root first whatever it is."""
        try:
            text = self.source.read_text(encoding='utf-8', errors='surrogateescape')
        except OSError as error:
            raise CheckError(f'cannot read {self.source}: {error.strerror}') from error
        # A later mount hides an earlier one at the same place.
        by_path = {mount.path: mount for mount in parse_mounts(text)}
        if '/' not in by_path:
            raise CheckError(f'cannot find the root file system in {self.source}')
        if self.paths:
            yield from (replace(_holder(path, by_path), path=path) for path in self.paths)
            return
        seen: Set[str] = set()
        for path in sorted(by_path, key=lambda path: (path != '/', path.count('/'), path)):
            mount = by_path[path]
            if path != '/' and (not _LOCAL.fullmatch(mount.kind) or mount.device in seen):
                continue
            if any(matches(path, pattern) for pattern in self.exclude):
                continue
            # A bind mount, or another subvolume, shows the same device a second time.
            if mount.device.startswith('/'):
                seen.add(mount.device)
            yield mount

    def _measure(self, mount: Mount) -> Optional[Dict[str, Any]]:
        """Return the figures of one file system, `None` if there is nothing to measure."""
        base = {'device': mount.device, 'type': mount.kind, 'read_only': 'ro' in mount.options}
        try:
            found = self.statvfs(mount.path)
        except (PermissionError, FileNotFoundError) as error:
            if mount.path == '/' or self.paths:
                raise CheckError(f'cannot measure {mount.path}: {error.strerror}') from error
            return None
        except OSError as error:
            return {**base, 'error': error.strerror}
        users_bytes = (found.f_blocks - found.f_bfree + found.f_bavail) * found.f_frsize
        if users_bytes <= 0:
            return None
        free_bytes = found.f_bavail * found.f_frsize
        inodes = None
        if found.f_files:
            inodes = round(1 - found.f_favail / found.f_files, 4)
        return {
            **base,
            'size_bytes': found.f_blocks * found.f_frsize,
            'free_bytes': free_bytes,
            'used_ratio': round(1 - free_bytes / users_bytes, 4),
            'inodes_free': found.f_favail if found.f_files else None,
            'inodes_used_ratio': inodes,
        }

    def _judge(self, measured: List[Tuple[Mount, Dict[str, Any]]]) -> Verdict:
        data = {'mounts': {mount.path: figures for mount, figures in measured}}
        if not measured:
            return Verdict(Health.UNKNOWN, 'there is no file system to measure', data)
        judged = [(*self._judge_one(mount, figures), mount.path) for mount, figures in measured]
        health = worst(health for health, _words, _path in judged)
        if health is Health.PASSED:
            full = max(measured, key=lambda item: item[1]['used_ratio'])
            used = percent(full[1]['used_ratio'])
            return Verdict(health, f'fullest of {len(measured)}: {full[0].path} at {used}', data)
        judged.sort(key=lambda item: (-item[0].rank, item[2]))
        bad = [f'{path} {words}' for one, words, path in judged if one is not Health.PASSED]
        return Verdict(health, listed(bad), data)

    def _judge_one(self, mount: Mount, figures: Dict[str, Any]) -> Tuple[Health, str]:
        if 'error' in figures:
            return Health.FAIL, f'cannot be measured: {figures["error"]}'
        if figures['read_only'] and mount.path != '/':
            # Nobody fills a read-only file system. One that names what to do about errors was
            # meant to be written to, and the kernel has most likely done that.
            if 'errors=remount-ro' in mount.options:
                return Health.WARN, 'is read-only, as after a disk error'
            return Health.PASSED, ''
        space = self._space(figures['used_ratio'], figures['free_bytes'])
        if space is not Health.PASSED:
            free = size(figures['free_bytes'])
            return space, f'is {percent(figures["used_ratio"])} full, {free} free'
        ratio = figures['inodes_used_ratio']
        if ratio is not None and figures['inodes_free'] < _AMPLE_INODES:
            inodes = self._space(ratio, 0)
            if inodes is not Health.PASSED:
                return inodes, f'has {percent(ratio)} of its inodes in use'
        return Health.PASSED, ''

    def _space(self, used_ratio: float, free_bytes: int) -> Health:
        """Return the verdict on a share in use, with the floors applied."""
        warn = self.warn_used_percent if free_bytes < self.warn_free_bytes else 100.0
        fail = self.fail_used_percent if free_bytes < self.fail_free_bytes else 100.0
        return judge(used_ratio * 100, Range.at_most(warn), Range.at_most(fail))


def _holder(path: str, by_path: Mapping[str, Mount]) -> Mount:
    """Return the mount that holds a path: that of the nearest directory above it."""
    while path not in by_path and path != '/':
        path = path.rpartition('/')[0] or '/'
    return by_path[path]


def parse_mounts(text: str) -> List[Mount]:
    """Return the mounts in the format of fstab(5), as the kernel writes it."""
    mounts = []
    for line in text.splitlines():
        words = [_OCTAL.sub(lambda found: chr(int(found[1], 8)), word) for word in line.split(' ')]
        if len(words) >= 4:
            mounts.append(Mount(words[0], words[1], words[2], tuple(words[3].split(','))))
    return mounts

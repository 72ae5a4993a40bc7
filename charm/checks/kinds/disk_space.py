"""Disk space and inodes of every real, local file system, and whether it takes writes."""

from __future__ import annotations

import os
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.globs import matches
from ...kernel.hints import Any, Callable, Dict, Sequence, Tuple
from ...kernel.report import Health, worst
from .. import default_thresholds
from ..check import Verdict
from ..file_systems import FileSystem, Statvfs, Survey, measure, survey
from ..lost_writes import ErrorCount, lost_writes, read_errors
from ..mounts import MOUNTINFO, Mount, MountTable, parse_mountinfo, statvfs
from ..options import OUTSIDE, OptionError, require_order
from ..phrases import listed, percent, size
from ..thresholds import Range, judge
from ..virtualization import Virtualization, detect
from ..wanted_mounts import WantedMounts, read_wanted

_AMPLE_INODES = 1_000_000


@dataclass(frozen=True)
class DiskSpace:
    """Warn and fail by the share of space or inodes in use, unless plenty is free all the same.

    Attributes:
        warn_used_percent, fail_used_percent: of what users may fill, as df(1) counts it.
        warn_free_bytes, fail_free_bytes: a threshold above counts only with less than this free.
        exclude: mount points not to look at; globs.
        paths: look only at the file systems that hold these, of whatever kind they are.
        mounted: each of `paths` has to be a mount point itself.
    """

    warn_used_percent: float = default_thresholds.DISK_WARN_USED_PERCENT
    fail_used_percent: float = default_thresholds.DISK_FAIL_USED_PERCENT
    warn_free_bytes: int = default_thresholds.DISK_WARN_FREE_BYTES
    fail_free_bytes: int = default_thresholds.DISK_FAIL_FREE_BYTES
    exclude: Tuple[str, ...] = ()
    paths: Tuple[str, ...] = ()
    mounted: bool = False
    source: Path = field(default=Path(MOUNTINFO), metadata=OUTSIDE)
    statvfs: Statvfs = field(default=statvfs, metadata=OUTSIDE)
    resolve: Callable[[str], str] = field(default=os.path.realpath, metadata=OUTSIDE)
    wanted: Callable[[], WantedMounts] = field(default=read_wanted, metadata=OUTSIDE)
    errors: Callable[[Mount], ErrorCount] = field(default=read_errors, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_order(self.warn_used_percent, self.fail_used_percent, '_used_percent')
        if self.fail_free_bytes > self.warn_free_bytes:
            raise OptionError('fail_free_bytes', 'it is above warn_free_bytes')
        for path in self.paths:
            if not path.startswith('/'):
                raise OptionError('paths', f'{path!r} is not an absolute path')
        if self.mounted and not self.paths:
            raise OptionError('mounted', 'it is about paths, and there are none')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the worst of all file systems; `data.mounts` has each."""
        table, wanted = self._read(), self.wanted()
        if self.paths:
            found = Survey([self._at(path, table, wanted) for path in self.paths])
        else:
            found = survey(table.file_systems(self._is_looked_at), self.statvfs)
            if '/' in found.not_looked_at:
                raise CheckError(f'cannot measure /: {found.not_looked_at["/"]}')
        return self._judge(found, wanted, table.unreadable_lines)

    def _read(self) -> MountTable:
        try:
            text = self.source.read_bytes().decode('utf-8', 'surrogateescape')
        except OSError as error:
            raise CheckError(f'cannot read {self.source}: {error.strerror}') from error
        table = parse_mountinfo(text)
        if '/' not in table.by_path:
            raise CheckError(f'cannot find the root file system in {self.source}')
        return table

    def _is_looked_at(self, path: str) -> bool:
        return path == '/' or not any(matches(path, pattern) for pattern in self.exclude)

    def _at(self, path: str, table: MountTable, wanted: WantedMounts) -> FileSystem:
        """Return what holds one of `paths`, with `lacks` where that is another than it should."""
        place = self.resolve(path)
        mount = table.holder(place)
        lacking = {}
        who = wanted.missing(place, mount.path)
        if who:
            lacking = {'lacks': f'though {who} mounts it'}
        elif self.mounted and place != mount.path:
            lacking = {'lacks': 'and no mount of its own'}
        try:
            figures = measure(mount, path, self.statvfs)
        except OSError as error:
            if not lacking:
                raise CheckError(f'cannot measure {path}: {error.strerror}') from error
            figures = {'mount': mount.path}
        return FileSystem(path, (mount,), {**figures, **lacking})

    def _judge(self, found: Survey, wanted: WantedMounts, unreadable: int) -> Verdict:
        measured = found.measured
        data: Dict[str, Any] = {'scope': self.around().own_scope}
        data['mounts'] = {system.path: system.figures for system in measured}
        notes = [f'{path} not looked at: {why}' for path, why in found.not_looked_at.items()]
        if found.not_looked_at:
            data['not_looked_at'] = found.not_looked_at
        if unreadable:
            data['unreadable_lines'] = unreadable
            notes.append(f'{unreadable} lines of {self.source} cannot be read')
        if not measured:
            return Verdict(Health.UNKNOWN, 'there is no file system to measure', data)
        judged = [(*self._judge_one(system, wanted), system.path) for system in measured]
        health = worst(health for health, _words, _path in judged)
        judged.sort(key=lambda item: (-item[0].rank, item[2]))
        bad = [f'{path} {words}' for one, words, path in judged if one is not Health.PASSED]
        text = listed(bad) if bad else _fullest(measured)
        return Verdict(health, '; '.join([text, *notes[:2]]), data)

    def _judge_one(self, system: FileSystem, wanted: WantedMounts) -> Tuple[Health, str]:
        figures, mount = system.figures, system.mounts[0]
        if 'lacks' in figures:
            return Health.FAIL, f'is on {mount.path}, {figures["lacks"]}'
        if 'error' in figures:
            return Health.FAIL, f'cannot be measured: {figures["error"]}'
        lost = lost_writes(system.mounts, wanted, self.errors(mount))
        if lost is not None:
            return lost
        # Nobody fills what is read-only. The root may be so for us alone, by the mount.
        if mount.sealed or (mount.read_only and system.path != '/'):
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


def _fullest(measured: Sequence[FileSystem]) -> str:
    """Return which is the fullest, and where its path is no mount point what was measured."""
    full = max(measured, key=lambda system: float(system.figures['used_ratio']))
    mount = full.mounts[0].path
    used = percent(full.figures['used_ratio'])
    where = '' if mount == full.path else f' (it is on {mount})'
    return f'fullest of {len(measured)}: {full.path} at {used}{where}'

"""What the kernel counts against disks, arrays, pools and file systems."""

from __future__ import annotations

import time
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.facts import dataclass, field
from ...kernel.files import read_told
from ...kernel.globs import matches
from ...kernel.hints import Callable, Dict, Iterator, List, Optional, Tuple
from ...kernel.pattern import pattern
from ...kernel.report import Health, worst
from ...kernel.safe_text import clean
from ..check import Verdict
from ..kernel_log import KERNEL_LOG, read_recent
from ..options import OUTSIDE
from ..phrases import listed, span
from ..virtualization import MACHINE_SCOPE, Virtualization, detect

_LOG_SECONDS = 3600.0
# `I/O error, dev sda, sector 8`, `critical medium error, dev nvme0n1, sector 8`; before 5.8 after
# `print_req_error: ` or `blk_update_request: `.
_IO_ERROR = pattern(r'(?:I/O|critical [a-z ]{1,30}) error, dev ([^ ,]{1,64}), ')
# A disk may refuse to forget blocks, or to write zeroes at once, and says so each time.
_LOSES_NOTHING = pattern('op 0x[39]:')
# A drive without a disk in it says so at every boot, and an image on a loop has its own disk.
_NO_DISK = pattern('(?:fd|sr|loop|ram|zram|nbd)[0-9]')
# What SCSI and NVMe call a disk that the kernel has given up.
_GONE = ('offline', 'transport-offline', 'dead')
# An array that was not started, or has lost too many disks (Documentation/admin-guide/md.rst).
_BROKEN_ARRAYS = ('inactive', 'broken')
_REBUILDING = ('recover', 'reshape', 'resync')


@dataclass(frozen=True)
class Finding:
    """What is wrong with one device, in words."""

    device: str
    health: Health
    words: str


@dataclass(frozen=True)
class Storage:
    """Warn of errors that the kernel counted or logged; fail where redundancy or a disk is gone.

    Attributes:
        ignore: devices that do not count; globs.
    """

    ignore: Tuple[str, ...] = ()
    root: Path = field(default=Path('/'), metadata=OUTSIDE)
    log: Path = field(default=KERNEL_LOG, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)
    now: Callable[[], float] = field(default=time.time, metadata=OUTSIDE)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the worst of the findings; `data.devices` has what was found of each device."""
        around = self.around()
        if around.container:
            note = 'the disks are those of the host of this container: see there'
            return Verdict(Health.PASSED, note, {'scope': around.kernel_scope})
        found = [*self._ext4(), *self._btrfs(), *self._arrays(), *self._pools(), *self._disks()]
        logged = self._logged()
        return self._judge([*found, *(logged or ())], logged is not None)

    def _judge(self, found: List[Finding], log_read: bool) -> Verdict:
        own = [one for one in found if not any(matches(one.device, each) for each in self.ignore)]
        devices: Dict[str, List[str]] = {}
        for one in found:
            devices.setdefault(one.device, []).append(one.words)
        data = {'scope': MACHINE_SCOPE, 'devices': devices, 'kernel_log_read': log_read}
        if not own:
            unread = '' if log_read else '; the kernel log is for root alone to read'
            return Verdict(Health.PASSED, f'the kernel knows of no error{unread}', data)
        own.sort(key=lambda one: (-one.health.rank, one.device))
        text = listed([f'{one.device} {one.words}' for one in own])
        return Verdict(worst(one.health for one in own), text, data)

    def _ext4(self) -> Iterator[Finding]:
        """Errors that the file system has written into itself: only fsck clears them."""
        for directory in self._each('sys/fs/ext4/*'):
            count = _number(directory / 'errors_count')
            if count:
                last = _number(directory / 'last_error_time')
                when = f', the last {span(max(self.now() - last, 0))} ago' if last else ''
                errors = f'{count} file system error{"" if count == 1 else "s"}'
                words = f'has had {errors}{when}: unmount it and run fsck'
                yield Finding(directory.name, Health.WARN, words)

    def _btrfs(self) -> Iterator[Finding]:
        for directory in self._each('sys/fs/btrfs/*/devinfo/*'):
            file_system = directory.parent.parent
            name = _text(file_system / 'label') or file_system.name
            device = f'btrfs {clean(name, 64)} device {directory.name}'
            if _number(directory / 'missing'):
                yield Finding(device, Health.FAIL, 'is missing')
            errors = [line for line in _text(directory / 'error_stats').split('\n') if line]
            counted = [line for line in errors if not line.endswith(' 0')]
            if counted:
                yield Finding(
                    device, Health.WARN, f'has had errors: {clean(listed(counted), 200)}'
                )

    def _arrays(self) -> Iterator[Finding]:
        for directory in self._each('sys/block/md*/md'):
            name = directory.parent.name
            if _text(directory / 'array_state') in _BROKEN_ARRAYS:
                yield Finding(name, Health.FAIL, f'is {_text(directory / "array_state")}')
            faulty = sorted(
                file.parent.name[len('dev-') :]
                for file in directory.glob('dev-*/state')
                if 'faulty' in _text(file).split(',')
            )
            if faulty:
                yield Finding(name, Health.WARN, f'has faulty disks: {listed(faulty)}')
            lacking = _number(directory / 'degraded')
            if not lacking:
                continue
            disks = f'lacks {lacking} disk{"" if lacking == 1 else "s"}'
            if _text(directory / 'sync_action') in _REBUILDING:
                yield Finding(name, Health.WARN, f'{disks} and is being rebuilt')
            else:
                yield Finding(name, Health.FAIL, disks)

    def _pools(self) -> Iterator[Finding]:
        for file in self._each('proc/spl/kstat/zfs/*/state'):
            state = _text(file)
            if state and state != 'ONLINE':
                yield Finding(file.parent.name, Health.FAIL, f'is {clean(state, 40)}')

    def _disks(self) -> Iterator[Finding]:
        for file in self._each('sys/block/*/device/state'):
            state = _text(file)
            if state in _GONE:
                yield Finding(file.parent.parent.name, Health.FAIL, f'is {state}')

    def _logged(self) -> Optional[List[Finding]]:
        """Return what the kernel has logged of late, `None` where it may not be read."""
        try:
            lines = read_recent(_LOG_SECONDS, self.log)
        except OSError:
            return None
        ages: Dict[str, List[float]] = {}
        for line in lines:
            error = _IO_ERROR.search(line.text)
            if error and not _NO_DISK.match(error[1]) and not _LOSES_NOTHING.search(line.text):
                ages.setdefault(error[1], []).append(line.age_seconds)
        return [
            Finding(
                device, Health.WARN, f'had {len(each)} I/O errors, the last {span(min(each))} ago'
            )
            for device, each in ages.items()
        ]

    def _each(self, pattern: str) -> List[Path]:
        return sorted(self.root.glob(pattern))


def _text(path: Path) -> str:
    """Return what a file of /sys or /proc says, nothing where there is none or it is refused."""
    return read_told(path).strip()


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdigit() else 0

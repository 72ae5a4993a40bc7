"""Whether a file system has stopped to take writes, as kernels do after an error of the disk.

ext4 with `errors=remount-ro` turned read-only before Linux 6.12. Since then it refuses writes and
stays `rw`; only from 6.15 on do its options say so, by `emergency_ro`.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.hints import Optional, Sequence, Tuple
from ..kernel.report import Health
from .boot_time import booted_at
from .mounts import Mount
from .wanted_mounts import WantedMounts

# Set by the kernel, never by mount(8).
_STOPPED = {
    'emergency_ro': 'takes no more writes: the kernel stopped them after an error',
    'shutdown': 'is shut down: the kernel stopped it after an error',
}
_REMOUNTS = 'errors=remount-ro'


@dataclass(frozen=True)
class ErrorCount:
    """The errors that an ext4 file system has written down; fsck(8) forgets them.

    Attributes:
        count: how many.
        since_boot: whether the last of them came after this machine was started.
    """

    count: int = 0
    since_boot: bool = False


def read_errors(mount: Mount, sys: Path = Path('/sys')) -> ErrorCount:
    """Return the errors of a mount's file system; none where the kernel does not tell."""
    if not mount.kind.startswith('ext'):
        return ErrorCount()
    try:
        name = (sys / 'dev' / 'block' / mount.number).resolve().name
        told = sys / 'fs' / 'ext4' / name
        count = int((told / 'errors_count').read_text())
        last_seconds = int((told / 'last_error_time').read_text())
    except (OSError, ValueError):
        return ErrorCount()
    return ErrorCount(count, count > 0 and last_seconds >= booted_at())


def lost_writes(
    mounts: Sequence[Mount], wanted: WantedMounts, errors: ErrorCount
) -> Optional[Tuple[Health, str]]:
    """Return what is wrong with a file system that should take writes, given all its mounts.

    One that is read-only on purpose is well: by whoever wants it, or without a sign of an error.
    """
    options = mounts[0].super_options
    for word, reason in _STOPPED.items():
        if word in options:
            return Health.FAIL, reason
    # vfat and exfat show this option whether or not anybody gave it.
    remounts = mounts[0].kind.startswith('ext') and _REMOUNTS in options
    if not mounts[0].sealed:
        if remounts and errors.since_boot:
            return Health.WARN, 'had an error since boot, after which writes may be refused'
        return None
    asked = list(filter(None, (wanted.at(mount.path) for mount in mounts)))
    if asked and all(one.read_only for one in asked):
        return None
    if remounts or errors.count:
        return Health.WARN, 'is read-only, as after a disk error'
    if asked and mounts[0].local:
        by = next(one.by for one in asked if not one.read_only)
        return Health.WARN, f'is read-only, which {by} does not ask for'
    return None

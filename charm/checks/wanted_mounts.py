"""What should be mounted where, by fstab(5) and by systemd's mount units that are enabled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, Mapping, Optional, Tuple

from ..kernel.lines import lines_of
from .mounts import unescape

FSTAB = Path('/etc/fstab')
UNITS = Path('/etc/systemd/system')
_NOT_IN_UNIT_NAMES = re.compile(rb'[^A-Za-z0-9:_.]')


@dataclass(frozen=True)
class WantedMounts:
    """Who wants a mount, by its path.

    Attributes:
        options: those of fstab, of each mount that it makes at boot.
        fstab, units: where these stand.
    """

    options: Mapping[str, Tuple[str, ...]]
    fstab: Path = FSTAB
    units: Path = UNITS

    def missing(self, path: str, mounted: str) -> str:
        """Return who wants a mount that holds `path`, below `mounted`; empty if nobody does."""
        for place in _up(path, mounted):
            if place in self.options:
                return str(self.fstab)
            name = f'{unit_name(place)}.mount'
            if any(any(self.units.glob(f'*.{how}/{name}')) for how in ('wants', 'requires')):
                return name
        return ''

    def read_only(self, path: str) -> Optional[bool]:
        """Return whether fstab wants the mount at `path` read-only; `None` if it has none."""
        return 'ro' in self.options[path] if path in self.options else None


def read_wanted(fstab: Path = FSTAB, units: Path = UNITS) -> WantedMounts:
    """Return what should be mounted; nothing where fstab cannot be read."""
    try:
        found = lines_of(fstab)
    except OSError:
        found = []
    options: Dict[str, Tuple[str, ...]] = {}
    for line in found:
        words = [unescape(word) for word in re.split('[ \t]+', line.strip(' \t'))]
        if len(words) < 3 or words[0].startswith('#') or not words[1].startswith('/'):
            continue
        given = tuple(words[3].split(',')) if len(words) > 3 else ()
        # What is to be mounted when somebody goes there is mounted, whoever says so.
        if 'noauto' not in given or 'x-systemd.automount' in given:
            options[words[1].rstrip('/') or '/'] = given
    return WantedMounts(options, fstab, units)


def unit_name(path: str) -> str:
    """Return a path as systemd writes it in names of units; see systemd-escape(1), `--path`."""
    name = '/'.join(word for word in path.split('/') if word).encode('utf-8', 'surrogateescape')
    if not name:
        return '-'
    words = [_NOT_IN_UNIT_NAMES.sub(_hexadecimal, word) for word in name.split(b'/')]
    if words[0].startswith(b'.'):
        words[0] = rb'\x2e' + words[0][1:]
    return b'-'.join(words).decode('ascii')


def _hexadecimal(found: re.Match[bytes]) -> bytes:
    return rb'\x%02x' % found[0][0]


def _up(path: str, end: str) -> Iterator[str]:
    """Yield a path and the directories above it, up to but not including `end`."""
    while path not in (end, '/'):
        yield path
        path = path.rpartition('/')[0] or '/'

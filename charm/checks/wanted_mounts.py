"""What should be mounted where, by fstab(5) and by systemd's mount units that are enabled."""

from __future__ import annotations

import re
from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.hints import Dict, Iterator, List, Mapping, Optional, Tuple
from ..kernel.lines import lines_of
from ..kernel.pattern import pattern
from .mounts import unescape

FSTAB = Path('/etc/fstab')
UNITS = Path('/etc/systemd/system')
_NOT_IN_UNIT_NAMES = pattern(rb'[^A-Za-z0-9:_.]')


@dataclass(frozen=True)
class Wanted:
    """Who wants a mount: `by` names the file or the unit, `options` are those of mount(8)."""

    by: str
    options: Tuple[str, ...]

    @property
    def read_only(self) -> bool:
        """Whether it is wanted so."""
        return 'ro' in self.options


@dataclass(frozen=True)
class WantedMounts:
    """Who wants a mount, by its path.

    Attributes:
        of_fstab: what fstab mounts at boot.
        units: where mount units stand, each below a directory of who wants it.
    """

    of_fstab: Mapping[str, Wanted]
    units: Path = UNITS

    def at(self, path: str) -> Optional[Wanted]:
        """Return who wants a mount at a path; `None` if nobody does."""
        name = f'{unit_name(path)}.mount'
        enabled = (here for how in ('wants', 'requires') for here in self.units.glob(f'*.{how}'))
        if path not in self.of_fstab and any((here / name).exists() for here in enabled):
            return Wanted(name, self._options_of(name))
        return self.of_fstab.get(path)

    def missing(self, path: str, mounted: str) -> str:
        """Return who wants a mount that holds `path`, below `mounted`; empty if nobody does."""
        found = filter(None, map(self.at, _up(path, mounted)))
        return next((wanted.by for wanted in found), '')

    def _options_of(self, unit: str) -> Tuple[str, ...]:
        """Return the options of a mount unit: of several lines with them the last counts."""
        options: Tuple[str, ...] = ()
        for source in (self.units / unit, *sorted((self.units / f'{unit}.d').glob('*.conf'))):
            for line in _lines_if_any(source):
                key, equals, value = line.partition('=')
                if key.strip() == 'Options' and equals:
                    options = tuple(value.strip().split(','))
        return options


def read_wanted(fstab: Path = FSTAB, units: Path = UNITS) -> WantedMounts:
    """Return what should be mounted; nothing where fstab cannot be read."""
    found: Dict[str, Wanted] = {}
    for line in _lines_if_any(fstab):
        words = [unescape(word) for word in re.split('[ \t]+', line.strip(' \t'))]
        if len(words) < 3 or words[0].startswith('#') or not words[1].startswith('/'):
            continue
        options = tuple(words[3].split(',')) if len(words) > 3 else ()
        # What is to be mounted when somebody goes there is mounted, whoever says so.
        if 'noauto' not in options or 'x-systemd.automount' in options:
            found[words[1].rstrip('/') or '/'] = Wanted(str(fstab), options)
    return WantedMounts(found, units)


def _lines_if_any(path: Path) -> List[str]:
    try:
        return lines_of(path)
    except OSError:
        return []


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

"""Pressure: the share of time in which work stood still for want of CPU, memory or I/O.

The kernel keeps it (Documentation/accounting/psi.rst), for the machine in /proc/pressure and for
each cgroup of version 2 in its directory.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.hints import Dict, Optional

RESOURCES = ('cpu', 'memory', 'io')
_LINES = ('some', 'full')


@dataclass(frozen=True)
class Pressure:
    """The shares of the last five minutes, in percent.

    Attributes:
        some: in which at least one task waited.
        full: in which nobody got on; `None` where the kernel does not say.
    """

    some: float
    full: Optional[float]


def read_pressure(root: Path, container: bool) -> Dict[str, Pressure]:
    """Return the pressure by resource; nothing where the kernel does not measure it.

    In a container /proc shows its host's; there the files of its own cgroup count.
    """
    found = {}
    for resource in RESOURCES:
        own = root / 'sys' / 'fs' / 'cgroup' / f'{resource}.pressure'
        of_machine = root / 'proc' / 'pressure' / resource
        try:
            text = (own if container else of_machine).read_text()
        except OSError:
            continue  # no such file, or EOPNOTSUPP where it was turned off at boot
        pressure = parse_pressure(text)
        if pressure is not None:
            found[resource] = pressure
    return found


def parse_pressure(text: str) -> Optional[Pressure]:
    """Return what one file says, `None` if that is no pressure."""
    shares: Dict[str, float] = {}
    for line in text.split('\n'):
        word, *fields = line.split(' ')
        values = dict(field.partition('=')[::2] for field in fields)
        try:
            share = float(values.get('avg300', ''))
        except ValueError:
            continue
        if word in _LINES and 0 <= share <= 100:
            shares[word] = share
    return Pressure(shares['some'], shares.get('full')) if 'some' in shares else None

"""Which unit this is, outside a hook as well, and which boot of its machine."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from .errors import HealthError
from .hints import Mapping, Optional
from .names import unit_of_tag
from .pattern import pattern

_UNIT = pattern(r'[a-z][a-z0-9]*(?:-[0-9]*[a-z][a-z0-9]*)*/[0-9]+')
LOCAL_NUMBER = 0
BOOT_ID = Path('/proc/sys/kernel/random/boot_id')


class IdentityError(HealthError):
    """The unit's name is not one."""


def check_unit(name: str) -> str:
    """Return `name` if it is a Juju unit name.

    Raises:
        IdentityError: it is not.
    """
    if not _UNIT.fullmatch(name):
        raise IdentityError(f'cannot report for {name!r}: not a unit name such as wordpress/0')
    return name


def own_unit(environment: Mapping[str, str] = os.environ, charm: Optional[Path] = None) -> str:
    """Return the name of the unit whose charm this is.

    `JUJU_UNIT_NAME` says so in a hook; outside one, the directory that the charm is in does.
    Where neither does, this machine stands for itself, as `<hostname>/0`.
    """
    named = environment.get('JUJU_UNIT_NAME', '')
    if _UNIT.fullmatch(named):
        return named
    # Juju's agents live in /var/lib/juju/agents/unit-<application>-<number>.
    directory = charm or Path(__file__).resolve().parent.parent
    for part in (directory.name, directory.parent.name):
        unit = unit_of_tag(part)
        if _UNIT.fullmatch(unit):
            return unit
    return f'{_host_as_application()}/{LOCAL_NUMBER}'


def _host_as_application() -> str:
    short = socket.gethostname().split('.')[0].lower()
    letters = re.sub(r'[^a-z0-9]+', '-', short).strip('-')
    candidate = letters if _UNIT.fullmatch(f'{letters}/0') else f'host-{letters}'
    return candidate if _UNIT.fullmatch(f'{candidate}/0') else 'localhost'


def read_boot_id(source: Path = BOOT_ID) -> str:
    """Return the kernel's id of this boot (random(4)); empty if there is none to be read."""
    try:
        return source.read_text().strip()
    except OSError:
        return ''

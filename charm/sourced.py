"""Checks that nobody defined for us: what a source found here, and what is wrong with it."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Tuple

from .checks.base import CheckSpec
from .errors import CheckError, DefinitionError

# Where two of the sources are, so that where they are not, nothing of them is loaded.
NRPE_CONFIG = Path('/etc/nagios/nrpe.cfg')
NRPE_DIRECTORY = Path('/etc/nagios/nrpe.d')
MONITORS = Path('/etc/juju-health/monitors.d')
_MOST_NAME = 100


@dataclass(frozen=True)
class Sourced:
    """What a source found.

    Attributes:
        specs: the checks.
        faults: what cannot be used, and why.
    """

    specs: Tuple[CheckSpec, ...] = ()
    faults: Tuple[DefinitionError, ...] = ()

    @property
    def names(self) -> Tuple[str, ...]:
        """Return the names of the checks."""
        return tuple(spec.name for spec in self.specs)

    def __add__(self, other: Sourced) -> Sourced:
        """Return what both found."""
        return Sourced((*self.specs, *other.specs), (*self.faults, *other.faults))


def spec_name(prefix: str, name: str) -> str:
    """Return `<prefix>-<name>` as a check's name: other characters than it may have become `-`."""
    plain = re.sub(r'[^a-z0-9._-]+', '-', name.lower()).strip('-') or 'unnamed'
    return f'{prefix}-{plain}'[:_MOST_NAME]


def refuse_untrusted(program: Path) -> None:
    """Refuse to run what others than root, or we, may have written.

    Raises:
        CheckError: it is not there, not executable, or not to be trusted.
    """
    try:
        status = os.stat(program)
    except OSError as error:
        raise CheckError(f'cannot run {program}: {error.strerror}') from error
    if not stat.S_ISREG(status.st_mode) or not os.access(program, os.X_OK):
        raise CheckError(f'cannot run {program}: it is not an executable file')
    if status.st_uid not in (0, os.geteuid()):
        raise CheckError(f'cannot run {program}: user {status.st_uid} owns it; root has to')
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        raise CheckError(f'cannot run {program}: others may write it (mode {mode:04o})')

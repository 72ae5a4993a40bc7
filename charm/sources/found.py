"""Checks that nobody defined for us: what a source found here, and what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

from ..checks.check import CheckSpec
from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass
from ..kernel.hints import Tuple

# Where two of the sources are, so that where they are not, nothing of them is loaded.
NRPE_CONFIG = Path('/etc/nagios/nrpe.cfg')
NRPE_DIRECTORY = Path('/etc/nagios/nrpe.d')
# The check of the principal's health hook, and what tells that hook that ours asks it.
PRINCIPAL = 'principal'
NESTED = 'JUJU_HEALTH_NESTED'
_MOST_NAME = 100


@dataclass(frozen=True)
class FoundChecks:
    """The checks that a source found, and its faults: what cannot be used, and why."""

    specs: Tuple[CheckSpec, ...] = ()
    faults: Tuple[DefinitionError, ...] = ()

    @property
    def names(self) -> Tuple[str, ...]:
        """Return the names of the checks."""
        return tuple(spec.name for spec in self.specs)

    def __add__(self, other: FoundChecks) -> FoundChecks:
        """Return what both found."""
        return FoundChecks((*self.specs, *other.specs), (*self.faults, *other.faults))


def spec_name(prefix: str, name: str) -> str:
    """Return `<prefix>-<name>` as a check's name: other characters than it may have become `-`."""
    plain = re.sub(r'[^a-z0-9._-]+', '-', name.lower()).strip('-') or 'unnamed'
    return f'{prefix}-{plain}'[:_MOST_NAME]

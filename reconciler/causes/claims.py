"""What a service's own units say of others: in their reports, states and failing checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from charm.kernel.report import Health

from ..values.readings import ServiceHealth


@dataclass(frozen=True)
class Claims:
    """What a service's units say that it needs, gives, and waits for; by name."""

    requires: frozenset[str]
    provides: frozenset[str]
    blockers: frozenset[str]


def said_by(service: ServiceHealth) -> Claims:
    """Return what the service's units say; one that is well waits for nothing."""
    reports = [reading.report for reading in service.readings if reading.report]
    states = [r.state for r in service.readings if r.state and r.health is not Health.PASSED]
    return Claims(
        frozenset(name for report in reports for name in report.requires),
        frozenset(name for report in reports for name in report.provides),
        frozenset(name for state in states for name in state.blockers),
    )


# Unit names, IPv4 addresses, host names and plain words; a port after a colon is not part of them.
_WORD = re.compile(r'[\w.-]+/\d+|\w[\w.-]*\w')
_IPV6 = re.compile(r'[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*')
_LONGEST = 2000


def tellings(service: ServiceHealth) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each check that did not pass with the words of its message."""
    for reading in service.readings:
        for check in reading.report.checks if reading.report else ():
            if check.health is not Health.PASSED:
                said = check.message.lower()[:_LONGEST]
                yield check.name, frozenset(_WORD.findall(said) + _IPV6.findall(said))

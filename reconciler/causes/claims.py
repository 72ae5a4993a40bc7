"""The claims of a service's units about others: in reports, states and failing checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from charm.kernel.report import Health

from ..values.readings import ServiceHealth


@dataclass(frozen=True)
class Claims:
    """The names that a service's units say it needs, gives, and waits for."""

    requires: frozenset[str]
    provides: frozenset[str]
    blockers: frozenset[str]


def claims_of(service: ServiceHealth) -> Claims:
    """Return the claims of the service's units; a unit that is well waits for nothing."""
    reports = [reading.report for reading in service.readings if reading.report]
    states = [r.state for r in service.readings if r.state and r.health is not Health.PASSED]
    return Claims(
        frozenset(name for report in reports for name in report.requires),
        frozenset(name for report in reports for name in report.provides),
        frozenset(name for state in states for name in state.blockers),
    )


# Unit names, IPv4 addresses, host names and plain words; a port after a colon is not part of them.
_WORD = re.compile(r'[\w.-]+(?:/\d+)?')
_IPV6 = re.compile(r'[0-9a-f:]+')
_LONGEST = 2000


def failure_words(service: ServiceHealth) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each check that did not pass with the words of its message."""
    for reading in service.readings:
        for check in reading.report.checks if reading.report else ():
            if check.health is not Health.PASSED:
                message = check.message.lower()[:_LONGEST]
                yield check.name, frozenset(_words(message))


def _words(message: str) -> Iterator[str]:
    for word in _WORD.findall(message):
        plain = word if '/' in word else word.strip('.-')
        if len(plain) > 1:
            yield plain
    yield from (address for address in _IPV6.findall(message) if address.count(':') > 1)

"""The claims of a service's units about others: in reports, states and failing checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from charm.kernel.report import Health, worst

from ..values.model import Model, Unit
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
    """Yield each check that did not pass with the words of its message; of them only the worst."""
    reports = [reading.report for reading in service.readings if reading.report]
    checks = [check for report in reports for check in report.checks]
    found = worst([Health.PASSED, *(check.health for check in checks)])
    for check in checks:
        if check.health is found is not Health.PASSED:
            message = check.message.lower()[:_LONGEST]
            yield check.name, frozenset(_words(message))


# Software that speaks of its own ills. No other service explains them.
_OWN_ILLS = re.compile(
    r'corrupt|segmentation fault|core dumped|out of (?:memory|disk|inodes|file descriptors)'
    r'|no space left|disk (?:is )?full|read-only|\boom\b|\bpanic\b|too many open files'
    r'|certificate (?:has |is )?expired|syntax error|(?:invalid|bad) config',
    re.IGNORECASE,
)


def tells_of_itself(message: str) -> bool:
    """Return whether a message is about what is wrong within, and not about what is missed."""
    return _OWN_ILLS.search(message[:_LONGEST]) is not None


def words_of_unit(model: Model, unit: Unit) -> frozenset[str]:
    """Return the words that name a unit: its name and its addresses."""
    words = {unit.name, unit.address}
    machine = model.machines.get(unit.machine)
    if machine and not unit.principal:
        words |= {*machine.addresses, machine.dns_name, machine.hostname}
    return frozenset(word.lower() for word in words if word)


def _words(message: str) -> Iterator[str]:
    for word in _WORD.findall(message):
        plain = word if '/' in word else word.strip('.-')
        if len(plain) > 1:
            yield plain
    yield from (address for address in _IPV6.findall(message) if address.count(':') > 1)

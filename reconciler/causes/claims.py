"""The claims of a service's units about others: in reports, states and failing checks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from charm.kernel.report import Health

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


_LONGEST = 2000
# Software that speaks of its own ills. No other service explains them.
_OWN_ILLS = re.compile(
    r'corrupt|segmentation fault|core dumped|out of (?:memory|disk|inodes|file descriptors)'
    r'|\boom\b|\bpanic\b|too many open files|syntax error|(?:invalid|bad) config',
    re.IGNORECASE,
)
# So may these be, or the answer of what it uses.
_REPEATED_ILLS = re.compile(
    r'no space left|disk (?:is )?full|read-only|certificate (?:has |is )?expired', re.IGNORECASE
)


def tells_of_itself(message: str, beside_others: bool) -> bool:
    """Return whether a message is about what is wrong within, and not about what is missed.

    A client repeats what its provider answers, so beside one that may fail less is told of itself.
    """
    head = message[:_LONGEST]
    if _OWN_ILLS.search(head):
        return True
    return not beside_others and _REPEATED_ILLS.search(head) is not None


def words_of_unit(model: Model, unit: Unit) -> frozenset[str]:
    """Return the words that name a unit: its name and its addresses."""
    words = {unit.name, unit.address}
    machine = model.machines.get(unit.machine)
    if machine and not unit.principal:
        words |= {*machine.addresses, machine.dns_name, machine.hostname}
    return frozenset(word.lower() for word in words if word)

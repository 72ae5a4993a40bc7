"""The names in the messages of failing checks: who is named, and who is told to be missed.

"No answer from db" tells who needs whom. "db ok, but the pool is stuck" does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from charm.kernel.report import Health, worst

from ..values.readings import ServiceHealth

# Unit names, IPv4 addresses, host names and plain words; a port after a colon is not part of them.
_WORD = re.compile(r'[\w.-]+(?:/\d+)?')
_IPV6 = re.compile(r'[0-9a-f:]+')
_LONGEST = 2000
# After a name: it is told to be well.
_IS_WELL = re.compile(r'(?::\d{1,5})?(?:[:=]| is| are)? ?\b(?:ok|up|fine|healthy|well)\b')
# What is told of something that is missed: it does not answer, or is down.
_MISSES = re.compile(
    r"(?:cannot|can't|could not|couldn't|unable to|failed to) (?:reach|connect|contact|resolve)"
    r'|\bno (?:answer|route|reply|response|connection)|not (?:answer|respond|reachable)'
    r'|refused|unreachable|unavailable|time(?:d )?out|lost connection|reset by peer|broken pipe'
    r'|\b(?:down|dead|away)\b|\bfailed on\b'
)
# Before names: they are told to be those of who uses this one, and it needs none of them.
_USERS = re.compile(r'\b(?:clients?|consumers?|subscribers?|users?)\b[^;:]{0,60}:[^;]*')
# Applications are called by these, and much else is.
_COMMON = frozenset(
    {
        *('api', 'app', 'auth', 'backend', 'broker', 'cache', 'client', 'cluster', 'data'),
        *('database', 'db', 'frontend', 'gateway', 'health', 'http', 'index', 'log', 'mail'),
        *('monitor', 'proxy', 'queue', 'router', 'search', 'server', 'service', 'session'),
        *('site', 'storage', 'store', 'web', 'worker'),
    }
)
# Before it a common word is a name.
_AIMED = re.compile(r'(?:\b(?:from|to|reach|at|of|on)|:) ([\w-]+)')


@dataclass(frozen=True)
class Naming:
    """The words by which one failing check may name others.

    Attributes:
        check: its name.
        words: those of its message, in lower case, but for what it tells to be well.
        missed: of those, the ones that it tells to miss, and that can be no common words.
    """

    check: str
    words: frozenset[str]
    missed: frozenset[str]


def namings(service: ServiceHealth) -> Iterator[Naming]:
    """Yield what each check that did not pass names; of them only the worst."""
    reports = [reading.report for reading in service.readings if reading.report]
    checks = [check for report in reports for check in report.checks]
    found = worst([Health.PASSED, *(check.health for check in checks)])
    for check in checks:
        if check.health is found is not Health.PASSED:
            yield _naming(check.name, check.message.lower()[:_LONGEST])


def words_in(message: str) -> frozenset[str]:
    """Return the words of a message that may name somebody, in lower case."""
    return frozenset(_words(message.lower()[:_LONGEST]))


def _naming(check: str, message: str) -> Naming:
    words = frozenset(_words(_USERS.sub('', message)))
    loose = _COMMON - {*_AIMED.findall(message)}
    return Naming(check, words, words - loose if _MISSES.search(message) else frozenset())


def _words(message: str) -> Iterator[str]:
    for found in _WORD.finditer(message):
        plain = found[0] if '/' in found[0] else found[0].strip('.-')
        if len(plain) > 1 and not _is_well(message, found):
            yield plain
    yield from (address for address in _IPV6.findall(message) if address.count(':') > 1)


def _is_well(message: str, name: re.Match[str]) -> bool:
    before = message[max(0, name.start() - 17) : name.start()]
    connected = before.endswith('connected to ') and not before.endswith('not connected to ')
    return connected or _IS_WELL.match(message, name.end()) is not None

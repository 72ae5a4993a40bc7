"""Which lines of a known_hosts file are of a host: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.

Names may be lists of patterns, some of them negated, or hashed, each line's by its own salt, and a
marker says that a key is revoked, or an authority's. What is no line of that format is none to ssh
either.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from charm.kernel.globs import matches

REVOKED = '@revoked'
AUTHORITY = '@cert-authority'


@dataclass(frozen=True)
class HostLine:
    """A line about a host.

    Attributes:
        number: from 1.
        marker: `REVOKED`, `AUTHORITY`, or empty.
        words: the key's kind, the key, and what else stands there.
    """

    number: int
    marker: str
    words: tuple[str, ...]


def lines_about(name: str, lines: Iterable[str]) -> Iterator[HostLine]:
    """Yield the lines that are about the host of that name, by itself, a pattern or its hash."""
    for number, line in enumerate(lines, 1):
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith('@') else ''
        if marker in ('', REVOKED, AUTHORITY) and len(words) > 2 and _is_of(words[0], name):
            yield HostLine(number, marker, tuple(words[1:]))


def _is_of(hosts: str, name: str) -> bool:
    if hosts.startswith('#'):
        return False
    if hosts.startswith('|'):
        return _is_hash_of(hosts, name)
    found = False
    for pattern in hosts.lower().split(','):
        # Of a pattern only `*` and `?` mean anything to ssh.
        glob = pattern.removeprefix('!').replace('[', '[[]')
        if matches(name.lower(), glob):
            if pattern.startswith('!'):
                return False
            found = True
    return found


def _is_hash_of(hosts: str, name: str) -> bool:
    fields = hosts.split('|')
    if len(fields) != 4 or fields[1] != '1':
        return False
    try:
        salt = base64.b64decode(fields[2], validate=True)
    except (binascii.Error, ValueError):
        return False
    made = base64.b64encode(hmac.digest(salt, name.encode(), 'sha1')).decode()
    return hmac.compare_digest(made.encode(), fields[3].encode())

"""Which lines of a known_hosts file are of a host: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.

Names may be lists of patterns, some of them negated, or hashed, each line's by its own salt, and a
marker says that a key is revoked, or an authority's. What is no line of that format is none to ssh
either.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from charm.kernel.globs import matches

REVOKED = '@revoked'
AUTHORITY = '@cert-authority'
# A pattern, a hash, or a comment.
_NOT_A_NAME = re.compile(r'^[#|]|[*?!]')


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


class HostLines:
    """Lines, found by the hosts that they are about without a look at every other one.

    Only patterns and hashes have to be tried one after another.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._count = 0
        self._named: dict[str, list[HostLine]] = {}
        self._tried: list[tuple[str, HostLine]] = []
        self.add(lines)

    def add(self, lines: Iterable[str]) -> None:
        """Add the lines that follow."""
        for line in lines:
            self._count += 1
            words = line.split()
            marker = words.pop(0) if words and words[0].startswith('@') else ''
            if marker not in ('', REVOKED, AUTHORITY) or len(words) < 3:
                continue
            hosts, found = words[0], HostLine(self._count, marker, tuple(words[1:]))
            if _NOT_A_NAME.search(hosts):
                self._tried.append((hosts, found))
            else:
                for name in dict.fromkeys(hosts.lower().split(',')):
                    self._named.setdefault(name, []).append(found)

    def about(self, name: str) -> list[HostLine]:
        """Return the lines that are about the host of that name, by itself, a pattern or its hash.

        They are in the order of the file.
        """
        found = self._named.get(name.lower(), [])
        tried = [line for hosts, line in self._tried if _is_of(hosts, name)]
        return sorted([*found, *tried], key=lambda line: line.number)


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

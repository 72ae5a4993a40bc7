"""Whether a connection was dropped before it was listened to, by an sshd that had too many.

OpenSSH's sshd does so with some connections from ten on that wait to log in (MaxStartups), or with
those of an address (PerSourceMaxStartups, PerSourcePenalties). Later, and with fewer at once, it
takes them. What ssh says of it (OpenSSH 7.2 to 10.0, sshconnect.c and packet.c) is the same that
it says of a machine that goes down just now, so that it cannot be told apart here.
"""

from __future__ import annotations

import re

_DROPPED = re.compile(
    r'(?:kex|ssh)_exchange_identification|banner exchange'
    r'|connection (?:closed|reset) by (?:\S+ )?(?:port|remote host|peer|\d)'
    r'|exceeded maxstartups|not allowed at this time',
    re.IGNORECASE,
)
# No matter of too many at once, although the way through a jump host ends in the same words.
_ELSE = re.compile(
    r'connection refused|timed out|no route to host|network is unreachable|permission denied'
    r'|host key verification failed|could not resolve|administratively prohibited'
    r'|too many authentication failures|not permitted to log in|system is (?:booting|going)',
    re.IGNORECASE,
)


def is_drop(complaint: str) -> bool:
    """Return whether that is what ssh says of a connection that was dropped."""
    return bool(_DROPPED.search(complaint)) and not _ELSE.search(complaint)

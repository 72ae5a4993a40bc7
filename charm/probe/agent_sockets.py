"""Which agents of Juju run here: by the sockets on which each listens, to tell about itself.

Every agent has one: `introspection.socket` in its directory, or in older versions an abstract one,
`@jujud-` and its tag (worker/introspection). proc(5) tells everybody of both in `net/unix`, and of
none that nobody listens on any more.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.hints import Dict
from ..kernel.lines import lines_of
from ..kernel.pattern import pattern

LISTENING = Path('/proc/net/unix')
_SOCKET = pattern(
    r'(?:@jujud-|/var/lib/juju/agents/)((?:unit|machine|application|controller)-[a-z0-9-]+)'
    r'(?:/introspection\.socket)?'
)
# The flag of a socket that accepts connections (__SO_ACCEPTCON in linux/net.h).
_ACCEPTS = 0x10000


def find(source: Path = LISTENING) -> Dict[str, str]:
    """Return the socket of each agent that listens, by the agent's tag, such as `unit-mysql-0`.

    Raises:
        OSError: the kernel does not tell.
    """
    found = {}
    for line in lines_of(source):
        words = line.split(None, 7)
        # Num RefCount Protocol Flags Type St Inode Path
        if len(words) == 8 and _flags(words[3]) & _ACCEPTS:
            agent = _SOCKET.fullmatch(words[7].rstrip())
            if agent:
                found[agent[1]] = words[7].rstrip()
    return found


def _flags(word: str) -> int:
    try:
        return int(word, 16)
    except ValueError:
        return 0

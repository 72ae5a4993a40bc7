"""Where the agent listens, for who would ask it: found without loading what reads its files.

Most often `agent.yaml` is absent, or as the charm writes it: numbers, and maybe paths. That much
is read here, and all else is left to `config`, which says what is wrong in it.
"""

from __future__ import annotations

from ..sources.trust import read_trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, Optional, Tuple

# As `kernel.paths` has them.
AGENT_YAML = '/etc/juju-health/agent.yaml'
SOCKET = '/run/juju-health/agent.sock'
_MOST_BYTES = 2**40
# The keys of paths.
PATHS = ('socket', 'definitions', 'units', 'state', 'log')
# The keys of whole numbers, and of those of seconds, with their least and most.
COUNTS: Mapping[str, Tuple[int, int]] = {
    'log_bytes': (65536, _MOST_BYTES),
    'log_files': (2, 1000),
    'spool_bytes': (65536, _MOST_BYTES),
    'spool_reports': (1, 100000),
}
SECONDS: Mapping[str, Tuple[int, int]] = {'interval': (1, 7 * 86400), 'report': (1, 7 * 86400)}
_NUMBERS = {**COUNTS, **SECONDS}


def plain_socket(path: str) -> Optional[str]:
    """Return the socket that an `agent.yaml` says, `None` if `config.load` has to read it.

    Raises:
        DefinitionError: it may not be read, or others than its owner may write it.
    """
    try:
        lines = read_trusted(path).split(b'\n')
    except FileNotFoundError:
        return SOCKET if path == AGENT_YAML else None
    socket, seen = SOCKET, set()
    for line in lines:
        if not line:
            continue
        if line.startswith(b'#'):
            if not (line.isascii() and line.decode('ascii').isprintable()):
                return None
            continue
        key, colon, value = line.decode('latin-1').partition(': ')
        if key in seen or not colon or not (_is_number(key, value) or _is_path(key, value)):
            return None
        seen.add(key)
        socket = value if key == 'socket' else socket
    return socket


def _is_number(key: str, value: str) -> bool:
    # More digits are YAML's business, and so is a zero before them.
    if key not in _NUMBERS or not value.isdigit() or not value.isascii() or value[0] == '0':
        return False
    least, most = _NUMBERS[key]
    return len(value) <= len(str(most)) and least <= int(value) <= most


def _is_path(key: str, value: str) -> bool:
    bare = value.replace('/', '').replace('-', '').replace('_', '').replace('.', '')
    return key in PATHS and value.startswith('/') and bare.isascii() and bare.isalnum()

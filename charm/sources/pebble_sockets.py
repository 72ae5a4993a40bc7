"""Which Pebbles are here, by their sockets."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..kernel.hints import List, Mapping, Sequence, Tuple
from .found import FoundChecks, spec_name

# In a workload and on a machine; in a charm container one for each workload (Juju's layout).
_DEFAULT = Path('/var/lib/pebble/default/.pebble.socket')
_CONTAINERS = Path('/charm/containers')
_SOCKET = 'pebble.socket'


def find(
    environment: Mapping[str, str] = os.environ,
    default: Path = _DEFAULT,
    containers: Path = _CONTAINERS,
) -> FoundChecks:
    """Return a check `pebble` for each Pebble here, and one for each check that it has now.

    Those of a workload container are named `pebble-<container>` and `pebble-<container>-<check>`.
    """
    found = FoundChecks()
    for prefix, path in sockets(environment, default, containers):
        # Most machines have none.
        from .pebble import specs

        found += FoundChecks(specs(prefix, path))
    return found


def sockets(
    environment: Mapping[str, str], default: Path, containers: Path
) -> Tuple[Tuple[str, Path], ...]:
    """Return the prefix of its checks' names, and the path, of each Pebble's socket here."""
    named = environment.get('PEBBLE_SOCKET', '')
    home = environment.get('PEBBLE', '')
    own = Path(named) if named else Path(home) / '.pebble.socket' if home else default
    found: List[Tuple[str, Path]] = [('pebble', own)] if _is_socket(own) else []
    try:
        names: Sequence[str] = sorted(os.listdir(containers))
    except OSError:
        names = ()
    for name in names:
        path = containers / name / _SOCKET
        if _is_socket(path) and path != own:
            found.append((spec_name('pebble', name), path))
    return tuple(found)


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False

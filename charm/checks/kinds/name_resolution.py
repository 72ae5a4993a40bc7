"""Whether this machine can resolve names: its own, and whether its name servers answer."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.gather import gather
from ...kernel.hints import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple
from ...kernel.report import Health
from ..check import Verdict
from ..name_servers import NO_WAY, configured, silent
from ..options import OUTSIDE, require_severity
from ..phrases import listed
from ..virtualization import Virtualization, detect

_MOST_SECONDS = 2.0
# Servers are given up after so long; who asks them has to come back with that.
_RETURN_SECONDS = 0.2
# systemd-resolved listens there, and asks those that its own file names.
_STUBS = ('127.0.0.53', '127.0.0.54')


def _addresses(name: str) -> object:
    """Look the machine's own name up as sudo(8) does: the bytes that the kernel has."""
    return socket.getaddrinfo(os.fsencode(name), None)


@dataclass(frozen=True)
class NameResolution:
    """Warn when the machine's own name has no address, or one of its name servers is silent.

    Attributes:
        severity: `warn` or `fail`: what either means.
    """

    severity: str = 'warn'
    source: Path = field(default=Path('/etc/resolv.conf'), metadata=OUTSIDE)
    behind_stub: Path = field(default=Path('/run/systemd/resolve/resolv.conf'), metadata=OUTSIDE)
    own_name: Callable[[], str] = field(default=socket.gethostname, metadata=OUTSIDE)
    look_up: Callable[[str], object] = field(default=_addresses, metadata=OUTSIDE)
    ask: Callable[[Sequence[str], Deadline], Mapping[str, str]] = field(
        default=silent, metadata=OUTSIDE
    )
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data.silent` has each server without an answer, and why.

        Raises:
            CheckError: one cannot ask.
        """
        name = self.own_name()
        try:
            servers = self._servers()
            dead, why = self._lost(servers, name, deadline)
        except OSError as error:
            raise CheckError(f'cannot ask name servers: {error.strerror or error}') from error
        # It may be of any bytes.
        name = os.fsencode(name).decode('utf-8', 'backslashreplace')
        scope = self.around().own_scope
        data: Dict[str, object] = {'scope': scope, 'servers': [*servers], 'silent': dict(dead)}
        data.update(own_name=name, own_name_resolves=why is None)
        # libc goes on at once from one that it has no way to; a machine may be alone by design.
        lost = {server: reason for server, reason in dead.items() if reason != NO_WAY}
        said: List[str] = []
        if lost:
            which = listed([f'{server} ({reason})' for server, reason in lost.items()])
            said.append(f'of {len(servers)} name servers these do not answer: {which}')
        if why is not None:
            said.append(f'its own name {name} has no address ({why}), for which sudo waits')
        if said:
            return Verdict(Health(self.severity), '; '.join(said), data)
        return Verdict(Health.PASSED, _note(servers, dead), data)

    def _servers(self) -> Tuple[str, ...]:
        """Return who is asked: behind the stub of systemd-resolved those that it asks, too."""
        found = configured(self.source)
        if any(server in _STUBS for server in found):
            behind = configured(self.behind_stub)
            # Without any of its own it could only refuse; that is as if none were configured.
            return (*found, *(one for one in behind if one not in found)) if behind else ()
        return found

    def _lost(
        self, servers: Sequence[str], name: str, deadline: Deadline
    ) -> Tuple[Mapping[str, str], Optional[str]]:
        """Return the servers that do not answer, and why the name has no address, if it has none.

        Both are asked at once, so that servers which are all dead cost one wait.

        Raises:
            OSError: one cannot ask.
        """
        limit = deadline.within(_MOST_SECONDS)
        calls: Dict[str, Callable[[], Any]] = {
            'silent': lambda: self.ask(servers, limit) if servers else {},
            'own': lambda: self.look_up(name),
        }
        # A look-up cannot be interrupted, so it is left behind in its thread if it overruns.
        until = deadline.within(_MOST_SECONDS + _RETURN_SECONDS)
        dead: Optional[Mapping[str, str]] = None
        why: Optional[str] = f'none within {_MOST_SECONDS:.0f} s'
        for done in gather(calls, until, len(calls)):
            if done.key == 'own':
                why = _reason(done.error) if done.error else None
            elif done.error is not None:
                raise done.error
            else:
                dead = done.value
        if dead is None:
            raise TimeoutError('not in time')
        return dead, why


def _reason(error: Exception) -> str:
    return getattr(error, 'strerror', None) or 'none'


def _note(servers: Sequence[str], unreached: Mapping[str, str]) -> str:
    if not servers:
        return 'no name server is configured'
    if len(unreached) == len(servers):
        return f'this machine has no way to its name servers, {listed(servers)}'
    return 'the name servers answer'

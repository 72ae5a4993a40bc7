"""Whether this machine can resolve names: its own, and whether its name servers answer."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.gather import gather
from ...kernel.report import Health
from ..check import Verdict
from ..name_servers import NO_WAY, configured, silent
from ..options import OUTSIDE, require_severity
from ..phrases import listed
from ..virtualization import Virtualization, detect

_MOST_SECONDS = 2.0
# systemd-resolved listens there, and asks those that its own file names.
_STUBS = ('127.0.0.53', '127.0.0.54')


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
    look_up: Callable[[str], object] = field(
        default=partial(socket.getaddrinfo, port=None), metadata=OUTSIDE
    )
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
        limit = deadline.within(_MOST_SECONDS)
        try:
            servers = self._servers()
            dead = self.ask(servers, limit) if servers else {}
        except OSError as error:
            raise CheckError(f'cannot ask name servers: {error.strerror or error}') from error
        name = self.own_name()
        scope = self.around().own_scope
        data: Dict[str, object] = {'scope': scope, 'servers': [*servers], 'silent': dict(dead)}
        why = self._why_nameless(name, deadline)
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

    def _why_nameless(self, name: str, deadline: Deadline) -> Optional[str]:
        """Return why the machine's own name has no address; `None` if it has one."""
        limit = deadline.within(_MOST_SECONDS)
        # It cannot be interrupted, so it is left behind in its thread if it overruns.
        for done in gather({name: lambda: self.look_up(name) or True}, limit, 1):
            return None if done.error is None else getattr(done.error, 'strerror', '') or 'none'
        return f'none within {_MOST_SECONDS:.0f} s'


def _note(servers: Sequence[str], unreached: Mapping[str, str]) -> str:
    if not servers:
        return 'no name server is configured'
    if len(unreached) == len(servers):
        return f'this machine has no way to its name servers, {listed(servers)}'
    return 'the name servers answer'

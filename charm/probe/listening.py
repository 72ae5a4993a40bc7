"""The ports of TCP on which this machine, or pod, accepts connections."""

from __future__ import annotations

import socket
from pathlib import Path

from ..checks.check import Verdict
from ..checks.options import OUTSIDE
from ..checks.phrases import listed
from ..checks.sockets import NoAnswer, connect
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.facts import dataclass, field
from ..kernel.hints import List, Set, Tuple
from ..kernel.lines import lines_of
from ..kernel.report import Health

# The state of a socket that listens, as proc_net_tcp has it.
_LISTENS = '0A'
# How 127.0.0.1 ends there, ::1, and the former as an address of IPv6.
_LOOPBACK = ('0100007F', '00000000000000000000000001000000')
# Of documentation (RFC 5737): nothing is sent, the kernel only says from where it would be.
_FAR_AWAY = ('192.0.2.1', 9)
_CONNECT_SECONDS = 2.0


@dataclass(frozen=True)
class Listening:
    """Which ports are listened on, and which of the wanted ones answer all the same.

    Attributes:
        wanted: ports on which somebody should answer. Where nobody listens one is connected to:
            what stands before it, such as the port of a container, is in no table of sockets.
    """

    wanted: Tuple[int, ...] = ()
    tables: Tuple[Path, ...] = field(
        default=(Path('/proc/net/tcp'), Path('/proc/net/tcp6')), metadata=OUTSIDE
    )

    def run(self, deadline: Deadline) -> Verdict:
        """Return the ports; nobody is well or ill for them.

        `data.tcp` has those that others reach, `local` those that the machine alone does;
        `answering` and `silent` are the wanted ones.

        Raises:
            CheckError: the kernel does not tell.
        """
        local, ports = self._ports()
        missing = [port for port in self.wanted if port not in ports]
        silent = [port for port in missing if not _answers(port, deadline)]
        answering = sorted(set(self.wanted) - set(silent))
        text = f'listens on {listed([str(port) for port in sorted(ports)])}'
        data = {
            'tcp': sorted(ports),
            'local': sorted(local - ports),
            'answering': answering,
            'silent': silent,
        }
        return Verdict(Health.PASSED, text if ports else 'listens on no port', data)

    def _ports(self) -> Tuple[Set[int], Set[int]]:
        """Return the ports on which the machine alone is listened to, and those of all."""
        tables: List[List[str]] = []
        for path in self.tables:
            try:
                tables.append(lines_of(path)[1:])
            except FileNotFoundError:
                continue  # Without IPv6.
            except OSError as error:
                raise CheckError(f'cannot see who listens: {error}') from error
        if not tables:
            raise CheckError('cannot see who listens: the kernel does not tell')
        rows = (line.split() for table in tables for line in table)
        listening = [row[1].partition(':') for row in rows if row[3:4] == [_LISTENS]]
        local: Set[int] = set()
        ports: Set[int] = set()
        for address, _colon, port in listening:
            (local if address.endswith(_LOOPBACK) else ports).add(int(port, 16))
        return local, ports


def _answers(port: int, deadline: Deadline) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(_FAR_AWAY)
            own = sock.getsockname()[0]
        connect(own, port, deadline.within(_CONNECT_SECONDS)).close()
    except (OSError, NoAnswer):
        return False
    return True

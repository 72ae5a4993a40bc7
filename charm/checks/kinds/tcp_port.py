"""Whether a TCP port accepts connections, and says what it should."""

from __future__ import annotations

import time

from ...kernel.deadline import Deadline
from ...kernel.facts import dataclass
from ...kernel.hints import Optional
from ...kernel.report import Health
from ..check import Verdict
from ..options import OptionError, require_order
from ..phrases import span
from ..sockets import BoundedSocket, NoAnswer, connect, failed, where
from ..thresholds import Range, judge

_MOST_BYTES = 65536


@dataclass(frozen=True)
class TcpPort:
    """Fail when nobody accepts by the check's timeout.

    Attributes:
        port: 1 to 65535.
        host: a name or an address.
        send: text to send once connected, UTF-8.
        expect: text that the answer has to hold within its first 64 KiB.
        warn_seconds, fail_seconds: connecting, and answering if expected, may take this long.
    """

    port: int
    host: str = '127.0.0.1'
    send: str = ''
    expect: str = ''
    warn_seconds: Optional[float] = None
    fail_seconds: Optional[float] = None

    def __post_init__(self) -> None:
        if not 0 < self.port < 65536:
            raise OptionError('port', f'{self.port} is not between 1 and 65535')
        if not self.host:
            raise OptionError('host', 'it is empty')
        require_order(self.warn_seconds, self.fail_seconds, '_seconds')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data.seconds` is how long it took, `None` if nobody answered."""
        started = time.monotonic()
        reason = failed(lambda: self._talk(deadline))
        return self._judge(reason, time.monotonic() - started)

    def _talk(self, deadline: Deadline) -> None:
        with connect(self.host, self.port, deadline) as connection:
            bounded = BoundedSocket(connection, deadline)
            if self.send:
                bounded.sendall(self.send.encode())
            if self.expect:
                self._await(bounded)

    def _await(self, bounded: BoundedSocket) -> None:
        wanted, held = self.expect.encode(), bytearray()
        late = failed(lambda: _read_until(wanted, bounded, held))
        if wanted not in held:
            start = held[:60].decode('utf-8', 'replace')
            reason = f': {late}' if late else ''
            raise NoAnswer(f'the answer {start!r} does not hold {self.expect!r}{reason}')

    def _judge(self, reason: str, seconds: float) -> Verdict:
        place = where(self.host, self.port)
        if reason:
            text = reason if place in reason else f'{place}: {reason}'
            return Verdict(Health.FAIL, text, {'seconds': None})
        warn, fail = Range.at_most(self.warn_seconds), Range.at_most(self.fail_seconds)
        health = judge(seconds, warn, fail)
        done = 'answers as expected' if self.expect else 'accepts connections'
        slow = '' if health is Health.PASSED else ', but slowly'
        data = {'seconds': round(seconds, 6)}
        return Verdict(health, f'{place} {done}{slow} ({span(seconds)})', data)


def _read_until(wanted: bytes, bounded: BoundedSocket, held: bytearray) -> None:
    """Add to `held` what comes, up to what is wanted, the end or the cap."""
    with bounded.makefile() as stream:
        while wanted not in held and len(held) < _MOST_BYTES:
            chunk = stream.read1(_MOST_BYTES)
            if not chunk:
                break
            held += chunk

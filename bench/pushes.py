"""Pushes as units send them, and as a Pushgateway takes as much: the requests of bench.receive."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count

from charm.kernel.merge_checks import make_report
from charm.kernel.push_contract import (
    MODEL_HEADER,
    PATH,
    SCHEME,
    SENT_AT_HEADER,
    UNIT_HEADER,
    derive,
)
from charm.kernel.report import CheckResult, Health
from charm.kernel.report_json import encode

MASTER = b'm' * 32
MODEL = 'bench'
# So many that none comes near the rate that each is held to.
_UNITS = 4000
_SENT_AT = '2026-11-23T08:00:00Z'


@dataclass
class Pushes:
    """Every unit's next push, one unit after another, as the bytes of an HTTP request."""

    numbers: Iterator[int] = field(default_factory=count)
    accepted: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        names = [f'app{n % 40}/{n // 40}' for n in range(_UNITS)]
        at = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
        checks = tuple(
            CheckResult(f'check-{n}', Health.PASSED, message=f'{n} of 10 are well', at=at)
            for n in range(10)
        )
        self._units = []
        for name in names:
            report = make_report(
                name.split('/')[0], name, checks, boot_id='boot', sequence=77777777, reported_at=at
            )
            before, after = encode(report).encode().split(b'77777777')
            key = bytes.fromhex(derive(MASTER, name, MODEL))
            self._units.append((name, key, before, after + b'\n'))

    def next(self) -> tuple[str, int, bytes]:
        """Return a unit, the sequence of its report, and the request."""
        number = next(self.numbers)
        name, key, before, after = self._units[number % _UNITS]
        body = b'%s%d%s' % (before, number, after)
        signed = (f'POST {PATH}', name, MODEL, _SENT_AT, hashlib.sha256(body).hexdigest())
        signature = hmac.new(key, '\n'.join(signed).encode(), hashlib.sha256).hexdigest()
        head = (
            f'POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/jsonl\r\n'
            f'Content-Length: {len(body)}\r\n{UNIT_HEADER}: {name}\r\n{MODEL_HEADER}: {MODEL}\r\n'
            f'{SENT_AT_HEADER}: {_SENT_AT}\r\nAuthorization: {SCHEME} {signature}\r\n\r\n'
        )
        return name, number, head.encode() + body

    def metrics(self) -> tuple[str, int, bytes]:
        """Return what says as much to a Pushgateway: each check's health and duration."""
        number = next(self.numbers)
        name = self._units[number % _UNITS][0].replace('/', '-')
        body = ''.join(
            f'# TYPE {kind} gauge\n'
            + ''.join(f'{kind}{{check="check-{n}"}} {number}\n' for n in range(10))
            for kind in ('health', 'health_duration_seconds')
        )
        path = f'/metrics/job/health/instance/{name}'
        head = f'PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n'
        return name, number, (head + body).encode()

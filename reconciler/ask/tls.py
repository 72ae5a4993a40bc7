"""Ask agents over TLS, where they listen: no ssh, no script, one request per unit.

An agent is believed if its certificate is signed by the operator's own authority and names the
address that was asked; it believes us for the token.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError
from reconciler.values.errors import UsageError
from reconciler.values.outcomes import Outcome
from reconciler.values.time_budget import TimeBudget

from .base import MachineAnswer
from .frames import STDOUT_CAP_BYTES, Request, UnitAnswer
from .modes import BY_AGENT

_REFUSED_EXIT = 3
_AGE_HEADER = 'Juju-Health-Age'
_LATE = 'it did not end by the deadline'


@dataclass(frozen=True)
class TLSAsker:
    """Asks agents at their TCP port.

    Attributes:
        addresses: where the machine of each unit may be, the likeliest first.
        context: believes one authority only.
        token: proves who we are.
        port: where agents listen.
        connect_seconds: for each address.
    """

    addresses: Mapping[str, Sequence[str]]
    context: ssl.SSLContext
    token: str = field(repr=False)
    port: int
    connect_seconds: float = TimeBudget.connect_timeout_seconds
    name: str = 'tls'

    def ask(self, target: str, requests: Sequence[Request], deadline: Deadline) -> MachineAnswer:
        """Ask for the report of each unit in turn."""
        answers = [UnitAnswer() for _ in requests]
        fault: ReachError | None = None
        headers = {'Authorization': f'Bearer {self.token}'}
        with _Cut(deadline) as cut:
            for address in self.addresses.get(target, ()):
                base = f'https://{f"[{address}]" if ":" in address else address}:{self.port}'
                try:
                    with httpx.Client(
                        verify=self.context, base_url=base, headers=headers, trust_env=False
                    ) as client:
                        for index, request in enumerate(requests):
                            answers[index] = self._report(client, request.unit, cut)
                    return MachineAnswer(tuple(answers))
                except httpx.HTTPError as error:
                    fault = _fault(base, httpx.ReadTimeout(_LATE) if deadline.passed else error)
                if deadline.passed:
                    break
        none = ReachError(Outcome.UNREACHABLE, f'cannot reach {target}: no address')
        return MachineAnswer(tuple(answers), fault or none)

    def _report(self, client: httpx.Client, unit: str, cut: _Cut) -> UnitAnswer:
        left = max(cut.deadline.remaining_seconds, 0.01)
        limits = httpx.Timeout(left, connect=min(left, self.connect_seconds))
        asked = client.build_request(
            'GET',
            '/v1/report',
            params={'unit': unit},
            timeout=limits,
            extensions={'trace': cut.trace},
        )
        with contextlib.closing(client.send(asked, stream=True)) as response:
            body = b''
            for chunk in response.iter_bytes():
                body += chunk[: STDOUT_CAP_BYTES - len(body)]
        if cut.deadline.passed:
            # Of a body without a length, where it was cut off looks like its end.
            raise httpx.ReadTimeout(_LATE)
        if response.status_code != 200:
            return _refused(response.status_code, body)
        return UnitAnswer(body, b'', 0, True, held_seconds=_age(response), by=BY_AGENT)


class _Cut:
    """Ends connections at the deadline: httpx's timeouts are for inactivity, of each read alone.

    An agent that trickles, its headers too, satisfies every one of them, and never ends.
    """

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(deadline.remaining_seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Cut:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        with self._lock:
            for handle in self._sockets:
                handle.close()
            self._sockets.clear()

    def trace(self, event: str, told: Mapping[str, Any]) -> None:
        """Note each connection; httpx calls it with what it does."""
        if event == 'connection.connect_tcp.complete':
            # A second handle: TLS takes the first one over before its handshake.
            with self._lock:
                self._sockets.append(told['return_value'].get_extra_info('socket').dup())

    def _cut(self) -> None:
        with self._lock:
            for handle in self._sockets:
                with contextlib.suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)


def _age(response: httpx.Response) -> float | None:
    try:
        age = float(response.headers.get(_AGE_HEADER, ''))
    except ValueError:
        return None
    return age if age >= 0.0 else None


def _refused(status: int, body: bytes) -> UnitAnswer:
    try:
        said = str(json.loads(body)['error'])
    except (ValueError, KeyError, TypeError, RecursionError):
        said = ''
    reason = f'its agent answered {status}{f": {said}" if said else ""}'
    return UnitAnswer(b'', reason.encode(), _REFUSED_EXIT, complete=True, by=BY_AGENT)


def _fault(base: str, error: httpx.HTTPError) -> ReachError:
    reason = str(error) or type(error).__name__
    if 'CERTIFICATE_VERIFY_FAILED' in reason:
        message = f'cannot trust the agent at {base}: {reason}'
        return ReachError(Outcome.NO_AGENT, message)
    message = f'cannot reach the agent at {base}: {reason}'
    return ReachError(Outcome.UNREACHABLE, message, retryable=True)


def trusting(ca: Path) -> ssl.SSLContext:
    """Return a TLS client that believes the authority in this PEM file, and no other.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise UsageError(f'cannot use {ca} as --agent-ca: {reason}') from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

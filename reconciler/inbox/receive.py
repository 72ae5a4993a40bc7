"""The receiver of what agents push: `POST /v1/reports`, as `docs/push.md` has it in words.

Each request is signed with a credential that is good for one unit only; nobody reports for
another. Size, time, places and rates are bounded before anything is believed.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from charm.kernel.errors import FileError, HealthError
from charm.kernel.fields import parse_time
from charm.kernel.push_contract import (
    MODEL_HEADER,
    MOST_BODY_BYTES,
    MOST_REPORTS,
    PATH,
    SCHEME,
    SENT_AT_HEADER,
    UNIT_HEADER,
    check_names,
    derive,
    same,
    sign,
)
from charm.kernel.rate import Rate

from .denied import Admit
from .group_commit import GroupCommit
from .protocol import Bounded
from .pushed import read_push
from .store import Inbox

_log = logging.getLogger('juju_health.receive')
_MOST_HELD_BYTES = 64 * MOST_BODY_BYTES
# To decode more would keep all other connections waiting for too long.
_MOST_AT_ONCE_BYTES = 65536
_MOST_CONNECTIONS = 1000
_MOST_BUCKETS = 10000
_RETRY_SECONDS = '5'
_MOST_DROPPED_BYTES = 4 * MOST_BODY_BYTES


@dataclass(frozen=True)
class _Claim:
    """The sender that a request names, before it is believed."""

    unit: str
    model: str
    sent_at: str
    signature: str

    @classmethod
    def of(cls, request: Request) -> _Claim | None:
        """Return the claim in the headers, `None` if there is none that could be true."""
        headers = request.headers
        scheme, _, signature = headers.get('authorization', '').partition(' ')
        unit, model = headers.get(UNIT_HEADER, ''), headers.get(MODEL_HEADER, '')
        try:
            check_names(unit, model)
        except (HealthError, ValueError):
            return None
        if scheme != SCHEME or not signature:
            return None
        return cls(unit, model, headers.get(SENT_AT_HEADER, ''), signature.strip())

    def is_true(self, master_key: bytes, body: bytes) -> bool:
        """Return whether who signed this holds the unit's credential."""
        credential = derive(master_key, self.unit, self.model)
        expected = sign(credential, self.unit, self.model, self.sent_at, body)
        return same(self.signature, expected)

    @property
    def moment(self) -> datetime | None:
        """Return when it was sent by the unit's clock, `None` if that cannot be read."""
        try:
            return parse_time(self.sent_at)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True)
class _Buckets:
    """A rate for each of many; those not used for longest are forgotten."""

    _new: Callable[[], Rate]
    _rates: OrderedDict[str, Rate] = field(default_factory=OrderedDict)

    def take(self, key: str) -> bool:
        rate = self._rates.pop(key, None) or self._new()
        self._rates[key] = rate
        if len(self._rates) > _MOST_BUCKETS:
            self._rates.popitem(last=False)
        return rate.take()


class _Receiver:
    """The one route, with its limits."""

    def __init__(
        self, master_key: bytes, store: Inbox, admit: Admit, clock: Callable[[], float]
    ) -> None:
        self._master_key = master_key
        self._commit = GroupCommit(store)
        self._admit = admit
        self._held_bytes = 0
        # A day's spool comes in a few dozen requests.
        self._by_unit = _Buckets(lambda: Rate(2.0, 60, clock))
        self._by_stranger = _Buckets(lambda: Rate(0.5, 20, clock))

    async def receive(self, request: Request) -> Response:
        body = bytearray()
        try:
            return await self._receive(request, body)
        finally:
            self._held_bytes -= len(body)

    async def _receive(self, request: Request, held: bytearray) -> Response:
        claim = _Claim.of(request)
        if claim is None:
            return self._stranger(request, 'no signature of a unit')
        refusal = await self._read(request, held)
        if refusal is not None:
            return refusal
        body = bytes(held)
        if not claim.is_true(self._master_key, body):
            return self._stranger(request, f'the signature is not that of {claim.unit}')
        if not self._admit(claim.model, claim.unit):
            return self._stranger(request, f'{claim.unit} is not of the model any more', 403)
        # Only now: nobody can use up the rate of another.
        if not self._by_unit.take(f'{claim.model}:{claim.unit}'):
            return _refusal(429, 'too many requests', retry=True)
        lines = body.split(b'\n')[:-1] if body.endswith(b'\n') else []
        if not lines or len(lines) > MOST_REPORTS:
            return _refusal(400, f'the body is 1 to {MOST_REPORTS} reports, a line each')
        return await self._keep(claim, lines)

    async def _read(self, request: Request, held: bytearray) -> Response | None:
        """Read the body, and return a refusal if it is not to be had.

        What is a little too large is read to its end and dropped: a connection that is closed
        with something unread takes the answer away from who sent it.
        """
        too_large = _refusal(413, f'the limit is {MOST_BODY_BYTES} bytes')
        length = request.headers.get('content-length', '')
        if length.isdecimal() and (len(length) > 18 or int(length) > _MOST_DROPPED_BYTES):
            return too_large
        size = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > _MOST_DROPPED_BYTES:
                    break
                if self._held_bytes + len(chunk) > _MOST_HELD_BYTES:
                    return _refusal(503, 'too many requests at once', retry=True)
                if size <= MOST_BODY_BYTES:
                    self._held_bytes += len(chunk)
                    held += chunk
        except ClientDisconnect:
            return _refusal(408, 'the request did not arrive')
        return None if size <= MOST_BODY_BYTES else too_large

    async def _keep(self, claim: _Claim, lines: list[bytes]) -> Response:
        arguments = claim.unit, claim.model, claim.moment, lines
        if sum(map(len, lines)) > _MOST_AT_ONCE_BYTES:
            push = await run_in_threadpool(read_push, *arguments)
        else:
            push = read_push(*arguments)
        try:
            ack = await self._commit.keep(push)
        except FileError:
            return _refusal(503, 'the reports cannot be kept now', retry=True)
        for number, reason in ack.refused:
            _log.warning('refused report %d of %s: %r', number, claim.unit, reason)
        refused = [{'line': number, 'reason': reason} for number, reason in ack.refused]
        body = {'accepted': ack.accepted, 'duplicate': ack.duplicate, 'refused': refused}
        return JSONResponse(body)

    def _stranger(self, request: Request, reason: str, status: int = 401) -> Response:
        """Refuse who has not proven who they are: say so in the log, and slow them down."""
        peer = request.client.host if request.client else ''
        if not self._by_stranger.take(peer):
            return _refusal(429, 'too many requests', retry=True)
        _log.warning('refused a push from %s: %s', peer, reason)
        return _refusal(status, reason)


def _refusal(status: int, reason: str, retry: bool = False) -> Response:
    headers = {'Retry-After': _RETRY_SECONDS} if retry else {}
    if status == 401:
        headers['WWW-Authenticate'] = SCHEME
    return JSONResponse({'error': reason}, status, headers)


async def _health(_request: Request) -> Response:
    return JSONResponse({'status': 'pass'}, media_type='application/health+json')


def application(
    master_key: bytes,
    store: Inbox,
    admit: Admit = lambda _model, _unit: True,
    clock: Callable[[], float] = time.monotonic,
) -> Starlette:
    """Return the receiver as an ASGI application.

    Args:
        master_key: at least 32 bytes; every unit's credential is derived from it.
        store: where reports go.
        admit: returns whether a unit, given its model and name, may still report.
        clock: monotonic, for the rates.

    Raises:
        ValueError: the key is too short.
    """
    derive(master_key, 'localhost/0')
    receiver = _Receiver(master_key, store, admit, clock)
    return Starlette(
        routes=[
            Route(PATH, receiver.receive, methods=['POST']),
            Route('/v1/health', _health, methods=['GET']),
        ]
    )


def server_config(
    app: Starlette, host: str, port: int, certificate: Path, key: Path
) -> uvicorn.Config:
    """Return how uvicorn is to serve the receiver: TLS only, bounded, without access log."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        http=Bounded,
        ws='none',
        lifespan='off',
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=5,
    )

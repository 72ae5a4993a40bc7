"""The door to HTTP servers: one deadline over all of a request, and no secret in what is told."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from charm import __version__
from charm.kernel.deadline import Deadline

from ...config.channel_settings import HttpAccess
from ...config.secrets import Secret, SecretError, hide
from .base import Clock, Delivery, utc_now

# It logs the URL of every request, which may be a secret in itself.
logging.getLogger('httpx').setLevel(logging.WARNING)

_CONNECT_SECONDS = 10.0
_ANSWER_BYTES = 4096
_TOLD_CHARACTERS = 200
_MOST_WAIT_SECONDS = 3600.0
# Of what is refused by a status from 400 to 499, that which time may mend (RFC 9110, 6585, 8470).
_PASSING = frozenset({408, 425, 429})
Result = TypeVar('Result')


@dataclass(frozen=True)
class HttpDoor:
    """Posts to servers that are believed, and believe us, by the same settings."""

    access: HttpAccess
    clock: Clock = utc_now

    def post(
        self,
        urls: Sequence[str | Secret],
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        deadline: Deadline,
    ) -> tuple[Delivery, ...]:
        """Post JSON to all at once, each URL with that path behind it; return each answer.

        Redirects are not followed: where a message goes is the operator's decision. Proxies are
        taken from the environment.

        Raises:
            SecretError: a secret cannot be read, or is no URL where it should be one.
        """
        given = [_plain(url) for url in urls]
        identity, secrets = self._identity()
        client = httpx.AsyncClient(
            verify=self._context(),
            follow_redirects=False,
            headers={
                'User-Agent': f'juju-health/{__version__}',
                'Content-Type': 'application/json',
                # What comes is read as it is: nothing that is small on its way grows here.
                'Accept-Encoding': 'identity',
                **headers,
                **identity,
            },
        )
        hidden = (*secrets, *(part for url in given for part in _told_in(url)))
        exchange = _Exchange(client, body, hidden, deadline, self.clock)
        return _run(
            exchange.with_all([f'{url.rstrip("/")}{path}' if path else url for url in given])
        )

    def _identity(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the headers that say who we are, and what is secret in them."""
        if self.access.token is not None:
            token = self.access.token.read()
            return {'Authorization': f'Bearer {token}'.encode()}, (token,)
        if self.access.password is not None:
            password = self.access.password.read()
            pair = base64.b64encode(f'{self.access.user}:{password}'.encode()).decode()
            return {'Authorization': f'Basic {pair}'}, (password, pair)
        return {}, ()

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.access.ca)
        except (OSError, ValueError) as error:
            reason = getattr(error, 'strerror', None) or error
            raise SecretError(
                f'cannot use the certificates in {self.access.ca}: {reason}'
            ) from error


def _told_in(url: str) -> tuple[str, ...]:
    """Return the parts of a URL that may be secret and that its server may repeat."""
    parts = urlsplit(url)
    return tuple(part for part in (url, parts.path.strip('/'), parts.query) if len(part) > 3)


def _plain(url: str | Secret) -> str:
    if isinstance(url, str):
        return url
    read = url.read()
    parts = urlsplit(read)
    if parts.scheme not in ('http', 'https') or not parts.hostname:
        raise SecretError(f'cannot use {url}: it is no URL')
    return read


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Return what it comes to; unlike `asyncio.run`, wait for no name server that hangs."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@dataclass(frozen=True)
class _Exchange:
    """A request to each of several servers."""

    client: httpx.AsyncClient
    body: bytes
    secrets: tuple[str, ...]
    deadline: Deadline
    clock: Clock

    async def with_all(self, urls: Sequence[str]) -> tuple[Delivery, ...]:
        async with self.client:
            return tuple(await asyncio.gather(*map(self._with_one, urls)))

    async def _with_one(self, url: str) -> Delivery:
        where = urlsplit(url).netloc.rpartition('@')[2]
        left = self.deadline.remaining_seconds
        try:
            # httpx's own limits are for each read: who trickles satisfies every one of them.
            return await asyncio.wait_for(self._ask(url, where, left), left)
        except asyncio.TimeoutError:
            return Delivery.later(f'{where} gave no whole answer in time')
        except httpx.InvalidURL:
            return Delivery.refused(f'cannot use the URL of {where}')
        except (httpx.HTTPError, OSError) as error:
            reason = hide(str(error) or type(error).__name__, self.secrets)
            return Delivery.later(f'cannot reach {where}: {reason}')

    async def _ask(self, url: str, where: str, left: float) -> Delivery:
        limits = httpx.Timeout(max(left, 0.001), connect=min(max(left, 0.001), _CONNECT_SECONDS))
        said = b''
        request = self.client.stream('POST', url, content=self.body, timeout=limits)
        async with request as response:
            async for chunk in response.aiter_raw():
                said += chunk[: _ANSWER_BYTES - len(said)]
                if len(said) >= _ANSWER_BYTES:
                    break
        return self._judge(response, where, said)

    def _judge(self, response: httpx.Response, where: str, said: bytes) -> Delivery:
        status = response.status_code
        # All of it is searched: of a secret that is cut off, no end may be left.
        words = hide(said.decode(errors='replace'), self.secrets)[:_TOLD_CHARACTERS]
        told = f'{where} answered {status}'
        if response.is_success:
            return Delivery.taken(told)
        if response.is_redirect or 300 <= status < 400:
            return Delivery.refused(f'{told}, which leads elsewhere; give the URL where it ends')
        told = f'{told}: {words}' if words.strip() else told
        if status in _PASSING or status >= 500:
            return Delivery.later(told, self._wait(response.headers.get('Retry-After', '')))
        return Delivery.refused(told)

    def _wait(self, written: str) -> float | None:
        """Return the seconds of a Retry-After, an hour at most; `None` if it has none."""
        if written.isascii() and written.isdecimal():
            return min(float(written), _MOST_WAIT_SECONDS)
        try:
            until = parsedate_to_datetime(written)
        except (TypeError, ValueError, IndexError):
            return None
        aware = until if until.tzinfo else until.replace(tzinfo=timezone.utc)
        return min(max(0.0, (aware - self.clock()).total_seconds()), _MOST_WAIT_SECONDS)

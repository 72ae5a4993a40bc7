"""Our keys as they are offered to one far end: from files, and from the ssh agent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncssh

from ...base import ReachError
from ..far_end import SshTarget
from ..keyring import KeyOrder, all_refused, ended_at_login, hung_up_before_the_rest

# None takes longer to tell what it has; to sign may take a touch of the operator's.
_AGENT_SECONDS = 10.0


@dataclass(frozen=True)
class OurKey:
    """A key of ours: its public half, and what makes the pair to sign with, anew each time."""

    blob: bytes
    pair: Callable[[], asyncssh.SSHKeyPair]


def read_key(path: Path) -> OurKey | None:
    """Return a file's key; `None` if it is missing, of no known type, or needs a passphrase."""
    try:
        key = asyncssh.read_private_key(path)
    except (OSError, ValueError):
        return None
    try:
        certificate = asyncssh.read_certificate(f'{path}-cert.pub')
    except (OSError, ValueError):
        return OurKey(key.public_data, lambda: asyncssh.load_keypairs([key])[0])
    return OurKey(key.public_data, lambda: asyncssh.load_keypairs([(key, certificate)])[0])


def key_order() -> KeyOrder[OurKey]:
    """Return the order of keys for all far ends."""
    return KeyOrder(read_key, lambda key: key.blob)


class Offers(asyncssh.SSHClient):
    """Offers keys to a far end, one after another, but for those that it has refused before.

    Attributes:
        banner: what it said before the login.
    """

    def __init__(self, far: SshTarget, order: KeyOrder[OurKey]) -> None:
        self._far = far
        self._order = order
        self._rest: Iterator[OurKey] | None = None
        self._offered: OurKey | None = None
        self._agent: asyncssh.SSHAgentClient | None = None
        self._fault = ''
        self.banner = ''

    def auth_banner_received(self, msg: str, lang: str) -> None:
        """Take note of what it says."""
        self.banner += msg

    async def public_key_auth_requested(self) -> Sequence[asyncssh.SSHKeyPair] | None:
        """Return the next key, since it has refused the one before; `None` if there is none."""
        if self._rest is None:
            keys = self._order.keys(self._far.login, await self._agent_keys())
            self._rest = iter([key for key in keys if key.blob not in self._far.refused])
        if self._offered is not None:
            self._far.refused.add(self._offered.blob)
        self._offered = next(self._rest, None)
        return None if self._offered is None else [self._offered.pair()]

    def auth_completed(self) -> None:
        """Take note of the key that was accepted."""
        if self._offered is not None:
            self._order.accept(self._offered)

    def refused(self) -> ReachError:
        """Return the error of a far end that has refused all keys."""
        return all_refused(self._far.login, self._far.refused, self._fault)

    def ended(self) -> ReachError:
        """Return the error of a far end that has hung up meanwhile: perhaps for too many keys."""
        refused = self._far.refused
        if not refused or self._offered is None:
            return ended_at_login()
        refused.add(self._offered.blob)
        if next(self._rest or iter(()), None) is not None:
            return hung_up_before_the_rest(self._far.login, refused)
        return self.refused()

    def close(self) -> None:
        """End the connection to the agent."""
        if self._agent is not None:
            self._agent.close()

    async def _agent_keys(self) -> list[OurKey]:
        path = self._far.login.agent
        if not path:
            return []
        # Each login has its own connection: a key that has to be touched holds up no other.
        agent = asyncssh.SSHAgentClient(path)
        try:
            await asyncio.wait_for(agent.connect(), _AGENT_SECONDS)
        except (OSError, ValueError, asyncio.TimeoutError):
            return []
        self._agent = agent
        try:
            pairs = await asyncio.wait_for(agent.get_keys(), _AGENT_SECONDS)
        except (ValueError, asyncio.TimeoutError):
            # As ssh does, we go on with files; it matters only where none of them is accepted.
            self._fault = f'cannot use the ssh agent at {path}: it does not tell its keys'
            return []
        return [OurKey(pair.public_data, partial(_itself, pair)) for pair in pairs]


def _itself(pair: asyncssh.SSHKeyPair) -> asyncssh.SSHKeyPair:
    return pair

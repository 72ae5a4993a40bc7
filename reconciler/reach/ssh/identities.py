"""The keys that we log in with: from files, and from the ssh agent.

They are offered in ssh's order (sshconnect2.c, pubkey_prepare): those of the agent that a file
names, its others, then files. What one connection has no tries left for, the next one offers.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from charm.kernel.deadline import Deadline
from reconciler.values.readings import Outcome

from ..base import ReachError
from .agent import Agent
from .login import Login
from .public_halves import public_halves


class Keyring:
    """Private keys, each read once; the one that was accepted last is offered first.

    sshd takes six keys by default before it hangs up, and each costs a round trip.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[Path, paramiko.PKey | None] = {}
        self._public: dict[Path, tuple[bytes, ...]] = {}
        self._accepted: bytes = b''

    def log_in(
        self, transport: paramiko.Transport, login: Login, refused: set[bytes], deadline: Deadline
    ) -> None:
        """Offer the keys until one is accepted, but for those in `refused`, which it adds to.

        Raises:
            ReachError: none is, or there is none, or the deadline passes; retryable where the far
                side hung up while there were keys left.
        """
        # Each login has its own connection to the agent: paramiko's is not for several threads.
        with contextlib.closing(Agent(login.agent)) as agent:
            keys = self._keys(login, agent)
            for key in keys:
                if key.asbytes() in refused:
                    continue
                if not transport.is_active():
                    message = f'{_refusal(login, len(refused))}; it hung up before the rest'
                    raise ReachError(Outcome.REFUSED_KEY, message, retryable=True)
                if _accepts(transport, login.user, key, len(refused), deadline):
                    self._accepted = key.asbytes()
                    return
                refused.add(key.asbytes())
        message = '; '.join(filter(None, [_refusal(login, len(refused)), agent.fault]))
        # Whoever asks again may have another key by then, or another agent.
        refused.clear()
        raise ReachError(Outcome.REFUSED_KEY, message)

    def _keys(self, login: Login, agent: Agent) -> list[paramiko.PKey]:
        """Return the keys to offer, the one that was accepted last first."""
        # Only keys of the agent are known by their public halves.
        places = (*login.identities, *login.certificates) if agent.keys else ()
        halves = [half for path in places for half in self._halves(path)]
        named = [key for key in agent.keys if key.blob in halves]
        others = [] if login.identities_only else agent.keys
        found: dict[bytes, paramiko.PKey] = {}
        for key in (*named, *others, *self._from_files(login)):
            found.setdefault(key.asbytes(), key)
        return sorted(found.values(), key=lambda key: key.asbytes() != self._accepted)

    def _halves(self, path: Path) -> tuple[bytes, ...]:
        with self._lock:
            if path not in self._public:
                self._public[path] = public_halves(path)
            return self._public[path]

    def _from_files(self, login: Login) -> Iterator[paramiko.PKey]:
        for path in login.identities:
            with self._lock:
                if path not in self._files:
                    self._files[path] = _read(path)
                key = self._files[path]
            if key is not None:
                yield key


def _accepts(
    transport: paramiko.Transport, user: str, key: paramiko.PKey, refused: int, deadline: Deadline
) -> bool:
    """Return whether the far side lets us in with the key.

    Raises:
        ReachError: the connection ended, though not for too many keys, or the deadline passed.
    """
    transport.auth_timeout = max(0.1, deadline.remaining_seconds)
    try:
        transport.auth_publickey(user, key)
    except paramiko.AuthenticationException as error:
        if deadline.passed or (not transport.is_active() and not refused):
            message = 'cannot reach it: the connection ended, or hung, at the login'
            raise ReachError(Outcome.UNREACHABLE, message, retryable=True) from error
        return False
    except (paramiko.SSHException, EOFError, OSError) as error:
        message = f'cannot reach it: {error or "the connection ended at the login"}'
        raise ReachError(Outcome.UNREACHABLE, message, retryable=True) from error
    return transport.is_authenticated()


def _read(path: Path) -> paramiko.PKey | None:
    """Return a file's key; `None` if it is missing, of no known type, or needs a passphrase."""
    try:
        return paramiko.PKey.from_path(path)
    except (OSError, ValueError, TypeError, paramiko.SSHException, UnknownKeyType):
        return None


def _refusal(login: Login, refused: int) -> str:
    if refused:
        keys = f'{refused} keys' if refused > 1 else 'the key'
        return f'cannot log in as {login.user}: it refused {keys} that we have'
    places = ', '.join(str(path) for path in login.identities)
    return (
        f'cannot log in as {login.user}: there is no ssh key to offer; looked for {places}; '
        'a key with a passphrase has to be in the ssh agent (ssh-add)'
    )

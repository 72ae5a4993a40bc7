"""The keys that we log in with: from files, and from the ssh agent."""

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
from .login import Login


class Keyring:
    """Private keys, each read once; the one that was accepted last is offered first.

    sshd takes six keys by default before it hangs up, and each costs a round trip.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[Path, paramiko.PKey | None] = {}
        self._accepted: bytes = b''

    def log_in(self, transport: paramiko.Transport, login: Login, deadline: Deadline) -> None:
        """Offer the keys until one is accepted.

        Raises:
            ReachError: none is, or there is none, or the deadline passes.
        """
        # Each login has its own connection to the agent: paramiko's is not for several threads.
        with contextlib.closing(_agent()) as agent:
            refused = 0
            for key in self._keys(login, agent):
                if _accepts(transport, login.user, key, refused, deadline):
                    self._accepted = key.asbytes()
                    return
                refused += 1
                if not transport.is_active():
                    break  # So many refusals are enough for sshd.
        raise ReachError(Outcome.REFUSED_KEY, _refusal(login, refused))

    def _keys(self, login: Login, agent: paramiko.Agent) -> list[paramiko.PKey]:
        """Return the keys to offer, the one that was accepted last first."""
        found: dict[bytes, paramiko.PKey] = {}
        for key in (*self._from_files(login), *_from_agent(login, agent)):
            found.setdefault(key.asbytes(), key)
        return sorted(found.values(), key=lambda key: key.asbytes() != self._accepted)

    def _from_files(self, login: Login) -> Iterator[paramiko.PKey]:
        for path in login.identities:
            with self._lock:
                if path not in self._files:
                    self._files[path] = _read(path)
                key = self._files[path]
            if key is not None:
                yield key


def _agent() -> paramiko.Agent:
    try:
        return paramiko.Agent()
    except (paramiko.SSHException, OSError) as error:
        # One that is configured but does not answer is like none, save that it is said.
        message = f'cannot use the ssh agent at $SSH_AUTH_SOCK: {error}'
        raise ReachError(Outcome.REFUSED_KEY, message) from error


def _from_agent(login: Login, agent: paramiko.Agent) -> Iterator[paramiko.PKey]:
    wanted = set()
    for path in login.identities:
        with contextlib.suppress(OSError):
            words = Path(f'{path}.pub').read_text('utf-8', 'replace').split()
            wanted.add(words[1] if len(words) > 1 else '')
    for key in agent.get_keys():
        if not login.identities_only or key.get_base64() in wanted:
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

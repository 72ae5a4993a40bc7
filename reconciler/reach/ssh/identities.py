"""Log in with our keys, from files and from the ssh agent; with paramiko."""

from __future__ import annotations

import contextlib
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from charm.kernel.deadline import Deadline
from reconciler.values.readings import Outcome

from ..base import ReachError
from .agent import Agent
from .keyring import KeyOrder, all_refused, ended_at_login, hung_up_before_the_rest
from .login import Login


class Keyring:
    """Private keys, each read once."""

    def __init__(self) -> None:
        self.order: KeyOrder[paramiko.PKey] = KeyOrder(_read, lambda key: key.asbytes())

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
            for key in self.order.keys(login, agent.keys):
                if key.asbytes() in refused:
                    continue
                if not transport.is_active():
                    raise hung_up_before_the_rest(login, refused)
                if _accepts(transport, login.user, key, len(refused), deadline):
                    self.order.accept(key)
                    return
                refused.add(key.asbytes())
        raise all_refused(login, refused, agent.fault)


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
            raise ended_at_login() from error
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

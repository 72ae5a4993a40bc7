"""The far end of a connection, and what it means when it shows itself by other keys than known.

This is the same whichever library speaks ssh.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.values.advice import NO_ADVICE, Advice
from reconciler.values.readings import Outcome

from ..base import NOTHING, ReachError
from ..refusals import refusal_in
from .hostkeys import HostKey
from .login import Login

# None of these, by their names: SHA-1, MD5, CBC, triple DES, DSA and RSA signatures over SHA-1.
_OLD = ('sha1', 'md5', 'cbc', '3des', 'dss', 'ssh-rsa')
_REVOKED = 'cannot trust it: the host key that it shows is marked @revoked in our known_hosts'
_CERTIFICATE = (
    'cannot check it: it shows a host certificate, of another key than was learnt, and no '
    'certificates are checked here'
)


@dataclass(frozen=True)
class SshTarget:
    """The far end of a connection that is to be made.

    Attributes:
        sock: leads there.
        login: as whom to log in.
        keys: the host keys that it may show.
        changed: what to say if it shows another.
        refused: the keys of ours that it refused on earlier connections; more are added.
        revoked: host keys that must never be taken.
    """

    sock: socket.socket
    login: Login
    keys: Collection[HostKey]
    changed: str
    refused: set[bytes]
    revoked: Collection[HostKey] = ()


class OtherKeyError(ReachError):
    """A far end shows another host key than is known of it.

    Attributes:
        shown: that key; `None` if they agreed on none.
    """

    def __init__(self, message: str, shown: HostKey | None, advice: Advice = NO_ADVICE) -> None:
        self.shown = shown
        super().__init__(Outcome.HOST_KEY, message, advice=advice)


def verify(far: SshTarget, shown: HostKey, kind: str) -> None:
    """Check the host key that a far end has shown.

    Args:
        far: the far end.
        shown: the key, which it has been proved to have; of a certificate the one that is in it,
            since by that it is known.
        kind: what it was shown as: the name of an algorithm for host keys.

    Raises:
        ReachError: it is another one, or revoked.
    """
    if shown in far.revoked:
        advice = Advice('have new host keys made there (ssh-keygen -A), whoever may have the old')
        raise ReachError(Outcome.HOST_KEY, _REVOKED, advice=advice)
    if shown not in far.keys:
        raise unknown(far, (kind,), shown)


def unknown(far: SshTarget, kinds: Collection[str], shown: HostKey | None = None) -> OtherKeyError:
    """Return the error of a far end that shows no known key, and itself by these kinds only."""
    if kinds and all('-cert-' in kind for kind in kinds):
        advice = Advice('go with --reach juju; or let its sshd show its keys as well')
        return OtherKeyError(_CERTIFICATE, shown, advice)
    return OtherKeyError(far.changed, shown)


def as_told(error: ReachError, banner: str) -> ReachError:
    """Return the error of a login as the far side's banner tells it: why it lets nobody in."""
    refusal = refusal_in(banner)
    if refusal is None:
        return error
    return ReachError(refusal.outcome, refusal.message, advice=refusal.advice)


def hung_up(deadline: Deadline) -> ReachError:
    """Return the error of a far end that closed the connection before keys were agreed on."""
    error = broken('it closed the connection before it said anything (busy, or no sshd)')
    error.dropped = not deadline.passed
    return error


def broken(reason: str, completed: Completed = NOTHING, retryable: bool = True) -> ReachError:
    """Return the error of a connection that did not come about, or ended."""
    return ReachError(Outcome.UNREACHABLE, f'cannot reach it: {reason}', completed, retryable)


def silent() -> ReachError:
    """Return the error of a far end with which no keys were agreed on by the deadline."""
    return broken('it accepts connections but does not answer')


def host_key_kinds(names: Collection[str], far: SshTarget) -> tuple[str, ...]:
    """Return those of the names of algorithms that fit the far end's known host keys.

    Revoked ones last, so that one which shows nothing else is known by it.
    """
    known = [_of_kinds(names, keys) for keys in (far.keys, far.revoked)]
    return tuple(dict.fromkeys(kind for found in known for kind in found))


def _of_kinds(names: Collection[str], keys: Collection[HostKey]) -> tuple[str, ...]:
    kinds = {key.kind for key in keys}
    return tuple(
        name
        for name in names
        if name in kinds or (name.startswith('rsa-sha2-') and 'ssh-rsa' in kinds)
    )


@lru_cache
def modern(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the names of algorithms that are not old, ciphers that need no MAC first."""
    fine = (name for name in names if not any(old in name for old in _OLD))
    return tuple(sorted(fine, key=lambda name: '-gcm@' not in name))

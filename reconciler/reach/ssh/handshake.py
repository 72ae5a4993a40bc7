"""Agree on keys with a far end, and verify its host key; before anybody logs in."""

from __future__ import annotations

import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

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


class Handshake(paramiko.Transport):
    """A transport that keeps what the far end offers to show itself by."""

    offered: tuple[str, ...] = ()

    def _really_parse_kex_init(self, m: Any, ignore_first_byte: bool = False) -> Any:
        parsed = super()._really_parse_kex_init(m, ignore_first_byte)  # type: ignore[misc]
        # With the first byte it is theirs, without it is ours.
        if not ignore_first_byte:
            self.offered = tuple(parsed.get('server_key_algo_list', ()))
        return parsed


def make_transport(far: SshTarget) -> Handshake:
    """Return a transport that offers what is modern, and kinds of host keys that are known.

    Revoked ones last, so that one which shows nothing else is known by it.
    """
    transport = Handshake(far.sock, disabled_algorithms={'pubkeys': ['ssh-rsa']})
    transport.daemon = True
    options = transport.get_security_options()
    options.kex = _modern(options.kex)
    # paramiko checks the MAC of other ciphers' packets byte by byte, in Python.
    options.ciphers = _gcm_first(_modern(options.ciphers))
    options.digests = _modern(options.digests)
    kinds = _modern(options.key_types)
    known = [_of_kinds(kinds, keys) for keys in (far.keys, far.revoked)]
    options.key_types = tuple(dict.fromkeys(kind for found in known for kind in found))
    return transport


def _of_kinds(names: Collection[str], keys: Collection[HostKey]) -> tuple[str, ...]:
    kinds = {key.kind for key in keys}
    return tuple(
        name
        for name in names
        if name in kinds or (name.startswith('rsa-sha2-') and 'ssh-rsa' in kinds)
    )


@lru_cache
def _modern(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if not any(old in name for old in _OLD))


def _gcm_first(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: '-gcm@' not in name))


def shake_hands(transport: Handshake, far: SshTarget, deadline: Deadline) -> None:
    """Agree on keys, and verify the host's.

    Raises:
        ReachError: it shows another host key, or one that is revoked, or is not there in time.
    """
    try:
        transport.banner_timeout = max(0.1, deadline.remaining_seconds)
        transport.start_client(timeout=max(0.1, deadline.remaining_seconds))
    except IncompatiblePeer as error:
        if 'host key' in str(error):
            raise _unknown(far, transport.offered) from error
        raise broken(f'{error}: its sshd is too old', retryable=False) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        failed = broken(_in_words(error))
        hung_up = isinstance(error, (EOFError, OSError)) or 'banner' in str(error)
        failed.dropped = hung_up and not deadline.passed
        raise failed from error
    if not transport.initial_kex_done:
        raise broken('it accepts connections but does not answer')
    key = transport.get_remote_server_key()
    shown = HostKey(key.get_name(), key.asbytes())
    if shown in far.revoked:
        advice = Advice('have new host keys made there (ssh-keygen -A), whoever may have the old')
        raise ReachError(Outcome.HOST_KEY, _REVOKED, advice=advice)
    # Of a certificate that is its key, which it has been proved to have: by that it is known.
    if shown not in far.keys:
        raise _unknown(far, (transport.host_key_type or '',), shown)


def _unknown(
    far: SshTarget, kinds: Collection[str], shown: HostKey | None = None
) -> OtherKeyError:
    """Return the error of a far end that shows no known key, and itself by these kinds only."""
    if kinds and all('-cert-' in kind for kind in kinds):
        advice = Advice('go with --reach juju; or let its sshd show its keys as well')
        return OtherKeyError(_CERTIFICATE, shown, advice)
    return OtherKeyError(far.changed, shown)


def as_told(error: ReachError, transport: paramiko.Transport) -> ReachError:
    """Return the error of a login as the far side's banner tells it: why it lets nobody in."""
    # Not `get_banner`, which forgets it when the far side hangs up.
    banner = getattr(transport.auth_handler, 'banner', None) or b''
    refusal = refusal_in(banner.decode(errors='replace'))
    if refusal is None:
        return error
    return ReachError(refusal.outcome, refusal.message, advice=refusal.advice)


def _in_words(error: Exception) -> str:
    if isinstance(error, EOFError) or 'banner' in str(error):
        return 'it closed the connection before it said anything (busy, or no sshd)'
    return str(error) or 'the connection ended'


def broken(reason: str, completed: Completed = NOTHING, retryable: bool = True) -> ReachError:
    """Return the error of a connection that did not come about, or ended."""
    return ReachError(Outcome.UNREACHABLE, f'cannot reach it: {reason}', completed, retryable)

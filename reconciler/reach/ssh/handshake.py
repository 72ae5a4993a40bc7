"""Agree on keys with a far end, and verify its host key; before anybody logs in. With paramiko."""

from __future__ import annotations

from typing import Any

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from charm.kernel.deadline import Deadline

from .far_end import SshTarget, broken, host_key_kinds, hung_up, modern, silent, unknown, verify
from .hostkeys import HostKey


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
    """Return a transport that offers what is modern, and kinds of host keys that are known."""
    transport = Handshake(far.sock, disabled_algorithms={'pubkeys': ['ssh-rsa']})
    transport.daemon = True
    options = transport.get_security_options()
    options.kex = modern(options.kex)
    # GCM first: of other ciphers' packets paramiko compares the MAC byte by byte, in Python.
    options.ciphers = modern(options.ciphers)
    options.digests = modern(options.digests)
    options.key_types = host_key_kinds(modern(options.key_types), far)
    return transport


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
            raise unknown(far, transport.offered) from error
        raise broken(f'{error}: its sshd is too old', retryable=False) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        if isinstance(error, EOFError) or 'banner' in str(error):
            raise hung_up(deadline) from error
        failed = broken(str(error) or 'the connection ended')
        failed.dropped = isinstance(error, OSError) and not deadline.passed
        raise failed from error
    if not transport.initial_kex_done:
        raise silent()
    key = transport.get_remote_server_key()
    verify(far, HostKey(key.get_name(), key.asbytes()), transport.host_key_type or '')


def banner_of(transport: paramiko.Transport) -> str:
    """Return what the far side said before the login, even if it has hung up since."""
    # Not `get_banner`, which forgets it then.
    banner = getattr(transport.auth_handler, 'banner', None) or b''
    return str(banner.decode(errors='replace'))

"""A connection with asyncssh: keys are agreed on, the host's is verified, and we log in."""

from __future__ import annotations

import asyncio
import copy
import socket
from collections.abc import Awaitable
from functools import lru_cache

import asyncssh
from asyncssh import encryption, kex, mac, public_key
from asyncssh.constants import MSG_IGNORE, MSG_KEXINIT
from asyncssh.logging import SSHLogger
from asyncssh.packet import SSHPacket, SSHPacketLogger

from charm.kernel.deadline import Deadline

from ...base import ReachError
from ..dial import KEEPALIVE_SECONDS, CommandSocket
from ..far_end import SshTarget, as_told, broken, host_key_kinds, hung_up, modern, silent, unknown
from ..far_end import verify as verify_shown
from ..hostkeys import HostKey
from ..keyring import KeyOrder, ended_at_login
from .offers import Offers, OurKey

_CERTIFICATE = '-cert-v01@openssh.com'
_COOKIE_BYTES = 16
# What is left of a connection that did not come about is waited for, so that its socket is closed.
_CLOSING_SECONDS = 1.0


def _names(algorithms: list[bytes]) -> tuple[str, ...]:
    # Key exchange by Kerberos needs a host's name, and has its own idea of host keys.
    return modern(tuple(name.decode() for name in algorithms if not name.startswith(b'gss-')))


class _Silent(SSHLogger):
    """A logger that makes no texts: what is worth telling travels as an exception."""

    def get_child(self, child: str = '', context: str = '') -> SSHLogger:
        return self

    def log(self, level: int, msg: object, *args: object, **kwargs: object) -> None:
        pass

    def packet(
        self, pktid: int | None, packet: bytes, msg: str, *args: object, **kwargs: object
    ) -> None:
        pass

    def info(self, msg: object, *args: object, **kwargs: object) -> None:
        pass

    debug1 = debug2 = info


_SILENT = _Silent()


class Connection(asyncssh.SSHClientConnection):
    """A connection that is known by the host key in what the far end shows, and by nothing else.

    It leaves out what costs a sixth of a login: texts for a log, and empty packets between others
    that would hide the latter from an attack on CBC, which is not spoken here.

    Attributes:
        far: the far end.
        kinds: the kinds of host keys that it may show.
        verified: whether it has shown a key of its own.
    """

    far: SshTarget
    kinds: tuple[str, ...]
    verified = False
    logger = _SILENT

    def log_sent_packet(self, *told: object) -> None:
        """Log nothing."""

    def log_received_packet(self, *told: object) -> None:
        """Log nothing."""

    def send_packet(
        self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None
    ) -> None:
        """Send a packet, but for those that say nothing."""
        if pkttype != MSG_IGNORE:
            super().send_packet(pkttype, *args, handler=handler)

    def process_packet(
        self, pkttype: int, pktid: int, packet: SSHPacket
    ) -> bool | Awaitable[None]:
        """Do as a packet says; but first see whether there is a host key to agree on.

        Raises:
            ReachError: there is none. asyncssh itself leaves that to the far end, which hangs up.
        """
        if pkttype == MSG_KEXINIT:
            offered = _host_keys_in(packet.get_full_payload())
            if not set(offered) & set(self.kinds):
                raise unknown(self.far, offered)
        return super().process_packet(pkttype, pktid, packet)

    def validate_server_host_key(self, key_data: bytes) -> asyncssh.SSHKey:
        """Return the host key that was shown.

        Raises:
            ReachError: it is none of the far end's.
        """
        try:
            certificate = public_key.decode_ssh_certificate(key_data)
        except asyncssh.KeyImportError:
            key, kind = public_key.decode_ssh_public_key(key_data), ''
        else:
            key, kind = certificate.key, certificate.algorithm.decode()
        verify_shown(self.far, HostKey(key.algorithm.decode(), key.public_data), kind)
        self.verified = True
        return key


def _host_keys_in(kexinit: bytes) -> list[str]:
    """Return the kinds of host keys that a far end offers (RFC 4253, section 7.1)."""
    packet = SSHPacket(kexinit)
    packet.get_byte()
    packet.get_bytes(_COOKIE_BYTES)
    packet.get_namelist()
    return [name.decode(errors='replace') for name in packet.get_namelist()]


@lru_cache
def _options(
    user: str, kinds: tuple[str, ...], keepalive_seconds: int
) -> asyncssh.SSHClientConnectionOptions:
    """Return the options of connections; to make them costs as much as a login."""
    return asyncssh.SSHClientConnectionOptions(
        config=None,
        host='the far end',
        username=user,
        client_keys=None,
        agent_path=None,
        preferred_auth='publickey',
        # Whatever is not verified by ourselves is refused.
        known_hosts=([], [], []),
        server_host_key_algs=kinds,
        kex_algs=_names(kex.get_default_kex_algs()),
        encryption_algs=_names(encryption.get_default_encryption_algs()),
        mac_algs=_names(mac.get_default_mac_algs()),
        compression_algs=['none'],
        signature_algs=_names(public_key.get_public_key_algs()),
        gss_host=None,
        login_timeout=0,
        keepalive_interval=keepalive_seconds,
        encoding=None,
    )


def _kinds(far: SshTarget) -> tuple[str, ...]:
    """Return what the far end may show itself by; certificates last."""
    plain = host_key_kinds(_names(public_key.get_public_key_algs()), far)
    every = {name.decode() for name in public_key.get_certificate_algs()}
    return (*plain, *(name for kind in plain if (name := kind + _CERTIFICATE) in every))


async def connect(far: SshTarget, order: KeyOrder[OurKey], deadline: Deadline) -> Connection:
    """Return a connection that is logged in.

    Raises:
        ReachError: see `SshClient.connect`.
    """
    loop = asyncio.get_running_loop()
    offers = Offers(far, order)
    through = isinstance(far.sock, CommandSocket)
    # The kernel keeps the others alive, which costs nothing.
    kinds = _kinds(far)
    shared = _options(far.login.user, kinds, KEEPALIVE_SECONDS if through else 0)
    options = copy.copy(shared)
    options.protocol_factory = lambda: offers
    options.waiter = loop.create_future()

    def make() -> Connection:
        made = Connection(loop, options, wait='auth')
        made.far, made.kinds = far, kinds
        return made

    _, made = await loop.create_connection(make, sock=_own(far.sock))
    try:
        await asyncio.wait_for(options.waiter, deadline.remaining_seconds)
        if not made.verified:
            raise silent()
        return made
    except BaseException as error:
        made.abort()
        if not isinstance(error, Exception):
            raise
        await asyncio.wait({asyncio.ensure_future(made.wait_closed())}, timeout=_CLOSING_SECONDS)
        told = _told(error, made, offers, deadline)
        raise as_told(told, offers.banner) from error
    finally:
        offers.close()


def _own(sock: socket.socket) -> socket.socket:
    """Return the socket for the loop to close, and nobody else.

    Whoever gives a connection up closes what he dialled, and its number may be another's before
    the loop has let go of it. Of a command's it is a copy, since to close that ends the command,
    which may take a moment, and all other connections would have to wait.
    """
    if isinstance(sock, CommandSocket):
        return sock.dup()
    return socket.socket(sock.family, sock.type, sock.proto, sock.detach())


def _told(error: Exception, made: Connection, offers: Offers, deadline: Deadline) -> ReachError:
    """Return what kept a connection from coming about.

    Whatever a far side sends, and whatever asyncssh makes of that, costs itself alone.
    """
    if isinstance(error, ReachError):
        return error
    if not made.verified:
        return _before_login(error, deadline)
    if isinstance(error, asyncssh.PermissionDenied):
        return offers.refused()
    if deadline.passed or isinstance(error, asyncio.TimeoutError):
        return ended_at_login()
    return offers.ended()


def _before_login(error: Exception, deadline: Deadline) -> ReachError:
    if isinstance(error, asyncio.TimeoutError):
        return silent()
    if isinstance(error, (asyncssh.ConnectionLost, OSError)):
        return hung_up(deadline)
    if isinstance(error, asyncssh.KeyExchangeFailed) and 'No matching' in error.reason:
        return broken(f'{error.reason}: its sshd is too old', retryable=False)
    return broken(str(error) or type(error).__name__)

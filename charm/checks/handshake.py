"""One TLS handshake, and all that the server shows in it, even if it comes to nothing."""

from __future__ import annotations

import socket

from ..kernel.deadline import Deadline
from ..kernel.facts import dataclass, field
from ..kernel.hints import Any, List, Tuple
from ..kernel.names import host_bytes
from . import chain
from .sockets import NoAnswer, bounded

# RFC 8446: what kinds of records and messages are, and what versions are called.
_ALERT, _HANDSHAKE = 21, 22
_CERTIFICATE, _CERTIFICATE_REQUEST = 11, 13
_HEADER_BYTES = 4
_TLS_1_2, _TLS_1_3 = 0x0303, 0x0304
_VERSIONS = {0x0300: 'SSLv3', 0x0301: 'TLSv1', 0x0302: 'TLSv1.1'}
_VERSIONS.update({_TLS_1_2: 'TLSv1.2', _TLS_1_3: 'TLSv1.3'})


@dataclass(frozen=True)
class Handshake:
    """What a server showed.

    Attributes:
        certificates: in DER, its own first.
        whole: whether these are all that it sent, or its own alone.
        protocol: such as `TLSv1.2`; empty if it did not come to that.
        outdated: whether that protocol is one that nobody should speak any more (RFC 8996).
        asks: whether it asks for a certificate of ours.
        refusal: why one of us did not go on; empty if it went well.
        distrusted: whether it was us, since its certificate is not to be trusted.
        usual: what our usual settings were refused for, if it took weaker ones to get there.
    """

    certificates: Tuple[bytes, ...]
    whole: bool = True
    protocol: str = ''
    outdated: bool = False
    asks: bool = False
    refusal: str = ''
    distrusted: bool = False
    usual: str = ''


@dataclass
class _Witness:
    """What goes over the wire, decrypted: OpenSSL tells it message by message."""

    certificates: List[bytes] = field(default_factory=list)
    version: int = 0
    asks: bool = False
    speaks: bool = False

    def __call__(
        self, _connection: Any, way: str, version: int, record: int, kind: int, data: bytes
    ) -> None:
        if way != 'read' or record not in (_ALERT, _HANDSHAKE):
            return
        self.speaks = True
        if record == _HANDSHAKE and kind == _CERTIFICATE:
            self.version = int(version)
            self.certificates += chain.read_message(data[_HEADER_BYTES:], version == _TLS_1_3)
        elif record == _HANDSHAKE and kind == _CERTIFICATE_REQUEST:
            self.asks = True


def shake(raw: socket.socket, name: str, context: Any, deadline: Deadline) -> Handshake:
    """Do the handshake on a connection, which is closed, and return what was shown.

    Raises:
        NoAnswer, socket.timeout: it did not end in time; or nobody can be asked by that name.
    """
    import ssl  # Here, as it costs a third of our start.

    witness, own = _Witness(), b''
    refusal, distrusted = '', False
    # Python has no other way to see the chain before 3.13, and later none if the handshake fails.
    context._msg_callback = witness
    bounded(deadline, raw)
    try:
        with context.wrap_socket(raw, server_hostname=host_bytes(name)) as secured:
            own = secured.getpeercert(binary_form=True) or b''
    except ssl.SSLCertVerificationError as error:
        refusal, distrusted = error.verify_message, True
    except (ssl.SSLError, ssl.CertificateError, ConnectionError) as error:
        reason = getattr(error, 'reason', None) or getattr(error, 'strerror', None) or str(error)
        common = 'it and OpenSSL here have no TLS in common'
        refusal = f'{common if witness.speaks else "no TLS there"}: {reason}'
    except ValueError as error:
        raise NoAnswer(f'TLS has no way to ask for {name!r}: {error}') from error
    seen = tuple(witness.certificates)
    return Handshake(
        seen or ((own,) if own else ()),
        bool(seen),
        _VERSIONS.get(witness.version, ''),
        0 < witness.version < _TLS_1_2,
        witness.asks,
        refusal,
        distrusted,
    )

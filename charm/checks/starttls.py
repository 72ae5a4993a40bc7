"""How a server that speaks its own protocol first is asked for TLS, before the handshake."""

from __future__ import annotations

import io

from ..kernel.hints import Callable, List, Mapping, NoReturn, Tuple
from .sockets import BoundedSocket, NoAnswer

_MOST_LINE = 8192
_MOST_LINES = 200
# PostgreSQL's SSLRequest: its length, and a number that is no version ("Message Formats").
_POSTGRES_REQUEST = (8).to_bytes(4, 'big') + (80877103).to_bytes(4, 'big')
# MySQL's "Capabilities Flags": PROTOCOL_41, SSL, SECURE_CONNECTION.
_MYSQL_SSL = 0x0800
_MYSQL_CAPABILITIES = 0x0200 | _MYSQL_SSL | 0x8000
_MYSQL_MOST_PACKET = 1 << 24
_MYSQL_UTF8 = 33
# LDAP's ExtendedRequest (RFC 4511, 4.12) for StartTLS (4.14.1), as message 1.
_LDAP_STARTTLS = b'1.3.6.1.4.1.1466.20037'
_LDAP_REQUEST = b'\x30\x1d\x02\x01\x01\x77\x18\x80\x16' + _LDAP_STARTTLS


def _smtp(connection: BoundedSocket, stream: io.BufferedReader) -> None:
    """Ask as RFC 3207 has it: whoever greets us is greeted, and says what it can."""
    _smtp_reply(stream, '220')
    connection.sendall(f'EHLO {_literal(connection.own_address)}\r\n'.encode())
    offered = [line.partition(' ')[0].upper() for line in _smtp_reply(stream, '250')]
    if 'STARTTLS' not in offered:
        _offers_none()
    connection.sendall(b'STARTTLS\r\n')
    _smtp_reply(stream, '220')


def _literal(address: str) -> str:
    """Return how a client says who it is that has no name which a server could look up.

    Many refuse a name without a dot, or one that does not resolve (RFC 5321, 4.1.3 and 4.1.4).
    """
    return f'[IPv6:{address}]' if ':' in address else f'[{address}]'


def _smtp_reply(stream: io.BufferedReader, wanted: str) -> Tuple[str, ...]:
    """Return the lines of a reply, without its code (RFC 5321, 4.2.1)."""
    lines: List[str] = []
    for _count in range(_MOST_LINES):
        line = _line(stream)
        lines.append(line[4:])
        if line[3:4] != '-':
            if line[:3] != wanted:
                raise NoAnswer(f'it answers {line[:100]!r} where {wanted} belongs')
            return tuple(lines)
    raise NoAnswer('its reply has too many lines')


def _imap(connection: BoundedSocket, stream: io.BufferedReader) -> None:
    """Ask as RFC 9051, 6.2.1 has it."""
    greeting = _line(stream)
    if not greeting.upper().startswith('* OK'):
        raise NoAnswer(f'it greets with {greeting[:100]!r}')
    connection.sendall(b'a CAPABILITY\r\n')
    offered = ' '.join(_imap_reply(stream, 'a')).upper().split()
    if 'STARTTLS' not in offered:
        _offers_none()
    connection.sendall(b'b STARTTLS\r\n')
    _imap_reply(stream, 'b')


def _imap_reply(stream: io.BufferedReader, tag: str) -> Tuple[str, ...]:
    lines: List[str] = []
    for _count in range(_MOST_LINES):
        line = _line(stream)
        if line.startswith(f'{tag} '):
            if line[len(tag) + 1 :].partition(' ')[0].upper() != 'OK':
                raise NoAnswer(f'it answers {line[:100]!r}')
            return tuple(lines)
        lines.append(line)
    raise NoAnswer('its reply has too many lines')


def _pop3(connection: BoundedSocket, stream: io.BufferedReader) -> None:
    """Ask as RFC 2595, 4 has it; a server need not say what it can, so it is just asked."""
    greeting = _line(stream)
    if not greeting.startswith('+OK'):
        raise NoAnswer(f'it greets with {greeting[:100]!r}')
    connection.sendall(b'STLS\r\n')
    reply = _line(stream)
    if not reply.startswith('+OK'):
        _offers_none(reply)


def _postgres(connection: BoundedSocket, stream: io.BufferedReader) -> None:
    """Ask as the protocol's "SSL Session Encryption" has it: `S` is yes, `N` is no."""
    connection.sendall(_POSTGRES_REQUEST)
    reply = _exactly(stream, 1)
    if reply == b'N':
        _offers_none()
    if reply != b'S':
        raise NoAnswer(f'it answers {reply!r}, not as PostgreSQL does')


def _mysql(connection: BoundedSocket, stream: io.BufferedReader) -> None:
    """Ask as the protocol's "Connection Phase" has it: a HandshakeV10, then an SSLRequest."""
    length = int.from_bytes(_exactly(stream, 4)[:3], 'little')
    greeting = _exactly(stream, min(length, _MOST_LINE))
    if greeting[:1] == b'\xff':
        reason = greeting[3:103].decode('utf-8', 'replace')
        raise NoAnswer(f'it refuses: {reason}')
    # After the version's text: thread (4), salt (8), a filler (1); then the lower capabilities.
    at = greeting.find(b'\0') + 1 + 13
    if greeting[:1] != b'\x0a' or len(greeting) < at + 2:
        raise NoAnswer(f'it greets with {greeting[:20]!r}, not as MySQL does')
    if not int.from_bytes(greeting[at : at + 2], 'little') & _MYSQL_SSL:
        _offers_none()
    request = _MYSQL_CAPABILITIES.to_bytes(4, 'little') + _MYSQL_MOST_PACKET.to_bytes(4, 'little')
    request += bytes([_MYSQL_UTF8]) + bytes(23)
    connection.sendall(len(request).to_bytes(3, 'little') + b'\x01' + request)


def _ldap(connection: BoundedSocket, stream: io.BufferedReader) -> None:
    """Ask as RFC 4511, 4.14 has it: the answer has result code 0, or says why not."""
    connection.sendall(_LDAP_REQUEST)
    tag, length = _exactly(stream, 2)
    if length & 0x80:
        length = int.from_bytes(_exactly(stream, length & 0x7F), 'big')
    if tag != 0x30 or length > _MOST_LINE:
        raise NoAnswer('it does not answer as LDAP does')
    # The message's number, the response (0x78) and its length; then resultCode, an ENUMERATED.
    code = _exactly(stream, length).partition(b'\x0a\x01')[2][:1]
    if code != b'\0':
        _offers_none(f'result code {code[0]}' if code else 'no result code')


def _line(stream: io.BufferedReader) -> str:
    line = stream.readline(_MOST_LINE)
    if not line.endswith(b'\n'):
        raise NoAnswer('it hung up' if len(line) < _MOST_LINE else 'it sends no lines')
    return line.decode('utf-8', 'replace').rstrip('\r\n')


def _exactly(stream: io.BufferedReader, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise NoAnswer('it hung up')
    return data


def _offers_none(said: str = '') -> NoReturn:
    raise NoAnswer(f'it offers no STARTTLS{f": {said[:100]!r}" if said else ""}')


# By the name of each protocol: its port, and how it is asked.
PROTOCOLS: Mapping[str, Tuple[int, Callable[[BoundedSocket, io.BufferedReader], None]]] = {
    'smtp': (25, _smtp),
    'imap': (143, _imap),
    'pop3': (110, _pop3),
    'postgres': (5432, _postgres),
    'mysql': (3306, _mysql),
    'ldap': (389, _ldap),
}


def ask_for_tls(protocol: str, connection: BoundedSocket) -> None:
    """Bring a fresh connection to where the handshake begins.

    Raises:
        NoAnswer: the server offers no TLS, or does not speak the protocol; or it overran.
    """
    PROTOCOLS[protocol][1](connection, connection.makefile())

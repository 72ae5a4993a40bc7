"""A strict look into an X.509 certificate for its names and validity, so that any can be read.

The ssl module decodes a certificate only after it has verified it; an expired or self-signed one
is just what we want to look at. DER is read as X.690 has it, the certificate as RFC 5280 does.
"""

from __future__ import annotations

from datetime import datetime, timezone

from ..kernel.facts import dataclass
from ..kernel.hints import Dict, Iterator, Tuple
from ..kernel.safe_text import clean

_SEQUENCE = 0x30
_SET = 0x31
_OBJECT_IDENTIFIER = 0x06
_BMP_STRING = 0x1E
_INTEGER = 0x02
_VERSION = 0xA0
_BOOLEAN = 0x01
_OCTET_STRING = 0x04
_UNIQUE_IDS = (0x81, 0x82)
_EXTENSIONS = 0xA3
_KEY_OF_AUTHORITY = 0x80
_KEY_ID = b'\x55\x1d\x0e'
_AUTHORITY_KEY_ID = b'\x55\x1d\x23'
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18
# What people call a certificate: its common name, else its unit, else its organisation (X.520).
_NAMING = (b'\x55\x04\x03', b'\x55\x04\x0b', b'\x55\x04\x0a')
_MOST_NAME = 100

Name = Tuple[Tuple[bytes, str], ...]


class DerError(ValueError):
    """The bytes are not a certificate."""


@dataclass(frozen=True)
class Certificate:
    """What a certificate says of itself.

    Attributes:
        der: its bytes.
        subject, issuer: each part of the name as kind and text.
        not_before, not_after: from when until when it is good (UTC).
        key_id, issuer_key_id: what its key, and that of its issuer, is told by; empty if unsaid.
    """

    der: bytes
    subject: Name
    issuer: Name
    not_before: datetime
    not_after: datetime
    key_id: bytes = b''
    issuer_key_id: bytes = b''

    @property
    def name(self) -> str:
        """Return what people call it, safe to print; empty if it has no such name."""
        parts = dict(self.subject)
        texts = (parts[kind] for kind in _NAMING if kind in parts)
        return clean(next(texts, ''), _MOST_NAME)

    @property
    def self_issued(self) -> bool:
        """Return whether it names itself as its issuer, as roots do."""
        return self.subject == self.issuer

    def issued_by(self, other: Certificate) -> bool:
        """Return whether it names `other` as its issuer, with its key where both name that.

        Case and blanks do not count, as in OpenSSL (`X509_NAME_cmp`, `X509_check_akid`). An
        authority may have had several keys under one name.
        """
        keys = self.issuer_key_id, other.key_id
        same_key = not all(keys) or keys[0] == keys[1]
        return same_key and _canonical(self.issuer) == _canonical(other.subject)


def read_certificate(certificate: bytes) -> Certificate:
    """Return what a certificate in DER says.

    Raises:
        DerError: the bytes are not a certificate.
    """
    body, rest = _take(certificate, _SEQUENCE)
    if rest:
        raise DerError('bytes follow the certificate')
    body, _signature = _take(body, _SEQUENCE)
    if body[:1] == bytes([_VERSION]):
        _version, body = _take(body, _VERSION)
    _serial, body = _take(body, _INTEGER)
    _algorithm, body = _take(body, _SEQUENCE)
    issuer, body = _take(body, _SEQUENCE)
    validity, body = _take(body, _SEQUENCE)
    subject, body = _take(body, _SEQUENCE)
    not_before, validity = _take_time(validity)
    not_after, validity = _take_time(validity)
    if validity:
        raise DerError('bytes follow the validity')
    names = tuple(_name_parts(subject)), tuple(_name_parts(issuer))
    return Certificate(certificate, *names, not_before, not_after, *_key_ids(body))


def _key_ids(body: bytes) -> Tuple[bytes, bytes]:
    """Return the subject's and the authority's key identifier (RFC 5280, 4.2.1.1 and 4.2.1.2).

    Args:
        body: what follows the subject. Where its extensions cannot be read, neither is said.
    """
    found: Dict[bytes, bytes] = {}
    try:
        _key, body = _take(body, _SEQUENCE)
        while body and body[0] in _UNIQUE_IDS:
            _unique, body = _take(body, body[0])
        extensions = _take(_take(body, _EXTENSIONS)[0], _SEQUENCE)[0] if body else b''
        while extensions:
            extension, extensions = _take(extensions, _SEQUENCE)
            kind, value = _take(extension, _OBJECT_IDENTIFIER)
            if value[:1] == bytes([_BOOLEAN]):
                _critical, value = _take(value, _BOOLEAN)
            found[kind] = _take(value, _OCTET_STRING)[0]
        own = _take(found[_KEY_ID], _OCTET_STRING)[0] if _KEY_ID in found else b''
        named = found.get(_AUTHORITY_KEY_ID)
        authority = _take(named, _SEQUENCE)[0] if named else b''
        has_key = authority[:1] == bytes([_KEY_OF_AUTHORITY])
        return own, _take(authority, _KEY_OF_AUTHORITY)[0] if has_key else b''
    except DerError:
        return b'', b''


def _name_parts(name: bytes) -> Iterator[Tuple[bytes, str]]:
    """Yield each attribute of a name: its identifier, and its text."""
    while name:
        attributes, name = _take(name, _SET)
        while attributes:
            attribute, attributes = _take(attributes, _SEQUENCE)
            kind, value = _take(attribute, _OBJECT_IDENTIFIER)
            tag, text, _rest = _element(value)
            encoding = 'utf-16-be' if tag == _BMP_STRING else 'utf-8'
            yield kind, text.decode(encoding, 'backslashreplace')


def _canonical(name: Name) -> Name:
    return tuple((kind, ' '.join(text.casefold().split())) for kind, text in name)


def _take(data: bytes, tag: int) -> Tuple[bytes, bytes]:
    """Return the contents of the element at the start of `data`, and what follows it."""
    found, content, rest = _element(data)
    if found != tag:
        raise DerError(f'element {found:#04x} where {tag:#04x} belongs')
    return content, rest


def _element(data: bytes) -> Tuple[int, bytes, bytes]:
    """Return the tag and the contents of the element at the start, and what follows it."""
    if len(data) < 2:
        raise DerError('it ends too early')
    length, start = data[1], 2
    if length >= 0x80:
        count = length & 0x7F
        start += count
        # 0x80 is the indefinite form, which DER does not have.
        if not 1 <= count <= 4 or len(data) < start:
            raise DerError('a length is not DER')
        length = int.from_bytes(data[2:start], 'big')
        if length < 0x80 or data[2] == 0:
            raise DerError('a length is longer than it need be')
    if len(data) < start + length:
        raise DerError('it ends too early')
    return data[0], data[start : start + length], data[start + length :]


def _take_time(data: bytes) -> Tuple[datetime, bytes]:
    tag = data[0] if data else 0
    if tag not in (_UTC_TIME, _GENERALIZED_TIME):
        raise DerError('a time is missing')
    content, rest = _take(data, tag)
    digits = content[:-1].decode('ascii', 'replace')
    wanted = 12 if tag == _UTC_TIME else 14
    if (
        content[-1:] != b'Z'
        or len(digits) != wanted
        or not (digits.isascii() and digits.isdigit())
    ):
        raise DerError(f'{content[:20]!r} is not a time')
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: years from 50 on are of the twentieth century.
        digits = ('19' if digits >= '50' else '20') + digits
    try:
        moment = datetime.strptime(digits, '%Y%m%d%H%M%S')  # noqa: DTZ007 - made aware below
    except ValueError as error:
        raise DerError(f'{digits} is not a time') from error
    return moment.replace(tzinfo=timezone.utc), rest

"""A strict look into an X.509 certificate for its validity, so that any certificate can be read.

The ssl module decodes a certificate only after it has verified it; an expired or self-signed one
is just what we want to look at. DER is read as X.690 has it, the certificate as RFC 5280 does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Tuple

_SEQUENCE = 0x30
_INTEGER = 0x02
_VERSION = 0xA0
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18


class DerError(ValueError):
    """The bytes are not a certificate."""


@dataclass(frozen=True)
class Validity:
    """From when until when a certificate is good (UTC)."""

    not_before: datetime
    not_after: datetime


def read_validity(certificate: bytes) -> Validity:
    """Return the validity of a certificate in DER.

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
    _issuer, body = _take(body, _SEQUENCE)
    validity, _rest = _take(body, _SEQUENCE)
    not_before, validity = _take_time(validity)
    not_after, validity = _take_time(validity)
    if validity:
        raise DerError('bytes follow the validity')
    return Validity(not_before, not_after)


def _take(data: bytes, tag: int) -> Tuple[bytes, bytes]:
    """Return the contents of the element at the start of `data`, and what follows it."""
    if len(data) < 2:
        raise DerError('it ends too early')
    if data[0] != tag:
        raise DerError(f'element {data[0]:#04x} where {tag:#04x} belongs')
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
    return data[start : start + length], data[start + length :]


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

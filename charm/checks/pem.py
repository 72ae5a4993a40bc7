"""Certificates in PEM, out of a file."""

from __future__ import annotations

import binascii
from pathlib import Path

from ..kernel.errors import CheckError
from ..kernel.hints import Iterator, Tuple

_BEGIN, _END = b'-----BEGIN CERTIFICATE-----', b'-----END CERTIFICATE-----'
_MOST_BYTES = 1024 * 1024


def read_pem(path: Path) -> Tuple[bytes, ...]:
    """Return the certificates in the file, in DER.

    Raises:
        CheckError: it cannot be read, or holds none.
    """
    try:
        with path.open('rb') as stream:
            data = stream.read(_MOST_BYTES)
    except FileNotFoundError as error:
        raise CheckError(f'cannot read {path}: it does not exist') from error
    except OSError as error:
        raise CheckError(f'cannot read {path}: {error.strerror}') from error
    try:
        found = tuple(binascii.a2b_base64(block) for block in _blocks(data))
    except binascii.Error as error:
        raise CheckError(f'cannot read {path}: {error}') from error
    if not found:
        raise CheckError(f'cannot read {path}: it holds no certificate in PEM')
    return found


def _blocks(data: bytes) -> Iterator[bytes]:
    """Yield what stands between each begin of a certificate in PEM and the end after it."""
    begin = data.find(_BEGIN)
    end = data.find(_END, begin)
    while 0 <= begin < end:
        yield data[begin + len(_BEGIN) : end]
        begin = data.find(_BEGIN, end)
        end = data.find(_END, begin)

"""The public halves of keys, by which those of the ssh agent are known that a file names."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path

_BEGINS, _ENDS = '-----BEGIN OPENSSH PRIVATE KEY-----', '-----END OPENSSH PRIVATE KEY-----'
_MAGIC = b'openssh-key-v1\0'
_MOST_BYTES = 1024 * 1024


def public_halves(path: Path) -> tuple[bytes, ...]:
    """Return the public halves that ssh looks for beside and in an IdentityFile, as blobs.

    That is the file itself, which may be a public key, or a private one that has its public half
    in the clear; `FILE.pub`; and the certificate in `FILE-cert.pub`.
    """
    names = [path.name, f'{path.name}.pub', f'{path.name}-cert.pub']
    if path.suffix == '.pub':
        names.append(f'{path.stem}-cert.pub')
    beside = [path.with_name(name) for name in names]
    return tuple(dict.fromkeys(blob for place in beside for blob in _blobs(place)))


def _blobs(path: Path) -> Iterator[bytes]:
    try:
        with path.open(encoding='ascii', errors='replace') as file:
            text = file.read(_MOST_BYTES)
    except (OSError, ValueError):
        return
    if text.startswith(_BEGINS):
        inner = _decoded(''.join(text.removeprefix(_BEGINS).partition(_ENDS)[0].split()))
        yield from _in_private(inner)
        return
    for line in text.split('\n'):
        words = line.split()
        blob = _decoded(words[1]) if len(words) > 1 else b''
        if blob:
            yield blob
            return


def _in_private(data: bytes) -> Iterator[bytes]:
    """Yield the public half in a private key of OpenSSH's format (PROTOCOL.key)."""
    if not data.startswith(_MAGIC):
        return
    rest = data[len(_MAGIC) :]
    for _ in ('ciphername', 'kdfname', 'kdfoptions'):
        rest = _string(rest)[1]
    yield _string(rest[4:])[0]


def _string(data: bytes) -> tuple[bytes, bytes]:
    """Return the string that the data begins with (RFC 4251, section 5), and what follows."""
    end = 4 + int.from_bytes(data[:4], 'big')
    return data[4:end], data[end:]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b''

"""A body as text: unpacked by its Content-Encoding, read by its charset.

The charset is looked for as browsers do (WHATWG, "Determining the character encoding"): a byte
order mark, the Content-Type, then what the document's beginning says of itself. What is said and
is none is as if it were not said.
"""

from __future__ import annotations

import codecs
import re

from ..kernel.hints import Tuple
from ..kernel.pattern import pattern
from .charsets import codec_of
from .sockets import NoAnswer

_MARKS = (
    (codecs.BOM_UTF8, 'utf-8'),
    (codecs.BOM_UTF16_LE, 'utf-16-le'),
    (codecs.BOM_UTF16_BE, 'utf-16-be'),
)
_PARAMETER = pattern(r'charset\s*=\s*["\']?([\w.:-]+)', re.IGNORECASE)
_DECLARED = pattern(
    rb'<(?:meta\b[^<>]*?\bcharset|\?xml\b[^<>]*?\bencoding)\s*=\s*["\']?([\w.:-]+)', re.IGNORECASE
)
_BEGINNING_BYTES = 1024
_WIDE = ('utf-16', 'utf-32')
# Ways to pack (IANA, "HTTP Content Coding Registry", and some of old) that are not undone here.
_PACKED = (
    *('br', 'zstd', 'dcb', 'dcz', 'compress', 'x-compress', 'exi', 'aes128gcm', 'pack200-gzip'),
    *('bzip2', 'x-bzip2', 'xz', 'lzma', 'lz4', 'snappy', 'sdch'),
)
# As gzip or zlib, whichever it is; and without a header, as some send `deflate`.
_EITHER, _BARE = 47, -15
_GZIP = b'\x1f\x8b'


class NotLookedAt(Exception):
    """The body cannot be read here, which says nothing about it; `str()` says what it is."""


def text_of(
    body: bytes, truncated: bool, coding: str, content_type: str, maximum_bytes: int
) -> Tuple[str, bool]:
    """Return the text of a body, and whether that is cut.

    Args:
        body: as it came.
        truncated: whether it was cut.
        coding: the header Content-Encoding.
        content_type: the header Content-Type.
        maximum_bytes: no more is unpacked.

    Raises:
        NotLookedAt: it is packed in a way that cannot be undone here.
        NoAnswer: it is not what it says it is.
    """
    for name in reversed([word.strip().lower() for word in coding.split(',')]):
        if name in ('gzip', 'x-gzip', 'deflate'):
            body, more = _unpacked(body, name, truncated, maximum_bytes)
            truncated = truncated or more
        elif name in _PACKED:
            raise NotLookedAt(f'its body is packed as {name!r}')
        # Any other is none, as `none`, `UTF-8` or S3's `aws-chunked`; browsers pass it over too.
    return _decoded(body, content_type, truncated), truncated


def _unpacked(body: bytes, name: str, truncated: bool, most: int) -> Tuple[bytes, bool]:
    """Return what was packed, and whether that is not all."""
    import zlib

    try:
        return _inflated(body, _EITHER, truncated, most)
    except zlib.error as error:
        if name != 'deflate':
            raise NoAnswer(f'the body is not the {name} that it says it is') from error
    try:
        return _inflated(body, _BARE, truncated, most)
    except zlib.error as error:
        raise NoAnswer(f'the body is not the {name} that it says it is') from error


def _inflated(body: bytes, form: int, truncated: bool, most: int) -> Tuple[bytes, bool]:
    import zlib

    found, rest = b'', body
    # gzip may be several, one after another (RFC 1952, 2.2).
    while rest and len(found) <= most:
        member = zlib.decompressobj(form)
        found += member.decompress(rest, most + 1 - len(found))
        if not member.eof and len(found) <= most and not truncated:
            raise NoAnswer('the packed body breaks off')
        # What else follows is left alone by gzip(1), browsers and curl.
        rest = member.unused_data if member.unused_data.startswith(_GZIP) else b''
    return found[:most], len(found) > most


def _decoded(body: bytes, content_type: str, truncated: bool) -> str:
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, 'replace')
    codec = _codec(body, content_type)
    if codec:
        return body.decode(codec, 'replace')
    try:
        return codecs.getincrementaldecoder('utf-8')().decode(body, not truncated)
    except UnicodeDecodeError:
        # Nobody says; browsers take it for this in most of the world.
        return body.decode('cp1252', 'replace')


def _codec(body: bytes, content_type: str) -> str:
    """Return the codec of the first charset that is one of those said; empty if none is."""
    for said in _PARAMETER.finditer(content_type):
        codec = codec_of(said[1])
        # There is no blank, no line's end and no mark-up in UTF-16 without a byte of zero.
        if codec and (b'\0' in body or not codec.startswith(_WIDE)):
            return codec
    for declared in _DECLARED.finditer(body[:_BEGINNING_BYTES]):
        codec = codec_of(declared[1].decode())
        if codec:
            # What can be read as ASCII so far is not it (WHATWG, "prescan a byte stream").
            return 'utf-8' if codec.startswith(_WIDE) else codec
    return ''

"""A body as text: unpacked by its Content-Encoding, read by its charset.

The charset is looked for as browsers do (WHATWG, "Determining the character encoding"): a byte
order mark, the Content-Type, then what the document's beginning says of itself.
"""

from __future__ import annotations

import codecs
import re
from typing import Optional, Tuple

from .sockets import NoAnswer

_MARKS = (
    (codecs.BOM_UTF8, 'utf-8'),
    (codecs.BOM_UTF16_LE, 'utf-16-le'),
    (codecs.BOM_UTF16_BE, 'utf-16-be'),
)
_PARAMETER = re.compile(r'charset=["\']?([\w.:-]+)', re.IGNORECASE)
_DECLARED = re.compile(
    rb'<(?:meta\b[^<>]*?\bcharset|\?xml\b[^<>]*?\bencoding)\s*=\s*["\']?([\w.:-]+)', re.IGNORECASE
)
_BEGINNING_BYTES = 1024
# What Python knows beside these is no charset of the web, or takes ages (`punycode`).
_FAMILIES = ('utf', 'iso8859', 'cp', 'koi8', 'mac-', 'gb', 'big5', 'euc', 'iso2022', 'shift')
# Browsers read both as Windows-1252, which has letters where they have none (WHATWG, "Names").
_WINDOWS = {'iso8859-1': 'cp1252', 'ascii': 'cp1252'}
# As gzip or zlib, whichever it is; and without a header, as some send `deflate`.
_EITHER, _BARE = 47, -15


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
        NotLookedAt: it is packed or written in a way that cannot be read here.
        NoAnswer: it is not what it says it is.
    """
    for name in reversed([word.strip().lower() for word in coding.split(',')]):
        if name in ('gzip', 'x-gzip', 'deflate'):
            body, more = _unpacked(body, name, truncated, maximum_bytes)
            truncated = truncated or more
        elif name not in ('', 'identity'):
            raise NotLookedAt(f'its body is packed as {name[:40]!r}')
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
        rest = member.unused_data if member.eof else b''
    return found[:most], len(found) > most


def _decoded(body: bytes, content_type: str, truncated: bool) -> str:
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, 'replace')
    label = _label(body, content_type)
    if label is not None:
        return body.decode(_codec(label), 'replace')
    try:
        return codecs.getincrementaldecoder('utf-8')().decode(body, not truncated)
    except UnicodeDecodeError:
        # Nobody says; browsers take it for this in most of the world.
        return body.decode('cp1252', 'replace')


def _label(body: bytes, content_type: str) -> Optional[str]:
    said = _PARAMETER.search(content_type)
    if said:
        return said[1]
    declared = _DECLARED.search(body[:_BEGINNING_BYTES])
    # What can be read as ASCII so far cannot be UTF-16 (WHATWG, "prescan a byte stream").
    label = declared[1].decode('ascii', 'replace') if declared else None
    return 'utf-8' if label and label.lower().startswith('utf-16') else label


def _codec(label: str) -> str:
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        name = ''
    if not name.startswith((*_FAMILIES, 'ascii')):
        raise NotLookedAt(f'its body is in {label[:40]!r}')
    return _WINDOWS.get(name, name)

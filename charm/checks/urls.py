"""URLs that we ask for, and where they lead."""

from __future__ import annotations

from ..kernel.hints import TYPE_CHECKING
from ..kernel.pattern import pattern
from .sockets import NoAnswer, where

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_VISIBLE = pattern(r'[\x21-\x7e]+')
_PORTS = {'http': 80, 'https': 443}
# What may stand in a URL as it is, beside letters and digits (RFC 3986, 2.2), and `%`.
_RESERVED = ":/?#[]@!$&'()*+,;=%-._~"


def split(url: str) -> SplitResult:
    """Return the parts of a URL.

    Raises:
        ValueError: it is none that we would ask for; `str()` says why.
    """
    # Imported here: it costs several milliseconds of our start.
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    usable = parts.scheme in _PORTS and bool(parts.hostname)
    usable = usable and (parts.port is None or parts.port > 0)
    if not usable or not _VISIBLE.fullmatch(url):
        raise ValueError('it is not an http or https URL in ASCII')
    if parts.username is not None:
        raise ValueError('it holds a user; send an Authorization header instead')
    return parts


def host_of(parts: SplitResult) -> str:
    """Return the name or address to connect to; one of IPv6 may have a zone (RFC 6874)."""
    return str(parts.hostname).replace('%25', '%')


def port_of(parts: SplitResult) -> int:
    """Return the port to connect to."""
    return parts.port or _PORTS[parts.scheme]


def host_header(parts: SplitResult) -> str:
    """Return whom a URL asks, for the header Host: a zone means something here alone."""
    if '%' not in parts.netloc:
        return parts.netloc
    return where(host_of(parts).partition('%')[0], port_of(parts))


def origin(url: str) -> str:
    """Return whom a URL asks; what is secret between us and one is not for another."""
    parts = split(url)
    return f'{parts.scheme}://{host_of(parts)}:{port_of(parts)}'


def shown(url: str) -> str:
    """Return a URL without its query, which may carry a secret."""
    return url.partition('#')[0].partition('?')[0]


def led_to(url: str, location: str) -> str:
    """Return where an answer of `url` leads by its header Location.

    Raises:
        NoAnswer: it is no place that we go to.
    """
    from urllib.parse import quote, urljoin

    # http.client reads every byte of a header as a character; what is no ASCII is written as one.
    quoted = quote(location.strip().encode('latin-1', 'replace'), safe=_RESERVED)
    target = urljoin(url, quoted).partition('#')[0]
    try:
        parts = split(target)
    except ValueError as error:
        raise NoAnswer(f'it redirects to {shown(location)[:200]!r}: {error}') from error
    if url.startswith('https:') and parts.scheme == 'http':
        raise NoAnswer(f'it redirects from https to http, {shown(target)}, which is not followed')
    return target

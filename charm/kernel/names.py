"""Names: of hosts for libc, of units as parts of others, the nearest right to a wrong one."""

from __future__ import annotations

import os

from .hints import Iterable

_UNIT_TAG = 'unit-'


def host_bytes(host: str) -> bytes:
    """Return a host's name as libc is to look it up; one beyond ASCII by IDNA, if that can.

    Python raises UnicodeError for a text that has a label of none or more than 63 letters. libc
    says that there is no such host, or finds it: Linux lets a machine be called by 64
    (HOST_NAME_MAX), and /etc/hosts may hold any.
    """
    if not host.isascii():
        try:
            return host.encode('idna')
        except UnicodeError:
            pass
    return os.fsencode(host)


def service_of(unit: str) -> str:
    """Return the application of a unit: `a-b` of `a-b/1`."""
    return unit.split('/')[0]


def slug(unit: str) -> str:
    """Return a unit's name as a part of file names: `a-b-1` for `a-b/1`."""
    return unit.replace('/', '-')


def unit_of_slug(name: str) -> str:
    """Return the unit of which that is the slug: `a-b/1` of `a-b-1`."""
    application, _dash, number = name.rpartition('-')
    return f'{application}/{number}'


def tag_of(unit: str) -> str:
    """Return what Juju calls a unit in names of files and in logs: `unit-a-b-1` for `a-b/1`."""
    return f'{_UNIT_TAG}{slug(unit)}'


def unit_of_tag(tag: str) -> str:
    """Return the unit of which that is the tag; empty for that of a machine or another agent."""
    return unit_of_slug(tag[len(_UNIT_TAG) :]) if tag.startswith(_UNIT_TAG) else ''


def closest(word: str, words: Iterable[str]) -> str:
    """Return the one of `words` that is most like `word`; empty if none is."""
    # Imported late: only who is wrong pays for it.
    import difflib

    return ''.join(difflib.get_close_matches(word, sorted(words), 1, 0.5))


def nearest(word: str, words: Iterable[str], otherwise: str = 'known: ') -> str:
    """Return `; did you mean 'x'?` for the nearest of `words`, else the list of them.

    Args:
        word: what is none of them.
        words: what would have been right.
        otherwise: what stands before the list; empty for no list.
    """
    known = sorted(words)
    near = closest(word, known)
    if near:
        return f'; did you mean {near!r}?'
    return f'; {otherwise}{", ".join(known)}' if known and otherwise else ''

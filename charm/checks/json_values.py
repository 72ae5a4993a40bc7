"""Values in a JSON document, by paths, held to what they should be."""

from __future__ import annotations

import fnmatch
import json

from ..kernel.hints import Any, List, Mapping, Tuple


def steps(path: str) -> List[str]:
    """Return the keys along a path: `a.0.b`, or a JSON pointer, `/a/0/b` (RFC 6901).

    Raises:
        ValueError: a key is missing.
    """
    if path.startswith('/'):
        return [key.replace('~1', '/').replace('~0', '~') for key in path[1:].split('/')]
    keys = path.split('.')
    if not all(keys):
        raise ValueError(f'{path!r} is not like status.database')
    return keys


def lacks(text: str, wanted: Mapping[str, Tuple[str, ...]]) -> str:
    """Return the first value in the document that is not as wanted; nothing if all are.

    Args:
        text: the document.
        wanted: by path, globs of which the value has to match one.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return 'its body is no JSON'
    for path, globs in wanted.items():
        try:
            value = as_text(_at(document, steps(path)))
        except LookupError:
            return f'it has no {path}'
        if not any(fnmatch.fnmatchcase(value, glob) for glob in globs):
            return f'{path} is {value[:100]!r}, wanted {" or ".join(map(repr, globs))}'
    return ''


def as_text(value: Any) -> str:
    """Return a text as it is, and anything else as JSON writes it: `true`, `3`, `null`."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _at(value: Any, keys: List[str]) -> Any:
    """Return what is at the end of the path.

    Raises:
        LookupError: there is nothing.
    """
    for key in keys:
        if isinstance(value, list) and key.isascii() and key.isdigit():
            value = value[int(key[:9])]
        elif isinstance(value, dict):
            value = value[key]
        else:
            raise LookupError(key)
    return value

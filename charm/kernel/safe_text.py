"""Text from elsewhere as one line that is safe to print."""

from __future__ import annotations

from .hints import Optional
from .pattern import pattern

# Control characters could move the cursor or forge lines; bidirectional ones reorder what is read.
# Half a surrogate pair cannot be written at all.
_UNSAFE = pattern(r'[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]')


def clean(text: str, limit: Optional[int] = None) -> str:
    """Return untrusted text as one line without control characters, of `limit` at most."""
    line = ' '.join(_UNSAFE.sub(' ', text).split())
    return line if limit is None or len(line) <= limit else f'{line[: limit - 1]}…'

"""Text that can stand in any document: safe lines, and counts of things."""

from __future__ import annotations

import re

from charm.kernel.safe_text import clean

# No characters at all, which neither XML nor a browser takes.
_UNWRITABLE = re.compile('[\ufffe\uffff]')


def safe(text: str, limit: int = 2000) -> str:
    """Return untrusted text as one line that can be encoded, of at most `limit` characters."""
    return clean(_UNWRITABLE.sub('\ufffd', text), limit)


def counted(number: int, noun: str) -> str:
    """Return such as `1 unit` or `2 units`."""
    return f'{number} {noun}{"" if number == 1 else "s"}'

"""Globs as `fnmatch` reads them, in a time that grows with the text and no faster.

Before Python 3.9 `fnmatch` makes `*-*-*-*` a regular expression that may try every way to share a
text among the stars: of a name of a few hundred dashes nobody lives to see the answer.
"""

from __future__ import annotations

import fnmatch
import re
from typing import List

_PIECE = re.compile(r'\[!?\]?[^\]]*\]|.', re.DOTALL)


def matches(text: str, glob: str) -> bool:
    """Return whether the whole text is as the glob says; case counts."""
    first, *others = _between_stars(glob)
    if not others:
        return fnmatch.fnmatchcase(text, glob)
    *middle, last = others
    if not _fits(text, first, 0):
        return False
    at = len(first)
    for part in middle:
        # The leftmost place leaves the most room for those that follow.
        while not _fits(text, part, at):
            at += 1
            if at > len(text):
                return False
        at += len(part)
    end = len(text) - len(last)
    return end >= at and _fits(text, last, end)


def _between_stars(glob: str) -> List[List[str]]:
    """Return what stands between the stars, each a list of what stands for one character."""
    parts: List[List[str]] = [[]]
    for piece in _PIECE.findall(glob):
        if piece == '*':
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def _fits(text: str, part: List[str], at: int) -> bool:
    piece = text[at : at + len(part)]
    return len(piece) == len(part) and fnmatch.fnmatchcase(piece, ''.join(part))

"""Globs as `fnmatch` reads them, in a time that grows with the text and no faster.

Before Python 3.9 `fnmatch` makes `*-*-*-*` a regular expression that may try every way to share a
text among the stars: of a name of a few hundred dashes nobody lives to see the answer.
"""

from __future__ import annotations

import fnmatch

from .hints import Iterator, List


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
    for piece in _pieces(glob):
        if piece == '*':
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def _pieces(glob: str) -> Iterator[str]:
    at, last = 0, glob.rfind(']')
    while at < len(glob):
        end = at + 1
        if glob[at] == '[' and at < last:
            # Right after the start, even after a `!`, a bracket is one of the characters.
            inside = at + 2 if glob.startswith('!', at + 1) else at + 1
            end = max(end, glob.find(']', inside + 1) + 1)
        yield glob[at:end]
        at = end


def _fits(text: str, part: List[str], at: int) -> bool:
    piece = text[at : at + len(part)]
    return len(piece) == len(part) and fnmatch.fnmatchcase(piece, ''.join(part))

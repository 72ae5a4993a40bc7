"""How sure an explanation is: three words, and how sentences say them."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Certainty(enum.Enum):
    """How sure it is that one thing explains another, the surest first.

    `certain` rests on what was seen of both, `likely` lacks one piece, and `possible` is no more
    than that nothing speaks against it.
    """

    CERTAIN = 'certain'
    LIKELY = 'likely'
    POSSIBLE = 'possible'

    @property
    def rank(self) -> int:
        """Return the place in the order, 0 for the surest."""
        return _ORDER.index(self)

    @property
    def adverb(self) -> str:
        """Return what a sentence puts before its verb, with a blank; nothing if it is certain."""
        return {Certainty.LIKELY: 'likely ', Certainty.POSSIBLE: 'possibly '}.get(self, '')

    @property
    def because(self) -> str:
        """Return `because of`, with the doubt that there is."""
        return f'{self.adverb}because of'

    def lowered(self, steps: int = 1) -> Certainty:
        """Return it with so many doubts more; nothing is less than possible."""
        return _ORDER[min(self.rank + steps, len(_ORDER) - 1)]


_ORDER = tuple(Certainty)


def least(found: Iterable[Certainty]) -> Certainty:
    """Return the least sure, as a chain is as strong as its weakest link; certain of nothing."""
    return max(found, key=lambda certainty: certainty.rank, default=Certainty.CERTAIN)


def most(found: Iterable[Certainty]) -> Certainty:
    """Return the surest; possible of nothing."""
    return min(found, key=lambda certainty: certainty.rank, default=Certainty.POSSIBLE)

"""The rule for services that are spread over failure domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..values.words import counted
from .base import RollupResult, RollupRule, Vote, best_first, lowest_qos, one_of, read_count, tally
from .counting import tolerate


@dataclass(frozen=True)
class Zone(RollupRule):
    """Each zone, or machine, is as well as its worst unit; `survive` of them may be lost.

    As long as no more are lost than that, and one is left, the service warns. With
    `within: best` a zone is as well as its best unit. Units of no known zone are one zone
    together. The lowest qos.
    """

    survive: int = 1
    by: str = 'zone'
    within: str = 'worst'

    NAME: ClassVar[str] = 'zone'
    SHORT: ClassVar[str] = 'survive'
    FOR_VIEWS: ClassVar[bool] = False
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        'survive': read_count,
        'by': one_of('zone', 'machine'),
        'within': one_of('worst', 'best'),
    }

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        domains: dict[str, list[Vote]] = {}
        for vote in votes:
            domains.setdefault(vote.zone if self.by == 'zone' else vote.machine, []).append(vote)
        speaker = 0 if self.within == 'best' else -1
        spoken = [
            replace(best_first(found)[speaker], name=f'{self.by} {name or "unknown"}')
            for name, found in sorted(domains.items())
        ]
        health = tolerate([vote.health for vote in spoken], self.survive + 1)
        total = counted(len(domains), self.by)
        because = f'{tally(spoken)} of {total}; {self.survive} may be lost'
        return RollupResult(health, because, lowest_qos(votes))

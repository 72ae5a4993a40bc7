"""Rules that count members: worst, best, at-least, majority, degraded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from charm.kernel.report import Health, worst

from .base import (
    Amount,
    RollupResult,
    RollupRule,
    Vote,
    best_first,
    lowest_qos,
    read_amount,
    tally,
)

_HALF = Amount(50, percent=True)


@dataclass(frozen=True)
class Worst(RollupRule):
    """As well as the worst member; the lowest qos."""

    NAME: ClassVar[str] = 'worst'

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        return RollupResult(worst(vote.health for vote in votes), tally(votes), lowest_qos(votes))


@dataclass(frozen=True)
class Best(RollupRule):
    """As well as the best member, so that one is enough; the highest qos."""

    NAME: ClassVar[str] = 'best'

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        qos = max((vote.qos for vote in votes if vote.qos is not None), default=None)
        return RollupResult(best_first(votes)[0].health, f'{tally(votes)}; one is enough', qos)


@dataclass(frozen=True)
class AtLeast(RollupRule):
    """As well as the worst of the best `count`; the highest qos that so many reach.

    Where there are fewer members than that, those which are not there count as `missing` says.
    """

    count: Amount

    NAME: ClassVar[str] = 'at-least'
    SHORT: ClassVar[str] = 'count'
    NEEDED: ClassVar[tuple[str, ...]] = ('count',)
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {'count': read_amount}

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        return _nth_best(votes, self.count.of(len(votes)), self.missing)


@dataclass(frozen=True)
class Majority(RollupRule):
    """As well as the worst of the best half and one more; qos as for `at-least`."""

    NAME: ClassVar[str] = 'majority'

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        return _nth_best(votes, len(votes) // 2 + 1, self.missing)


def _nth_best(votes: Sequence[Vote], needed: int, missing: Health) -> RollupResult:
    healths = [*(vote.health for vote in votes), *[missing] * max(0, needed - len(votes))]
    offered = sorted((vote.qos for vote in votes if vote.qos is not None), reverse=True)
    return RollupResult(
        sorted(healths, key=lambda health: health.rank)[needed - 1],
        f'{tally(votes)} of {len(votes)}; {needed} needed',
        offered[needed - 1] if needed <= len(offered) else None,
    )


@dataclass(frozen=True)
class Degraded(RollupRule):
    """`warn` while fewer than `too_many` are lost, that is failed or without evidence.

    From there on `fail` if so many failed, else `unknown`. The lowest qos.
    """

    too_many: Amount = _HALF

    NAME: ClassVar[str] = 'degraded'
    SHORT: ClassVar[str] = 'too_many'
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {'too-many': read_amount}

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        limit = min(self.too_many.of(len(votes)), len(votes))
        health = tolerate([vote.health for vote in votes], limit)
        because = f'{tally(votes)} of {len(votes)}; {limit} lost are too many'
        return RollupResult(health, because, lowest_qos(votes))


def tolerate(healths: Sequence[Health], too_many: int) -> Health:
    """Return `warn` for fewer losses than too many, else what the losses are; all is too many."""
    limit = min(too_many, len(healths))
    failed = healths.count(Health.FAIL)
    if failed >= limit:
        return Health.FAIL
    if failed + healths.count(Health.UNKNOWN) >= limit:
        return Health.UNKNOWN
    return min(worst(healths), Health.WARN, key=lambda health: health.rank)

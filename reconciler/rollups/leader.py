"""The rule for services where one unit does the work and the others stand by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from charm.kernel.report import Health, worst

from .base import RollupResult, RollupRule, Vote, lowest_qos, one_of, tally


@dataclass(frozen=True)
class Leader(RollupRule):
    """As well as the leader; trouble of others is a warning, or nothing with `others: ignore`.

    The leader is whom juju status names; without one it is `unknown`. The leader's qos.
    """

    others: str = 'warn'

    NAME: ClassVar[str] = 'leader'
    FOR_VIEWS: ClassVar[bool] = False
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {'others': one_of('warn', 'ignore')}

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        leaders = [vote for vote in votes if vote.leader]
        others = [vote for vote in votes if not vote.leader]
        health = worst(vote.health for vote in leaders)
        unwell = any(vote.health is not Health.PASSED for vote in others)
        if unwell and self.others == 'warn':
            health = worst([health, Health.WARN])
        told = ' and '.join(f'leader {v.name} {v.health.value}' for v in leaders)
        because = told or 'no unit is known to be the leader'
        because += f'; others: {tally(others)}' if others else ''
        return RollupResult(health, because, lowest_qos(leaders))

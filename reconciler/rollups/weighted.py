"""The rule for services whose units share the load: how much of what they can do is left."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from charm.kernel.report import Health
from charm.kernel.safe_text import clean

from .base import RollupResult, RollupRule, Vote, number_in, read_ratio, tally

# A unit may name a rule in its report: what it costs to judge by it has a bound.
_MAX_WEIGHTS = 100
_MAX_NAME = 200
_MAX_WEIGHT = 1e6


def _read_weights(value: object) -> Mapping[str, float]:
    if not isinstance(value, Mapping) or len(value) > _MAX_WEIGHTS:
        raise ValueError(f'this wants at most {_MAX_WEIGHTS} names or globs with a number each')
    weights = {}
    for name, weight in value.items():
        number = number_in(weight)
        if not 0.0 <= number <= _MAX_WEIGHT or len(str(name)) > _MAX_NAME:
            raise ValueError(f'{clean(str(name))[:60]}: {clean(repr(weight))[:60]} is no weight')
        weights[str(name)] = number
    return weights


@dataclass(frozen=True)
class Weighted(RollupRule):
    """By what is left: the sum of weight times qos, as a share of the sum of weights.

    A member without a qos counts as 1.0 if it passed or warns; one that failed counts as 0.
    `passed` wants `warn_below` of it from members that passed, and `warn` wants `fail_below` from
    those that passed or warn. `unknown` is what could be either, for want of evidence. The qos is
    what those that passed or warn give. Weights are by name or glob, the first that fits; else 1.
    """

    warn_below: float = 0.9
    fail_below: float = 0.5
    weights: Mapping[str, float] = field(default_factory=dict)

    NAME: ClassVar[str] = 'weighted'
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        'warn-below': read_ratio,
        'fail-below': read_ratio,
        'weights': _read_weights,
    }

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        # Decimal fractions, so that 9 of 10 are 0.9 and the order of adding cannot matter.
        sums = dict.fromkeys(Health, Fraction(0))
        total = Fraction(0)
        for vote in votes:
            weight = self._weight(vote.name)
            total += weight
            sums[vote.health] += weight * (1 if vote.qos is None else Fraction(str(vote.qos)))
        if not total:
            return RollupResult(Health.UNKNOWN, 'the weights add up to nothing')
        fully = sums[Health.PASSED] / total
        partly = fully + sums[Health.WARN] / total
        at_best = partly + sums[Health.UNKNOWN] / total
        because = (
            f'{float(partly):.0%} is left, warn below {self.warn_below:.0%}, '
            f'fail below {self.fail_below:.0%}; {tally(votes)}'
        )
        return RollupResult(self._health(fully, partly, at_best), because, float(partly))

    def _health(self, fully: Fraction, partly: Fraction, at_best: Fraction) -> Health:
        least = Fraction(str(self.fail_below))
        if at_best < least or not at_best:
            return Health.FAIL
        if partly < least or not partly:
            return Health.UNKNOWN
        enough = fully >= Fraction(str(self.warn_below)) and fully > 0
        return Health.PASSED if enough else Health.WARN

    def _weight(self, name: str) -> Fraction:
        for pattern, weight in self.weights.items():
            if fnmatch.fnmatchcase(name, pattern):
                return Fraction(str(weight))
        return Fraction(1)

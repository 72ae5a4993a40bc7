"""Rules that other packages bring, by the entry point group `juju_health.rollups`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from charm.kernel.report import Health
from charm.kernel.safe_text import clean

from ..values.by_name import load as load_by_name
from .base import RollupError, RollupResult, RollupRule, Vote, best_first

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = 'juju_health.rollups'

# From the votes, at least one, and the options as written, to a verdict, or a health and why.
Judge = Callable[[Sequence[Vote], Mapping[str, Any]], RollupResult]


@dataclass(frozen=True)
class Custom(RollupRule):
    """A rule of another package; what it raises or returns amiss is `unknown`, and is said.

    It finds nothing better than the best member, so that no evidence is no good news here either.
    """

    name: str
    function: Judge = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)

    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        try:
            verdict = self.function(votes, self.options)
        except Exception as error:  # noqa: BLE001 - whatever it is, one rule costs one service
            reason = clean(f'{type(error).__name__}: {error}')[:200]
            return RollupResult(Health.UNKNOWN, f'the rule {self.name} broke: {reason}')
        if not isinstance(verdict, RollupResult) or not isinstance(verdict.health, Health):
            reason = f'returned {type(verdict).__name__}, no verdict'
            return RollupResult(Health.UNKNOWN, f'the rule {self.name} {reason}')
        best = best_first(votes)[0].health
        if verdict.health.rank < best.rank:
            because = f'{verdict.because}; but no member is better than {best.value}'
            return replace(verdict, health=best, because=because)
        return verdict

    @property
    def document(self) -> dict[str, Any]:
        """Return its name and its options as written."""
        return {'rule': self.name, **self.options}

    @property
    def words(self) -> str:
        """Return its name and its options."""
        return ' '.join([self.name, *(f'{k}={clean(str(v))}' for k, v in self.options.items())])


def _points(**chosen: str) -> Iterable[EntryPoint]:
    found: Iterable[EntryPoint] = load_by_name('importlib.metadata:entry_points')(
        group=GROUP, **chosen
    )
    return found


@cache
def names() -> tuple[str, ...]:
    """Return the names of the rules that installed packages bring."""
    return tuple(sorted({point.name for point in _points()}))


def load(name: str, options: Mapping[str, Any]) -> Custom:
    """Return the rule of that name.

    Raises:
        RollupError: it cannot be imported.
    """
    (point, *_) = _points(name=name)
    try:
        function = point.load()
    except Exception as error:  # importing runs anything
        raise RollupError('rule', f'cannot load {name!r} from {point.value}: {error}') from error
    return Custom(name, function, dict(options))

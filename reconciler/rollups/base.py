"""What every rule is made of: votes in, a result out, and how its options are read."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from math import ceil
from typing import Any, ClassVar

from charm.kernel.report import Health, worst
from charm.kernel.safe_text import clean

from ..values.words import fold_units

_NUMBER = re.compile(r'([1-9][0-9]{0,5})( ?%)?')
_MAX_NAMED = 10
_MAX_WORDS = 200


class RollupError(ValueError):
    """A rule cannot be made of what was written.

    Attributes:
        key: the option that is wrong, such as `count`; `rule` for the rule's name.
        reason: what is wrong with it.
    """

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        super().__init__(f'{key}: {reason}')


@dataclass(frozen=True)
class Vote:
    """What one member says: a unit of a service, or a service or view of a view.

    Attributes:
        machine: the machine at the root of a unit's containers; empty on k8s.
        zone: that machine's availability zone; empty if none is known.
        missing: it is wanted and not there: its health is the rule's `missing`, or worse.
    """

    name: str
    health: Health
    qos: float | None = None
    leader: bool = False
    machine: str = ''
    zone: str = ''
    missing: bool = False


@dataclass(frozen=True)
class RollupResult:
    """What a rule makes of the votes.

    Attributes:
        because: how it came to it, such as `2 of 3 passed, 2 are needed`.
        qos: `None` if no member gave one that counts.
    """

    health: Health
    because: str
    qos: float | None = None


@dataclass(frozen=True)
class RollupRule(ABC):
    """One rule with its options, which are its fields; the votes' order never matters.

    Attributes:
        missing: the health of a member that is wanted and does not exist: `unknown` or `fail`.
        NAME: how it is asked for.
        READERS: how each option is read, by its written name; they raise ValueError.
        SHORT: the option that a word after the name sets, as in `at-least 2`; empty if none.
        NEEDED: the options without a default.
        FOR_VIEWS: whether it makes sense of anything but units.
    """

    missing: Health = field(default=Health.UNKNOWN, kw_only=True)

    NAME: ClassVar[str] = ''
    SHORT: ClassVar[str] = ''
    NEEDED: ClassVar[tuple[str, ...]] = ()
    FOR_VIEWS: ClassVar[bool] = True
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    def judge(self, votes: Iterable[Vote]) -> RollupResult:
        """Return the verdict; where nobody voted, that of the rule's `missing`."""
        counted = [
            replace(vote, health=worst([vote.health, self.missing])) if vote.missing else vote
            for vote in votes
        ]
        if not counted:
            return RollupResult(self.missing, 'there is nothing to judge by')
        return self._decide(sorted(counted, key=lambda v: (v.name, v.health.rank, v.qos or 0.0)))

    @abstractmethod
    def _decide(self, votes: Sequence[Vote]) -> RollupResult:
        """Return the verdict on at least one vote."""

    @property
    def document(self) -> dict[str, Any]:
        """Return the rule as a mapping, of which `read_rule` makes it again."""
        found: dict[str, Any] = {'rule': self.NAME}
        for option in fields(self):
            value = getattr(self, option.name)
            if option.name == self.SHORT or (value != option.default and value != {}):
                found[option.name.replace('_', '-')] = _plain(value)
        return found

    @property
    def words(self) -> str:
        """Return the rule as one would write it, with the options that are not the default."""
        options = self.document
        told = [options.pop(key) for key in ('rule', self.SHORT.replace('_', '-')) if key]
        told += [f'{key}={_word(value)}' for key, value in options.items()]
        words = ' '.join(map(str, told))
        return words if len(words) <= _MAX_WORDS else f'{words[: _MAX_WORDS - 1]}…'


def _plain(value: object) -> object:
    if isinstance(value, Amount):
        return str(value) if value.percent else value.number
    if isinstance(value, Health):
        return value.value
    return dict(value) if isinstance(value, Mapping) else value


def _word(value: object) -> str:
    if isinstance(value, Mapping):
        return ','.join(f'{clean(str(key))}:{each}' for key, each in value.items())
    return str(value)


@dataclass(frozen=True)
class Amount:
    """A number of members, or a share of them."""

    number: int
    percent: bool = False

    def of(self, total: int) -> int:
        """Return how many of `total` it is, a share rounded up; at least 1."""
        return max(1, ceil(Fraction(total * self.number, 100)) if self.percent else self.number)

    def __str__(self) -> str:
        return f'{self.number}%' if self.percent else str(self.number)


def read_amount(value: object) -> Amount:
    """Return the amount in `2`, `'2'` or `'50%'`.

    Raises:
        ValueError: it is none, or not from 1 to 100 %.
    """
    found = None if isinstance(value, bool) else _NUMBER.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f"{_shown(value)} is not a number from 1 on, such as 2, nor '50%'")
    amount = Amount(int(found[1]), bool(found[2]))
    if amount.percent and amount.number > 100:
        raise ValueError(f'{_shown(value)} is more than all')
    return amount


def read_count(value: object) -> int:
    """Return a whole number from 1 on, as `read_amount` reads it.

    Raises:
        ValueError: it is none.
    """
    amount = read_amount(value)
    if amount.percent:
        raise ValueError(f'{_shown(value)} is a share where a number belongs')
    return amount.number


def read_ratio(value: object) -> float:
    """Return a ratio from 0.0 to 1.0.

    Raises:
        ValueError: it is none.
    """
    ratio = number_in(value)
    if not 0.0 <= ratio <= 1.0:
        raise ValueError(f'{_shown(value)} is not a number from 0.0 to 1.0')
    return ratio


def number_in(value: object) -> float:
    """Return the number that is written; one below zero if it is none."""
    try:
        return -1.0 if isinstance(value, bool) else float(str(value))
    except ValueError:
        return -1.0


def one_of(*words: str) -> Callable[[object], str]:
    """Return a reader of one of the words."""

    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f'{_shown(value)} is none of {", ".join(words)}')
        return str(value)

    return read


def _shown(value: object) -> str:
    return clean(repr(value))[:60]


def lowest_qos(votes: Iterable[Vote]) -> float | None:
    """Return the lowest qos that was given."""
    return min((vote.qos for vote in votes if vote.qos is not None), default=None)


def best_first(votes: Iterable[Vote]) -> list[Vote]:
    """Return the votes by health, the best first."""
    return sorted(votes, key=lambda vote: vote.health.rank)


def tally(votes: Sequence[Vote]) -> str:
    """Return who is how, the worst first, such as `1 fail (db/2), 2 passed`; passed by number."""
    parts = []
    for health in reversed(Health):
        count = sum(vote.health is health for vote in votes)
        if not count:
            continue
        names = list(dict.fromkeys(clean(v.name) for v in votes if v.health is health))
        shown = fold_units(names[:_MAX_NAMED])
        more = f' and {len(names) - _MAX_NAMED} more' if len(names) > _MAX_NAMED else ''
        told = '' if health is Health.PASSED else f' ({shown}{more})'
        parts.append(f'{count} {health.value}{told}')
    return ', '.join(parts)

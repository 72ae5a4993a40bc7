"""Rollups: from what each unit says to what the service is; see `docs/rollups.md`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from charm.kernel.names import nearest
from charm.kernel.report import Health
from charm.kernel.safe_text import clean

from . import custom
from .base import RollupError, RollupResult, RollupRule, Vote, one_of
from .counting import AtLeast, Best, Degraded, Majority, Worst
from .leader import Leader
from .weighted import Weighted
from .zones import Zone

__all__ = [
    'ROLLUPS',
    'RollupError',
    'RollupResult',
    'RollupRule',
    'Verdict',
    'Vote',
    'WORST',
    'read_rule',
]

# By this name packages that bring rules know it.
Verdict = RollupResult

ROLLUPS: Mapping[str, type[RollupRule]] = {
    'worst': Worst,
    'best': Best,
    'majority': Majority,
    'at-least': AtLeast,
    'degraded': Degraded,
    'leader': Leader,
    'weighted': Weighted,
    'zone': Zone,
}
WORST: RollupRule = Worst()
_word_for_missing = one_of('unknown', 'fail')


def read_rule(written: object, allow_custom: bool = False) -> RollupRule:
    """Return the rule that is written, as `at-least 2` or `{'rule': 'at-least', 'count': 2}`.

    With `allow_custom` also one that an installed package brings: only the operator may name it.

    Raises:
        RollupError: it is none, or an option of it is wrong.
    """
    name, options = _split(written)
    kind = ROLLUPS.get(name)
    if kind is None:
        known = (*ROLLUPS, *(custom.names() if allow_custom else ()))
        if allow_custom and name in known:
            return custom.load(name, {k: v for k, v in options.items() if k})
        raise RollupError('rule', f'{name!r} is not a rule{nearest(name, known, "")}')
    return kind(**_read_options(kind, options))


def _split(written: object) -> tuple[str, dict[str, Any]]:
    """Return the rule's name and its options, one after the name under the empty key."""
    if isinstance(written, Mapping):
        options = {str(key): value for key, value in written.items()}
        named = options.pop('rule', None)
        if not isinstance(named, str) or not named.strip():
            raise RollupError('rule', 'it is missing, or no name')
    elif isinstance(written, str) and written.strip():
        options, named = {}, written
    else:
        raise RollupError('rule', f'{clean(repr(written))[:60]} is not a rule')
    name, _, rest = clean(named)[:200].partition(' ')
    return name, {**options, '': rest} if rest else options


def _read_options(kind: type[RollupRule], options: Mapping[str, Any]) -> dict[str, Any]:
    readers: dict[str, Callable[[Any], Any]] = {
        **kind.READERS,
        'missing': lambda word: Health(_word_for_missing(word)),
    }
    read: dict[str, Any] = {}
    for written, value in options.items():
        key = written or kind.SHORT.replace('_', '-')
        if not key:
            raise RollupError('rule', f'{kind.NAME} takes nothing after its name, not {value!r}')
        if key not in readers:
            hint = nearest(key, readers, 'its options are ')
            reason = f'{clean(key)[:60]!r} is not an option of {kind.NAME}{hint}'
            raise RollupError(written, reason)
        try:
            read[key.replace('-', '_')] = readers[key](value)
        except ValueError as error:
            raise RollupError(written or 'rule', str(error)) from error
    for needed in kind.NEEDED:
        if needed not in read:
            raise RollupError('rule', f'{kind.NAME} wants {needed}, such as {kind.NAME} 2')
    return read

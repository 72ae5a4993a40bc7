"""What the options of a check are: the fields of its dataclass; `conversion` sets them.

A field with the metadata `OUTSIDE` is a door to the outside world, such as a file of /proc or a
clock; tests pass their own, and definitions cannot.
"""

from __future__ import annotations

from ..kernel.errors import HealthError
from ..kernel.hints import TYPE_CHECKING, Any, ClassVar, Dict, Mapping, Optional, Protocol

if TYPE_CHECKING:
    import dataclasses

OUTSIDE: Mapping[str, bool] = {'outside': True}


class HasOptions(Protocol):
    """A dataclass whose fields are its options."""

    __dataclass_fields__: ClassVar[Dict[str, dataclasses.Field[Any]]]

    def __init__(self, **options: object) -> None: ...


class OptionError(HealthError):
    """The option `key`, or if that is empty all of them together, is wrong for this reason."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        super().__init__(f'cannot use the option {key}: {reason}' if key else f'cannot: {reason}')


def require_order(warn: Optional[float], fail: Optional[float], suffix: str = '') -> None:
    """Refuse a `warn` threshold above its `fail` threshold.

    Raises:
        OptionError: with the key `warn` + `suffix`.
    """
    if warn is not None and fail is not None and warn > fail:
        raise OptionError(f'warn{suffix}', f'{warn:g} is above fail{suffix}, {fail:g}')


def require_severity(word: str) -> None:
    """Refuse a `severity` other than `warn` and `fail`, which are healths by these words."""
    if word not in ('warn', 'fail'):
        raise OptionError('severity', f'{word!r} is neither warn nor fail')

"""Thresholds: ranges in the grammar of the Nagios plugins, and the verdict on a value.

The grammar is that of the Monitoring Plugins development guidelines: `[@]start:end`. A value is
good inside the range, ends included; with `@` it is good outside it. `10` is `0:10`, `10:` has no
upper end, `~:10` no lower one.
"""

from __future__ import annotations

import math

from ..kernel.facts import dataclass
from ..kernel.hints import Optional
from ..kernel.pattern import pattern
from ..kernel.report import Health

NUMBER = r'[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?'
_RANGE = pattern(rf'(?P<at>@?)(?:(?P<start>~|{NUMBER})(?P<colon>:))?(?P<end>{NUMBER})?')
# An optional group cannot be told from an absent one in the pattern above, hence the second look.


@dataclass(frozen=True)
class Range:
    """A range of good values, ends included.

    Attributes:
        start, end: the ends; minus and plus infinity where there is none.
        inverted: the value is good outside the range instead, ends excluded.
    """

    start: float = 0.0
    end: float = math.inf
    inverted: bool = False

    @classmethod
    def parse(cls, text: str) -> Range:
        """Return the range that `text` names.

        Raises:
            ValueError: it is not a range, or its start is above its end.
        """
        found = _RANGE.fullmatch(text.strip())
        if found is None or not (found['colon'] or found['end']):
            raise ValueError(f'{text[:40]!r} is not a range such as 10, 5:10, ~:10 or @5:10')
        start = -math.inf if found['start'] == '~' else float(found['start'] or 0.0)
        end = float(found['end']) if found['end'] else math.inf
        if start > end:
            raise ValueError(f'the range {text[:40]!r} starts above its end')
        return cls(start, end, bool(found['at']))

    @classmethod
    def at_most(cls, end: Optional[float]) -> Range:
        """Return the range without a lower end; for `None` without an upper one either."""
        return cls(-math.inf, math.inf if end is None else end)

    @classmethod
    def at_least(cls, start: float) -> Range:
        """Return the range without an upper end."""
        return cls(start, math.inf)

    def accepts(self, value: float) -> bool:
        """Return whether the value is good; NaN never is."""
        if math.isnan(value):
            return False
        return (self.start <= value <= self.end) is not self.inverted

    def scaled(self, factor: float) -> Range:
        """Return the range with both ends multiplied by a positive `factor`."""
        return Range(self.start * factor, self.end * factor, self.inverted)

    def __str__(self) -> str:
        start = '~' if self.start == -math.inf else format_number(self.start)
        end = '' if self.end == math.inf else format_number(self.end)
        return f'{"@" if self.inverted else ""}{start}:{end}'


def format_number(value: float) -> str:
    """Return the shortest text that reads back as the same number, without a needless `.0`."""
    text = repr(float(value))
    return text[:-2] if text.endswith('.0') else text


def judge(value: float, warn: Optional[Range], fail: Optional[Range]) -> Health:
    """Return the verdict on `value`: outside `fail` is worse than outside `warn`.

    `None` for a range means that it accepts everything.
    """
    if fail is not None and not fail.accepts(value):
        return Health.FAIL
    if warn is not None and not warn.accepts(value):
        return Health.WARN
    return Health.PASSED

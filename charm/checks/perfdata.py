"""The performance data of Nagios plugins: parsed in full, and turned into base units.

Format: `'label'=value[UOM];[warn];[crit];[min];[max]`, items apart by spaces, from the Monitoring
Plugins development guidelines. A quote in a label is doubled; a value may be `U`, undetermined,
and then has no unit. Commas between items, which some plugins write, are passed over.
"""

from __future__ import annotations

import math
import re

from ..kernel.facts import dataclass
from ..kernel.hints import Any, Dict, List, Mapping, Optional, Sequence, Tuple
from ..kernel.pattern import pattern
from .thresholds import NUMBER, Range

_ITEM = pattern(
    r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<bare>[^\s'=]+))"
    rf'=(?:(?P<value>{NUMBER})(?P<unit>[^\s;0-9"\'=,]*)|U)'
    r'(?P<rest>(?:;[^\s;,]*){0,4});?,?(?=\s|$)'
)
_GAP = pattern(r'\s*')
_WORD = pattern(r"(?:[^\s']|'(?:[^']*')?)+")
# The plugins count in powers of 1024 whichever way they write the unit.
_SIZES = {'b': 1, 'kb': 2**10, 'mb': 2**20, 'gb': 2**30, 'tb': 2**40, 'pb': 2**50}
_TIMES = {'s': 1.0, 'ms': 1e-3, 'us': 1e-6, 'µs': 1e-6, 'ns': 1e-9}
_MOST_ITEMS = 500


@dataclass(frozen=True)
class Metric:
    """One item.

    Attributes:
        label: its name.
        value: `None` where the plugin says `U`.
        unit: as written: `s`, `ms`, `us`, `%`, `B`, `KB`, `c`, or nothing.
        warn, fail: where the plugin draws its lines; `None` where it says nothing, or nonsense.
        minimum, maximum: the ends of the scale; `None` likewise.
    """

    label: str
    value: Optional[float]
    unit: str = ''
    warn: Optional[Range] = None
    fail: Optional[Range] = None
    minimum: Optional[float] = None
    maximum: Optional[float] = None


def parse(text: str) -> Tuple[Tuple[Metric, ...], Tuple[str, ...]]:
    """Return the items in `text`, and the words in it that are none."""
    metrics: List[Metric] = []
    rejected: List[str] = []
    position = 0
    while len(metrics) + len(rejected) < _MOST_ITEMS:
        gap = _GAP.match(text, position)
        position = gap.end() if gap else position
        if position >= len(text):
            break
        found = _ITEM.match(text, position)
        metric = None if found is None else _metric(found)
        if found is not None and metric is not None:
            metrics.append(metric)
            position = found.end()
        else:
            word = _WORD.match(text, position)
            rejected.append((word[0] if word else text[position])[:100])
            position = word.end() if word else position + 1
    return tuple(metrics), tuple(rejected)


def _metric(found: re.Match[str]) -> Optional[Metric]:
    value = None if found['value'] is None else _number(found['value'])
    if value is None and found['value'] is not None:
        return None
    warn, fail, low, high = (found['rest'].split(';')[1:] + [''] * 4)[:4]
    label = found['bare'] if found['quoted'] is None else found['quoted'].replace("''", "'")
    return Metric(
        label, value, found['unit'] or '', _range(warn), _range(fail), _number(low), _number(high)
    )


def _number(text: str) -> Optional[float]:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _range(text: str) -> Optional[Range]:
    try:
        return Range.parse(text)
    except ValueError:
        return None


def in_base_units(metric: Metric) -> Metric:
    """Return the item in seconds or bytes if it is a time or a size, else as it is."""
    for unit, factor in (
        ('s', _TIMES.get(metric.unit)),
        ('B', _SIZES.get(metric.unit.lower().replace('ib', 'b'))),
    ):
        if factor is not None and factor != 1:
            return Metric(
                metric.label,
                _scale(metric.value, factor),
                unit,
                None if metric.warn is None else metric.warn.scaled(factor),
                None if metric.fail is None else metric.fail.scaled(factor),
                _scale(metric.minimum, factor),
                _scale(metric.maximum, factor),
            )
    return metric


def _scale(value: Optional[float], factor: float) -> Optional[float]:
    if value is None:
        return None
    scaled = value * factor
    return scaled if math.isfinite(scaled) else None


def to_data(metrics: Sequence[Metric]) -> Mapping[str, Any]:
    """Return the items as JSON values by label, in base units; of twins the later counts."""
    data: Dict[str, Any] = {}
    for metric in map(in_base_units, metrics):
        item = {
            'value': metric.value,
            'unit': metric.unit,
            'warn': None if metric.warn is None else str(metric.warn),
            'fail': None if metric.fail is None else str(metric.fail),
            'min': metric.minimum,
            'max': metric.maximum,
        }
        data[metric.label] = {
            key: one for key, one in item.items() if one is not None or key == 'value'
        }
    return data

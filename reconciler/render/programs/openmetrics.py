"""Metrics for Prometheus: OpenMetrics, and the classic text for node exporter's textfile.

Formats: OpenMetrics 1.0 and the Prometheus text format 0.0.4. Health and state are state sets,
one series per possible value, 1 for the one that holds. No message becomes a label. There are no
timestamps, as node exporter refuses them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator

from reconciler.values.readings import Snapshot

from ..base import RenderOptions
from .metrics import Family, Value, families

_PREFIX = 'juju_health_'


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the snapshot as OpenMetrics text."""
    return modern(families(snapshot))


def render_textfile(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the snapshot in the classic text format, for node exporter's textfile collector."""
    return classic(families(snapshot))


def modern(found: Iterable[Family]) -> str:
    """Return families as OpenMetrics text."""
    lines = [line for family in found for line in _lines(family, modern=True)]
    return '\n'.join([*lines, '# EOF']) + '\n'


def classic(found: Iterable[Family]) -> str:
    """Return families in the classic text format."""
    lines = [line for family in found for line in _lines(family, modern=False)]
    return '\n'.join(lines) + '\n'


def _lines(family: Family, modern: bool) -> Iterator[str]:
    name = _PREFIX + family.name
    kind = 'stateset' if family.states and modern else 'gauge'
    yield f'# TYPE {name} {kind}'
    if family.unit and modern:
        yield f'# UNIT {name} {family.unit}'
    yield f'# HELP {name} {family.help}'
    # Sorted, so that two sweeps differ only where their values do.
    for labels, value in sorted(family.samples.items(), key=lambda item: item[0]):
        if family.states is None:
            yield f'{name}{_labels(labels)} {_number(value)}'
            continue
        for state in family.states:
            held = int(state is value)
            yield f'{name}{_labels((*labels, (name, str(state.value))))} {held}'


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    return '{' + ','.join(f'{name}="{_escaped(text)}"' for name, text in labels) + '}'


def _escaped(text: str) -> str:
    return text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')


def _number(value: Value) -> str:
    """Return a number without an exponent where it has none to show."""
    if isinstance(value, enum.Enum):
        raise TypeError(f'a gauge cannot be {value}')
    return repr(round(float(value), 6)).removesuffix('.0')

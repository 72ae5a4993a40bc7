"""Write metric families by prometheus_client, in the two dialects that Prometheus knows."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from prometheus_client import exposition as classic
from prometheus_client.core import GaugeMetricFamily, Metric, StateSetMetricFamily
from prometheus_client.openmetrics import exposition as modern
from prometheus_client.registry import Collector

from .metrics import Family

_PREFIX = 'juju_health_'
_WRITERS: Mapping[str, Callable[[Collector], bytes]] = {
    'openmetrics': modern.generate_latest,
    'textfile': classic.generate_latest,
}


@dataclass(frozen=True)
class _Families(Collector):
    families: Iterable[Family]

    def collect(self) -> Iterator[Metric]:
        return chain.from_iterable(map(_metrics, self.families))


def write(families: Iterable[Family], form: str) -> str:
    """Return families as `openmetrics`, or as the classic text, which is for a `textfile`."""
    return _WRITERS[form](_Families(families)).decode()


def _metrics(family: Family) -> list[Metric]:
    """Return the family as the library has it: one metric, a state set or a gauge."""
    name = _PREFIX + family.name
    names = [label for label, _ in min(family.samples)]
    gauge = GaugeMetricFamily(name, family.help, labels=names, unit=family.unit)
    states = StateSetMetricFamily(name, family.help, labels=names)
    # Sorted, so that two sweeps differ only where their values do.
    for labels in sorted(family.samples):
        texts, value = [text for _, text in labels], family.samples[labels]
        if isinstance(value, enum.Enum):
            states.add_metric(texts, {state.value: state is value for state in type(value)})
        else:
            gauge.add_metric(texts, round(float(value), 6))
    return [metric for metric in (gauge, states) if metric.samples]

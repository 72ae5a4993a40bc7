"""The agent's metrics as OpenMetrics text, and its health as `application/health+json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ...kernel.fields import format_time
from ...kernel.report import CheckResult, Health, Report, worst
from ..ship.push import PushCounts
from ..ship.spool import Depth
from ..watch import CheckCounts

CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
HEALTH_TYPE = 'application/health+json'

# draft-inadarei-api-health-check has three words; no evidence is never good news.
_HEALTH_WORDS = {
    Health.PASSED: 'pass',
    Health.WARN: 'warn',
    Health.UNKNOWN: 'fail',
    Health.FAIL: 'fail',
}

Labels = Tuple[Tuple[str, str], ...]


@dataclass(frozen=True)
class UnitView:
    """The state of one unit at a moment.

    Attributes:
        unit: who.
        report: the last report, `None` if there is none yet.
        age_seconds: how old it is.
        counts: of each check.
        depth: of the spool, `None` if nothing is shipped.
        tally: of the pushes, `None` if nothing is shipped.
    """

    unit: str
    report: Optional[Report]
    age_seconds: float
    counts: Mapping[str, CheckCounts]
    depth: Optional[Depth] = None
    tally: Optional[PushCounts] = None


class _Families:
    """Samples by family, since OpenMetrics wants those of one family together."""

    def __init__(self) -> None:
        self._heads: Dict[str, str] = {}
        self._lines: Dict[str, List[str]] = {}

    def add(
        self, family: str, kind: str, text: str, labels: Labels, value: float, suffix: str = ''
    ) -> None:
        if family not in self._heads:
            self._heads[family] = f'# TYPE {family} {kind}\n# HELP {family} {text}\n'
            self._lines[family] = []
        inside = ','.join(f'{name}="{_escape(word)}"' for name, word in labels)
        braces = f'{{{inside}}}' if inside else ''
        self._lines[family].append(f'{family}{suffix}{braces} {value:.10g}\n')

    def text(self) -> str:
        parts = [head + ''.join(self._lines[name]) for name, head in self._heads.items()]
        return ''.join(parts) + '# EOF\n'


def openmetrics(views: Sequence[UnitView], own: Mapping[str, float]) -> str:
    """Return everything as OpenMetrics 1.0 text; `own` maps counters of the agent to values."""
    families = _Families()
    for view in views:
        _add_unit(families, view)
    for name, value in own.items():
        text = f'{name.replace("_", " ").capitalize()} since the agent started.'
        family = f'juju_health_agent_{name}'
        families.add(family, 'counter', text, (), value, '_total')
    return families.text()


def _add_unit(families: _Families, view: UnitView) -> None:
    unit = (('unit', view.unit),)
    if view.report is not None:
        _add_health(families, 'juju_health', 'The health of the unit.', unit, view.report.health)
        _add_qos(families, 'juju_health_qos', 'The qos of the unit.', unit, view.report.qos)
        age = 'How old the last report is.'
        families.add('juju_health_report_age_seconds', 'gauge', age, unit, view.age_seconds)
        for check in view.report.checks:
            _add_check(families, (*unit, ('check', check.name)), check)
    for name, count in sorted(view.counts.items()):
        labels = (*unit, ('check', name))
        for what, text, value in (
            ('runs', 'How often the check has ended.', count.runs),
            ('flips', 'How often its health has changed.', count.flips),
            ('skips', 'How often it was due while it still ran.', count.skips),
        ):
            families.add(f'juju_health_check_{what}', 'counter', text, labels, value, '_total')
    _add_shipping(families, unit, view)


def _add_check(families: _Families, labels: Labels, check: CheckResult) -> None:
    _add_health(families, 'juju_health_check', 'The health of the check.', labels, check.health)
    _add_qos(families, 'juju_health_check_qos', 'The qos of the check.', labels, check.qos)
    if check.duration is not None:
        text = 'How long its last run took.'
        families.add('juju_health_check_duration_seconds', 'gauge', text, labels, check.duration)


def _add_health(
    families: _Families, family: str, text: str, labels: Labels, health: Health
) -> None:
    for one in Health:
        state = (*labels, (family, one.value))
        families.add(family, 'stateset', text, state, float(one is health))


def _add_qos(
    families: _Families, family: str, text: str, labels: Labels, qos: Optional[float]
) -> None:
    if qos is not None:
        families.add(family, 'gauge', text, labels, qos)


def _add_shipping(families: _Families, unit: Labels, view: UnitView) -> None:
    depth, tally = view.depth, view.tally
    if depth is not None:
        add = families.add
        add('juju_health_spool_reports', 'gauge', 'Reports that wait.', unit, depth.reports)
        add('juju_health_spool_bytes', 'gauge', 'Their size.', unit, depth.size_bytes)
        text = 'Reports that are in memory only, since the disk refuses them.'
        add('juju_health_spool_held', 'gauge', text, unit, depth.held)
        for change, value in (('no', depth.dropped), ('yes', depth.dropped_changes)):
            text = 'Reports that made way in a full spool.'
            labels = (*unit, ('change', change))
            add('juju_health_spool_dropped', 'counter', text, labels, value, '_total')
    if tally is not None:
        for what, text, value in (
            ('shipped', 'Reports that the orchestrator has taken.', tally.shipped),
            ('refused', 'Reports that it has refused.', tally.refused),
            ('failures', 'Pushes that failed.', tally.failures),
        ):
            families.add(f'juju_health_push_{what}', 'counter', text, unit, value, '_total')


def _escape(text: str) -> str:
    return text.replace('\\', '\\\\').replace('\n', '\\n').replace('"', '\\"')


def health_json(views: Sequence[UnitView]) -> Tuple[int, Mapping[str, Any]]:
    """Return the HTTP status and the document: 200 for pass and warn, 503 for fail.

    What is unknown fails, and so does a unit that has no report yet.
    """
    overall = worst(
        Health.UNKNOWN if view.report is None else view.report.health for view in views
    )
    document = {
        'status': _HEALTH_WORDS[overall],
        'version': '1',
        'description': 'health of the units of this machine',
        'output': '' if overall in (Health.PASSED, Health.WARN) else overall.value,
        'checks': {
            f'{view.unit}:{check.name}': [_health_check(check)]
            for view in views
            if view.report is not None
            for check in view.report.checks
        },
    }
    return (200 if _HEALTH_WORDS[overall] != 'fail' else 503), document


def _health_check(check: CheckResult) -> Mapping[str, Any]:
    return {
        'status': _HEALTH_WORDS[check.health],
        'observedValue': check.health.value if check.qos is None else check.qos,
        'time': format_time(check.at),
        'output': '' if check.health is Health.PASSED else check.message,
    }

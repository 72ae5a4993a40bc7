"""The agent's metrics as OpenMetrics text, and its health as `application/health+json`."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ...kernel.facts import dataclass
from ...kernel.health_check_response import Checks, detail, document, key
from ...kernel.report import CheckResult, Health, Report, worst
from ..ship.push import PushCounts
from ..ship.spool import Depth
from ..watch import CheckCounts

CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

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
        self._lines: Dict[str, List[str]] = {}

    def add(
        self, family: str, kind: str, text: str, labels: Labels, value: Optional[float]
    ) -> None:
        """Add a sample; nothing for `None`."""
        if value is None:
            return
        head = f'# TYPE {family} {kind}\n# HELP {family} {text}\n'
        suffix = '_total' if kind == 'counter' else ''
        inside = ','.join(f'{name}="{_escape(word)}"' for name, word in labels)
        braces = f'{{{inside}}}' if inside else ''
        line = f'{family}{suffix}{braces} {value:.10g}\n'
        self._lines.setdefault(family, [head]).append(line)

    def text(self) -> str:
        return ''.join(line for lines in self._lines.values() for line in lines) + '# EOF\n'


def openmetrics(views: Sequence[UnitView], own: Mapping[str, float]) -> str:
    """Return everything as OpenMetrics 1.0 text; `own` maps counters of the agent to values."""
    families = _Families()
    for view in views:
        _add_unit(families, view)
    for name, value in own.items():
        text = f'{name.replace("_", " ").capitalize()} since the agent started.'
        family = f'juju_health_agent_{name}'
        families.add(family, 'counter', text, (), value)
    return families.text()


def _add_unit(families: _Families, view: UnitView) -> None:
    add, unit = families.add, (('unit', view.unit),)
    if view.report is not None:
        _add_health(families, 'juju_health', 'The health of the unit.', unit, view.report.health)
        add('juju_health_qos', 'gauge', 'The qos of the unit.', unit, view.report.qos)
        age = 'How old the last report is.'
        add('juju_health_report_age_seconds', 'gauge', age, unit, view.age_seconds)
        for check in view.report.checks:
            _add_check(families, (*unit, ('check', check.name)), check)
    for name, count in sorted(view.counts.items()):
        labels = (*unit, ('check', name))
        for what, text, value in (
            ('runs', 'How often the check has ended.', count.runs),
            ('flips', 'How often its health has changed.', count.flips),
            ('skips', 'How often it was due while it still ran.', count.skips),
        ):
            add(f'juju_health_check_{what}', 'counter', text, labels, value)
    _add_shipping(families, unit, view)


def _add_check(families: _Families, labels: Labels, check: CheckResult) -> None:
    _add_health(families, 'juju_health_check', 'The health of the check.', labels, check.health)
    families.add('juju_health_check_qos', 'gauge', 'The qos of the check.', labels, check.qos)
    text = 'How long its last run took.'
    families.add('juju_health_check_duration_seconds', 'gauge', text, labels, check.duration)


def _add_health(
    families: _Families, family: str, text: str, labels: Labels, health: Health
) -> None:
    for one in Health:
        state = (*labels, (family, one.value))
        families.add(family, 'stateset', text, state, float(one is health))


def _add_shipping(families: _Families, unit: Labels, view: UnitView) -> None:
    add, depth, tally = families.add, view.depth, view.tally
    if depth is not None:
        add('juju_health_spool_reports', 'gauge', 'Reports that wait.', unit, depth.reports)
        add('juju_health_spool_bytes', 'gauge', 'Their size.', unit, depth.size_bytes)
        text = 'Reports that are in memory only, since the disk refuses them.'
        add('juju_health_spool_held', 'gauge', text, unit, depth.held)
        for change, value in (('no', depth.dropped), ('yes', depth.dropped_changes)):
            text = 'Reports that made way in a full spool.'
            labels = (*unit, ('change', change))
            add('juju_health_spool_dropped', 'counter', text, labels, value)
    if tally is not None:
        for what, text, value in (
            ('shipped', 'Reports that the orchestrator has taken.', tally.shipped),
            ('refused', 'Reports that it has refused.', tally.refused),
            ('failures', 'Pushes that failed.', tally.failures),
        ):
            add(f'juju_health_push_{what}', 'counter', text, unit, value)


def _escape(text: str) -> str:
    return text.replace('\\', '\\\\').replace('\n', '\\n').replace('"', '\\"')


def health_json(views: Sequence[UnitView]) -> Tuple[int, Mapping[str, Any]]:
    """Return the HTTP status and the document: 200 for pass and warn, 503 for fail.

    What is unknown fails, and so does a unit that has no report yet.
    """
    overall = worst(
        Health.UNKNOWN if view.report is None else view.report.health for view in views
    )
    checks: Checks = {}
    for view in views:
        for check in view.report.checks if view.report else ():
            told = detail(check.health, check.message, check.qos, check.at)
            checks.setdefault(key(view.unit, check.name), []).append(told)
    about = 'health of the units of this machine'
    response = document(overall, overall.value, checks, description=about)
    return (503 if response['status'] == 'fail' else 200), response

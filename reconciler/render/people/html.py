"""One page for a browser: a single file that asks the network for nothing and runs no script.

The template escapes every value; its policy (`Content-Security-Policy`) forbids what would load
or run anyway.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from charm.kernel.fields import format_time
from charm.kernel.report import CheckResult, Health
from reconciler.values.explained import explained_by
from reconciler.values.readings import Reading, ServiceHealth, Snapshot
from reconciler.values.words import age_text, counted, duration_text

from ..base import safe, state_text
from ..blame import doubt_text
from ..cases import model_name, overall_health, tally
from ..meaning import blame_text, causes_shown, remarks, rule_text
from ..options import RenderOptions

# A sign beside each word, so that neither colour nor language is needed to tell them apart.
_SIGNS = {Health.PASSED: '✓', Health.WARN: '!', Health.UNKNOWN: '?', Health.FAIL: '✗'}
_ENVIRONMENT = Environment(
    loader=PackageLoader('reconciler.render', '.'),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the page: a table of services, then a section for each, open where it is not well."""
    counts = [
        (_health(health), sum(s.health is health for s in snapshot.services)) for health in Health
    ]
    return _ENVIRONMENT.get_template('page.html.j2').render(
        model=model_name(snapshot),
        verdict=_health(overall_health(snapshot)),
        tally=tally(snapshot),
        counts=[(health, number) for health, number in counts if number],
        units=counted(len(snapshot.readings()), 'unit'),
        started=_moment(snapshot.started_at, options.now),
        took=duration_text(snapshot.duration_seconds),
        complete=snapshot.complete,
        faults=[safe(fault) for fault in snapshot.faults],
        notes=[safe(note) for note in snapshot.notes],
        causes=_causes(snapshot),
        views=_views(snapshot),
        services=[
            _service(number, service, options) for number, service in enumerate(snapshot.services)
        ],
    )


def _health(health: Health) -> dict[str, str]:
    return {'word': health.value, 'sign': _SIGNS[health]}


def _moment(moment: datetime | None, now: datetime) -> dict[str, str]:
    """Return a time for machines, for people, and as an age; all empty if there is none."""
    if moment is None:
        return {'iso': '', 'text': '', 'age': ''}
    utc = moment.astimezone(timezone.utc)
    return {
        'iso': format_time(utc) or '',
        'text': f'{utc:%Y-%m-%d %H:%M:%S} UTC',
        'age': f'{age_text(utc, now)} ago',
    }


def _causes(snapshot: Snapshot) -> list[dict[str, Any]]:
    anchors = {one.name: f'service-{number}' for number, one in enumerate(snapshot.services)}
    return [
        {
            'name': safe(str(cause.node), 200),
            'health': _health(cause.health),
            'message': safe(cause.message),
            'doubt': doubt_text(cause),
            'explains': [
                {
                    'doubt': certainty.adverb,
                    'victims': [{'name': safe(v, 200), 'id': anchors.get(v, '')} for v in names],
                }
                for certainty, names in explained_by(snapshot, cause)
            ],
        }
        for cause in causes_shown(snapshot)
    ]


def _views(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [
        {
            'name': safe(view.name, 200),
            'health': _health(view.health),
            'rule': rule_text(view),
            'qos': '–' if view.qos is None else f'{view.qos:.2f}',
            'members': [safe(member, 200) for member in view.members],
        }
        for view in snapshot.views
    ]


def _service(number: int, service: ServiceHealth, options: RenderOptions) -> dict[str, Any]:
    return {
        # Names may be anything, so anchors are numbers.
        'id': f'service-{number}',
        'name': safe(service.name, 200),
        'health': _health(service.health),
        'open': service.health is not Health.PASSED or options.unit_detail,
        'qos': '–' if service.qos is None else f'{service.qos:.2f}',
        'state': '–' if service.state is None else safe(state_text(service.state)),
        'rule': rule_text(service),
        'remarks': remarks(service),
        'blamed': blame_text(service, with_reason=False),
        'planned': sorted({safe(suppression.kind, 50) for suppression in service.suppressed}),
        'message': safe(service.message),
        'units': f'{service.coverage.seen}/{service.coverage.expected}',
        'coverage': _coverage(service),
        'readings': [_reading(reading, options) for reading in service.readings],
    }


def _coverage(service: ServiceHealth) -> str:
    """Return such as `3 expected: 2 reported, 1 unreachable`."""
    counts = {word.replace('_', ' '): number for word, number in vars(service.coverage).items()}
    expected = counts.pop('expected')
    parts = [f'{number} {word}' for word, number in counts.items() if number]
    return f'{counted(expected, "unit")} expected: {", ".join(parts) or "none known"}'


def _reading(reading: Reading, options: RenderOptions) -> dict[str, Any]:
    worst_first = sorted(reading.checks, key=lambda check: (-check.health.rank, check.name))
    return {
        'unit': safe(reading.unit.name, 200),
        'leader': reading.unit.leader,
        'machine': safe(reading.unit.machine, 100),
        'health': _health(reading.health),
        'state': '' if reading.state is None else safe(state_text(reading.state)),
        'outcome': reading.outcome.value,
        'reported': reading.report is not None,
        'message': safe(reading.message),
        'advice': safe(str(reading.advice)),
        'via': safe(reading.via, 200),
        'received': _moment(reading.received_at, options.now),
        'checks': [_check(check, options) for check in worst_first],
    }


def _check(check: CheckResult, options: RenderOptions) -> dict[str, Any]:
    return {
        'name': safe(check.name, 200),
        'health': _health(check.health),
        'qos': '–' if check.qos is None else f'{check.qos:.2f}',
        'message': safe(check.message),
        'at': _moment(check.at, options.now),
        'took': '–' if check.duration is None else f'{check.duration:.3f} s',
    }

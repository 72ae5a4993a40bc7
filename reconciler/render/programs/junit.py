"""JUnit XML: a suite per service, a case per check; for CI systems.

Format: `junit-10.xsd` of the Jenkins xUnit plugin, which holds for Surefire too. A warning and a
failure are failures, no evidence is an error: a case passes where the exit code would be 0. What
the service's rule tolerates is skipped, with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timezone
from xml.etree import ElementTree

from charm.kernel.report import Health
from reconciler.values.readings import ServiceHealth, Snapshot

from ..base import safe
from ..cases import CheckCase, cases, model_name
from ..meaning import cause_text, causes_shown
from ..options import RenderOptions

_FAULTS = (Health.WARN, Health.FAIL)


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the document; its last suite is the sweep itself."""
    root = ElementTree.Element('testsuites', name=model_name(snapshot))
    moment = snapshot.started_at.astimezone(timezone.utc).strftime('%Y-%m-%dT%H:%M:%S')
    for service in snapshot.services:
        suite = _suite(safe(service.name, 200), list(cases(service)), moment)
        suite.insert(0, _properties(service))
        root.append(suite)
    root.append(_suite('sweep', [_sweep_case(snapshot)], moment))
    for count in ('tests', 'failures', 'errors'):
        root.set(count, str(sum(int(suite.get(count, '0')) for suite in root)))
    root.set('time', _seconds(snapshot.duration_seconds))
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding='unicode')
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _sweep_case(snapshot: Snapshot) -> CheckCase:
    """Return whether the sweep asked every unit; its faults are told, and judge nothing."""
    words = [] if snapshot.complete else ['it ended before every unit was asked']
    words += [] if snapshot.services else ['there are no services']
    health = Health.UNKNOWN if words else Health.PASSED
    causes = [cause_text(snapshot, cause) for cause in causes_shown(snapshot)]
    message = '; '.join([*words, *map(safe, (*snapshot.faults, *snapshot.notes)), *causes])
    return CheckCase('sweep', '', 'complete', health, message, seconds=snapshot.duration_seconds)


def _suite(name: str, found: Sequence[CheckCase], moment: str) -> ElementTree.Element:
    judged = [case for case in found if not case.tolerated]
    suite = ElementTree.Element(
        'testsuite',
        name=name,
        tests=str(len(found)),
        failures=str(sum(case.health in _FAULTS for case in judged)),
        errors=str(sum(case.health is Health.UNKNOWN for case in judged)),
        skipped=str(len(found) - len(judged)),
        timestamp=moment,
        time=_seconds(sum(case.seconds or 0.0 for case in found)),
    )
    suite.extend(_testcase(case) for case in found)
    return suite


def _testcase(case: CheckCase) -> ElementTree.Element:
    # A dot would make a report browser see a package, as in the name of a Java class.
    owner = f'{case.service}.{case.unit}' if case.unit else case.service
    found = ElementTree.Element(
        'testcase', classname=owner, name=case.name, time=_seconds(case.seconds or 0.0)
    )
    if case.health is Health.PASSED:
        if case.message:
            ElementTree.SubElement(found, 'system-out').text = case.message
        return found
    kind, told = 'failure' if case.health in _FAULTS else 'error', case.message
    if case.tolerated:
        kind = 'skipped'
        told = f'{case.health.value}, which the rule of the service tolerates: {told}'
    child = ElementTree.SubElement(found, kind, type=case.health.value, message=told)
    child.text = '\n'.join(line for line in (told, case.advice) if line)
    return found


def _properties(service: ServiceHealth) -> ElementTree.Element:
    coverage, blame = service.coverage, service.blame
    values = {
        'health': service.health.value,
        'rule': safe(service.rule, 200),
        'because': safe(service.because, 300),
        'blame': '' if blame is None else blame.role.value,
        'certainty': blame.certainty.value if blame and blame.certainty else '',
        'suppressed': ' '.join(sorted({suppression.kind for suppression in service.suppressed})),
        'qos': '' if service.qos is None else f'{service.qos:.4f}',
        'state': '' if service.state is None else service.state.name.value,
        'units': f'{coverage.seen}/{coverage.expected}',
    }
    properties = ElementTree.Element('properties')
    for name, value in values.items():
        if value:
            ElementTree.SubElement(properties, 'property', name=name, value=value)
    return properties


def _seconds(seconds: float) -> str:
    """Return seconds as the schema wants them: plain, with three decimals."""
    return f'{max(0.0, seconds):.3f}'

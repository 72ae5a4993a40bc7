"""The Test Anything Protocol, version 13: a line per check, with what is wrong as YAML below it.

Version 13 rather than 14, since it is what `prove` and most readers know, and all of this is the
same in both. A line is `ok` where the exit code would be 0; what the service's rule tolerates is
`not ok` with a TODO, which readers count as no failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from charm.kernel.report import Health
from reconciler.values.readings import Snapshot

from ..base import safe
from ..cases import CheckCase, cases, model_name
from ..meaning import cause_text, causes_shown, view_text
from ..options import RenderOptions


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the document; its last line is the sweep itself."""
    found = [case for service in snapshot.services for case in cases(service)]
    found.append(_sweep_case(snapshot))
    lines = ['TAP version 13', f'1..{len(found)}', f'# {model_name(snapshot)}']
    lines += [f'# {safe(told)}' for told in (*snapshot.faults, *snapshot.notes)]
    lines += [f'# cause: {cause_text(snapshot, cause)}' for cause in causes_shown(snapshot)]
    lines += [f'# view {view.health.value}: {view_text(view)}' for view in snapshot.views]
    for number, case in enumerate(found, 1):
        lines += _lines(number, case)
    return '\n'.join(lines) + '\n'


def _sweep_case(snapshot: Snapshot) -> CheckCase:
    message = '' if snapshot.complete else 'it ended before every unit was asked'
    message = message if snapshot.services else 'there are no services'
    health = Health.UNKNOWN if message else Health.PASSED
    return CheckCase('sweep', '', 'complete', health, message)


def _lines(number: int, case: CheckCase) -> Iterator[str]:
    passed = case.health is Health.PASSED
    words = ' '.join(filter(None, (case.service, case.unit, case.name)))
    # No hash in it begins a directive.
    words = words.replace('\\', '\\\\').replace('#', '\\#')
    line = f'{"ok" if passed else "not ok"} {number} - {words}'
    if case.tolerated:
        line += ' # TODO the rule of the service tolerates it'
    yield line
    if passed:
        return
    yield '  ---'
    yield f'  health: {case.health.value}'
    yield f'  message: {_quoted(case.message)}'
    if case.advice:
        yield f'  advice: {_quoted(case.advice)}'
    yield '  ...'


def _quoted(text: str) -> str:
    """Return text as a YAML scalar; JSON's quoting is YAML's too."""
    return json.dumps(text, ensure_ascii=False)

"""What the doctor found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from reconciler.doctor.facts import DoctorFinding, LookResult

from ..drawn import draw, plain
from ..options import RenderOptions

SCHEMA_VERSION = 1
_STYLES = {
    LookResult.OK: 'green',
    LookResult.SKIPPED: 'dim',
    LookResult.WARN: 'yellow',
    LookResult.FAIL: 'bold red',
}


def render(found: Sequence[DoctorFinding], options: RenderOptions) -> str:
    """Return a line for each finding, with what mends it below."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    for wraps in (False, False, True):
        table.add_column(overflow='fold', no_wrap=not wraps)
    for finding in found:
        told = Text(finding.result.value, style=_STYLES[finding.result])
        table.add_row(told, plain(finding.name), plain(finding.message))
        if finding.mend:
            table.add_row('', '', Text('mend: ').append(plain(str(finding.mend), 'cyan')))
    return draw([table], options)


def render_json(found: Sequence[DoctorFinding], options: RenderOptions) -> str:
    """Return one JSON object, indented."""
    document = {
        'schema': SCHEMA_VERSION,
        'ok': all(finding.result in (LookResult.OK, LookResult.SKIPPED) for finding in found),
        'findings': [
            {**vars(finding), 'result': finding.result.value, 'mend': str(finding.mend)}
            for finding in found
        ],
    }
    return json.dumps(document, indent=2, allow_nan=False) + '\n'


FINDINGS: Mapping[str, Callable[[Sequence[DoctorFinding], RenderOptions], str]] = {
    'table': render,
    'json': render_json,
}

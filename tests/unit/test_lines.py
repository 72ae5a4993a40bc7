"""Text from outside is split at line feeds alone, everywhere, by one function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.tree import ROOT

# Text that we made ourselves, or of which the first line is shown to a person and nothing more.
OUR_OWN = {
    'reconciler/config/yaml_nodes.py': 'what PyYAML complains',
    'reconciler/render/drawn.py': 'a table that rich drew',
    'reconciler/cli/live/screen.py': 'a table that rich drew',
    'reconciler/cli/live/session.py': 'what our own log said',
}
SOURCES = sorted(
    str(path.relative_to(ROOT))
    for side in ('charm', 'reconciler')
    for path in (ROOT / side).rglob('*.py')
)


def splits_lines(path: Path) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in ('splitlines', 'readlines')
        for node in ast.walk(ast.parse(path.read_text()))
    )


@pytest.mark.parametrize('source', SOURCES)
def test_no_module_goes_by_what_python_takes_for_the_end_of_a_line(source: str) -> None:
    assert splits_lines(ROOT / source) is (source in OUR_OWN)

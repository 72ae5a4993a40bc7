"""The shape of the code: imports go one way, files and functions stay small."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.values.by_name import load
from tests.support.authors import PYTHONS, python_of
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT
from tests.unit.house_rules import MAP, ROOMS, breaches, modules

SOURCES = sorted(
    path for room in ('charm', 'reconciler', 'tests') for path in (ROOT / room).rglob('*.py')
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of both sides and of the map, to break the law in."""
    for side in ROOMS:
        shutil.copytree(ROOT / side, tmp_path / side, ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(ROOT / MAP, tmp_path)
    return tmp_path


def test_the_house_keeps_the_law() -> None:
    assert list(breaches(ROOT)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ('where', 'line', 'said'),
    [
        ('charm/kernel/report_json.py', 'from ..checks import check', 'which comes after it'),
        ('charm/checks/thresholds.py', 'import charm.sources.trust', 'which comes after it'),
        ('charm/sources/nrpe/files.py', 'from ...agent import units', 'which comes after it'),
        ('charm/reporting/states.py', 'from charm import juju', 'which comes after it'),
        ('charm/checks/options.py', 'import yaml', 'which no unit has to have'),
        ('charm/kernel/files.py', 'from reconciler.values import words', 'of the other side'),
        ('charm/reporting/runner.py', 'from charm.report import Health', 'a name for charms'),
        ('charm/checks/sockets.py', "LATER = {'x': '..agent.loop:Loop'}", 'which comes after it'),
        ('charm/kernel/deadline.py', 'from .wakeup import Wakeup', 'import each other'),
        ('reconciler/values/model.py', 'from ..juju import status', 'which comes after it'),
        ('reconciler/judge/collate.py', 'from reconciler.cli import main', 'which comes after it'),
        ('reconciler/saved/diff.py', 'from charm.reporting import sweep', 'not of the kernel'),
        ('reconciler/saved/diff.py', 'from charm.report import Health', 'not of the kernel'),
        # Rooms of the same name are on both sides.
        ('reconciler/saved/diff.py', 'from charm.cli import pretty', 'not of the kernel'),
        ('reconciler/saved/diff.py', 'import charm.juju.removal', 'not of the kernel'),
        # What is loaded by its name is an import, and the only late one.
        ('reconciler/judge/views.py', "X = 'reconciler.cli.main:main'", 'which comes after it'),
        ('reconciler/judge/views.py', "X = 'charm.agent.units:units'", 'not of the kernel'),
        ('reconciler/render/options.py', "X = 'reconciler.render.people.tree:X'", 'each other'),
        ('reconciler/saved/diff.py', 'def late():\n    import json', 'within a function'),
        ('charm/attic.py', '', 'is in no room'),
        ('reconciler/attic/box.py', '', 'is in no room'),
        ('reconciler/judge/attic/__init__.py', '', 'lacks reconciler/judge/attic'),
        ('tests/unit/charm/attic/test_box.py', '', 'is in no room of charm'),
        ('tests/unit/charm/judge/test_views.py', '', 'is in no room of charm'),
        ('tests/integration/asking.py', 'from tests.unit import house_rules', 'another place'),
        ('tests/support/tls.py', 'from ..unit.house_rules import MAP', 'another place'),
        ('bench/hook.py', 'import tests.unit.house_rules', 'another place'),
        ('tests/unit/charm/cli/test_pretty.py', 'from ..kernel import test_wire', 'another place'),
        ('tests/unit/charm/juju/test_main.py', 'import tests.integration.asking', 'another place'),
        (MAP, '| `charm/attic/` | what is old |', 'which does not exist'),
    ],
)
def test_the_law_finds_each_breach(house: Path, where: str, line: str, said: str) -> None:
    path = house / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{path.read_text() if path.exists() else ""}\n{line}\n')
    found = list(breaches(house))
    assert any(said in breach for breach in found), found


@pytest.mark.parametrize('name', sorted({one for m in modules(ROOT) for one in m.loaded}))
def test_what_is_loaded_by_its_name_is_there(name: str) -> None:
    assert load(name) is not None


@pytest.mark.parametrize('version', PYTHONS)
def test_a_helper_of_checks_loads_no_check(version: str) -> None:
    code = (
        f'import sys; sys.path.insert(0, {str(ROOT)!r})\n'
        'import charm.checks.options, charm.checks.thresholds, charm.sources.trust\n'
        'print([name for name in sys.modules if name.startswith("charm.checks.kinds")])'
    )
    done = subprocess.run(
        [str(python_of(version)), '-IB', '-c', code], capture_output=True, check=True
    )
    assert done.stdout == b'[]\n'


def test_files_are_short() -> None:
    long = {str(p): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 300}
    assert long == {}


def test_functions_are_short() -> None:
    long = [
        f'{path}:{node.name}'
        for path in SOURCES
        if 'tests' not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and _statement_lines(node) > 40
    ]
    assert long == []


def _statement_lines(node: ast.FunctionDef) -> int:
    """Return the lines of a function's body without its docstring and its signature."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize('version', PYTHONS)
def test_the_health_hook_answers_on_every_python_here(version: str, tmp_path: Path) -> None:
    (tmp_path / 'a.yaml').write_text(
        'checks:\n  x:\n    kind: script\n    command: [/bin/false]\n'
    )
    done = subprocess.run(
        [
            str(python_of(version)),
            '-I',
            str(ROOT / 'hooks' / 'health'),
            '--definitions',
            str(tmp_path),
        ],
        capture_output=True,
        env={**os.environ, 'PYTHONWARNINGS': 'error', 'PYTHONDONTWRITEBYTECODE': '1'},
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b'{"schema":1,')


def test_each_word_of_the_glossary_is_explained_in_25_words() -> None:
    text = (ROOT / MAP).read_text().partition('## Words')[2].partition('\n## ')[0]
    rows = [line.split('|')[1:3] for line in text.splitlines() if line.startswith('| ')][2:]
    words = [word.strip() for word, _ in rows]
    assert words == sorted(words)
    assert len(words) > 30
    assert {
        word.strip(): len(meaning.split()) for word, meaning in rows if len(meaning.split()) > 25
    } == {}

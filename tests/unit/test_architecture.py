"""The shape of the code: imports point down, files and functions stay small."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for room in ('charm', 'reconciler', 'tests') for path in (ROOT / room).rglob('*.py')
)
# From the top down: a room may import those after it, and its own.
ROOMS = (
    'cli',
    'render',
    'diff',
    'doctor',
    'probes',
    'replay',
    'archive',
    'survey_all',
    'saved',
    'crossing',
    'fleet',
    'survey',
    'conclude',
    'ceilings',
    'explain',
    'causes',
    'suspects',
    'shared_fate',
    'weave',
    'graph',
    'troubles',
    'sayings',
    'circles',
    'interfaces',
    'collect',
    'ghosts',
    'fanout',
    'vouch',
    'interpret',
    'inbox',
    'boots',
    'errands',
    'exit_codes',
    'config_names',
    'config_file',
    'config_yaml',
    'views',
    'collate',
    'config',
    'maintenance_file',
    'maintenance',
    'rollups',
    'moments',
    'derive',
    'retry',
    'ask',
    'reach',
    'status',
    'juju',
    'words',
    'since',
    'places',
    'readings',
    'freshness',
    'outcomes',
    'juju_words',
    'model',
    'errors',
)
# What the orchestrator may use of the unit side: the kernel, and the two doors.
KERNEL = {
    *('errors', 'report', 'wire', 'merge', 'deadline', 'gather', 'command', 'files'),
    *('fields', 'strict_json', 'identity', 'bell'),
}
# Both ends of a push, and the reader of the agent's log, are written once.
SHARED = ('charm.agent.contract', 'charm.agent.limits', 'charm.agent.log')
PYTHONS = [
    Path(sys.executable),
    *(
        path
        for path in sorted(Path.home().glob('.pyenv/versions/3.*/bin/python'))
        if int(path.parts[-3].split('.')[1]) >= 8
    ),
]
RECONCILER = sorted((ROOT / 'reconciler').rglob('*.py'))
UNIT_SIDE = sorted((ROOT / 'charm').rglob('*.py'))


def imports(path: Path) -> Iterator[str]:
    """Yield every imported module's full name."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = '.'.join([*base, *filter(None, [node.module])])
            yield module
            yield from (f'{module}.{alias.name}' for alias in node.names)


def room(module: str) -> str:
    return module.split('.')[1] if '.' in module else ''


@pytest.mark.parametrize('path', RECONCILER, ids=lambda path: path.stem)
def test_imports_point_down(path: Path) -> None:
    here = room('.'.join(path.relative_to(ROOT).with_suffix('').parts))
    below = ROOMS[ROOMS.index(here) :] if here in ROOMS else ROOMS
    for module in imports(path):
        if module.startswith('reconciler.') and room(module) in ROOMS:
            if here == 'reach' and room(module) == 'juju':
                continue  # The reach through juju is made of the juju command.
            assert room(module) in below, f'{path}: {here} imports {module}'
        if module.startswith(('charm.__version__', *SHARED)):
            continue
        if module.startswith('charm.'):
            assert room(module) in KERNEL, f'{path} imports {module}'


def test_the_unit_side_imports_neither_the_orchestrator_nor_third_parties() -> None:
    allowed = {*sys.stdlib_module_names, 'charm', ''}
    for path in UNIT_SIDE:
        for module in imports(path):
            assert module.split('.')[0] in allowed, f'{path} imports {module}'


def test_every_module_is_on_the_map() -> None:
    text = (ROOT / 'ARCHITECTURE.md').read_text()
    modules = {
        path.stem if path.is_file() else path.name
        for side in ('charm', 'reconciler')
        for path in (ROOT / side).iterdir()
        if path.suffix == '.py' or (path / '__init__.py').exists()
    }
    named = set(re.findall(r'`([a-z_]+)(?:/[a-z]*)?`', text))
    assert modules - {'__init__', '__main__'} <= named


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


@pytest.mark.parametrize('python', PYTHONS, ids=lambda path: path.parts[-3])
def test_the_health_hook_answers_on_every_python_here(python: Path, tmp_path: Path) -> None:
    (tmp_path / 'a.yaml').write_text(
        'checks:\n  x:\n    kind: script\n    command: [/bin/false]\n'
    )
    done = subprocess.run(
        [str(python), '-I', str(ROOT / 'hooks' / 'health'), '--definitions', str(tmp_path)],
        capture_output=True,
        env={**os.environ, 'PYTHONWARNINGS': 'error', 'PYTHONDONTWRITEBYTECODE': '1'},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b'{"schema":1,')

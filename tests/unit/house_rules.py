"""The law of the house: every module is in a room, and imports go to rooms listed before its own.

Tests are in rooms of the same names, and what they share is in none of them.

`breaches` takes any tree, so that the law is tried on trees that break it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import resolve_name
from pathlib import Path

from graphlib import CycleError, TopologicalSorter

# From the ground up: a room may import those before it, and its own.
ROOMS = {
    'charm': (
        *(
            'kernel',
            'checks',
            'sources',
            'reporting',
            'probe',
            'agent',
            'framework',
            'cli',
            'juju',
        ),
    ),
    'reconciler': (
        *('values', 'juju', 'rollups', 'causes', 'config', 'reach', 'ask', 'judge', 'inbox'),
        *('collect', 'sweeps', 'doctor', 'saved', 'history', 'notify', 'schedule'),
        *('render', 'cli'),
    ),
}
# Names that others import by our documentation: each leads into a room, and none of ours uses it.
DOCUMENTED = (
    *('charm.services', 'charm.hysteresis', 'charm.report', 'charm.errors'),
    *('charm.agent.cli', 'charm.agent.log', 'charm.agent.contract', 'reconciler.receive'),
)
# `python3 -m charm`, and the packages themselves.
DOORS = ('charm', 'charm.__main__', 'reconciler')
# What each side may import of the unit side, beside what the order of its rooms allows.
_OFFERED = {'charm': ('__version__',), 'reconciler': ('kernel', '__version__')}
MAP = 'ARCHITECTURE.md'
# How a module names what is imported when it is wanted, which is an import all the same: in full,
# or seen from where it stands.
_BY_NAME = re.compile(r'((?:charm|reconciler)(?:\.\w+)+|\.+[a-z_.]+):(\w+)')


@dataclass(frozen=True)
class Module:
    """One file of Python, `name` being how it is imported."""

    name: str
    path: Path
    package: bool

    @property
    def side(self) -> str:
        return self.name.split('.')[0]

    @property
    def room(self) -> str:
        return room_of(self.name)

    @property
    def _package(self) -> str:
        return self.name if self.package else self.name.rpartition('.')[0]

    @cached_property
    def _tree(self) -> ast.Module:
        return ast.parse(self.path.read_text())

    @property
    def loaded(self) -> Iterator[str]:
        """Yield in full every name, such as `charm.cli.main:main`, that is loaded when wanted."""
        for node in ast.walk(self._tree):
            value = node.value if isinstance(node, ast.Constant) else None
            named = _BY_NAME.fullmatch(value) if isinstance(value, str) else None
            if named:
                yield f'{resolve_name(named[1], self._package)}:{named[2]}'

    @property
    def hidden(self) -> Iterator[int]:
        """Yield the line of every import that is not at the top."""
        for function in ast.walk(self._tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        yield node.lineno

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Every imported module's full name, and with it each imported name."""
        named = (name.split(':') for name in self.loaded)
        return (
            *self._imports(),
            *(one for module, name in named for one in (module, f'{module}.{name}')),
        )

    def _imports(self) -> Iterator[str]:
        package = self._package.split('.')
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                module = '.'.join([*base, *filter(None, [node.module])])
                yield module
                yield from (f'{module}.{alias.name}' for alias in node.names)


def room_of(module: str) -> str:
    """Return the room of `charm.kernel.report`, which is `kernel`; empty at the top."""
    return module.split('.')[1] if '.' in module else ''


def modules(root: Path) -> Iterator[Module]:
    """Yield every module of both sides."""
    for side in ROOMS:
        for path in sorted((root / side).rglob('*.py')):
            parts = path.relative_to(root).with_suffix('').parts
            package = parts[-1] == '__init__'
            yield Module('.'.join(parts[:-1] if package else parts), path, package)


def breaches(root: Path) -> Iterator[str]:
    """Yield each breach of the law, in words."""
    house = list(modules(root))
    for module in house:
        yield from _out_of_place(module)
        yield from _hidden(module)
        for imported in module.imports:
            yield from _upward(module, imported)
            yield from _foreign(module, imported)
    yield from _circles(house)
    yield from _map(root)
    yield from _tests(root)


def _out_of_place(module: Module) -> Iterator[str]:
    if module.name not in (*DOCUMENTED, *DOORS) and module.room not in ROOMS[module.side]:
        yield f'{module.name} is in no room'


def _hidden(module: Module) -> Iterator[str]:
    """Yield each import within a function: the orchestrator loads what it wants late by name."""
    if module.side == 'reconciler':
        yield from (f'{module.name} imports within a function, line {n}' for n in module.hidden)


def _upward(module: Module, imported: str) -> Iterator[str]:
    if imported in DOCUMENTED and not module.package:
        yield f'{module.name} imports {imported}, which is a name for charms'
    order = ROOMS[module.side]
    if module.name in (*DOCUMENTED, *DOORS) or module.room not in order:
        return
    there = room_of(imported)
    if imported.split('.')[0] == module.side and there in order:
        if order.index(there) > order.index(module.room):
            yield f'{module.name} imports {imported}, which comes after it'
    elif module.side == 'charm' and imported.split('.')[0] == 'reconciler':
        yield f'{module.name} imports {imported}, which is of the other side'
    elif imported.startswith('charm.') and there not in _OFFERED[module.side]:
        yield f'{module.name} imports {imported}, which is not of the kernel'


def _foreign(module: Module, imported: str) -> Iterator[str]:
    allowed = {*sys.stdlib_module_names, *ROOMS, ''}
    if module.side == 'charm' and imported.split('.')[0] not in allowed:
        yield f'{module.name} imports {imported}, which no unit has to have'


def _circles(house: list[Module]) -> Iterator[str]:
    """Yield a circle of modules that import each other; a package stands for what it holds."""
    names = {module.name for module in house if not module.package}
    graph = {
        module.name: {found for found in module.imports if found in names - {*DOCUMENTED}}
        for module in house
        if not module.package
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f'modules import each other: {" <- ".join(error.args[1])}'


def _map(root: Path) -> Iterator[str]:
    """Yield where the map and the house differ: rooms that are missing on either."""
    drawn = set(re.findall(r'^\| `((?:charm|reconciler)/[a-z_/]+)/`', _text(root), re.MULTILINE))
    built = {
        '/'.join(module.name.split('.'))
        for module in modules(root)
        if module.package and '.' in module.name
    }
    yield from (f'{MAP} has {room}, which does not exist' for room in sorted(drawn - built))
    yield from (f'{MAP} lacks {room}' for room in sorted(built - drawn))


def _tests(root: Path) -> Iterator[str]:
    """Yield where the tests differ from the house, and which use tests of another place."""
    for side, rooms in ROOMS.items():
        for path in sorted((root / 'tests/unit' / side).glob('*/*.py')):
            if path.parent.name not in rooms:
                yield f'{path.relative_to(root)} is in no room of {side}'
    for place in ('tests', 'bench'):
        for path in sorted((root / place).rglob('*.py')):
            name = '.'.join(path.relative_to(root).with_suffix('').parts)
            for imported in Module(name, path, False).imports:
                own = imported.startswith(f'{name.rpartition(".")[0]}.')
                if not own and imported.startswith(('tests.unit.', 'tests.integration.')):
                    yield f'{name} imports {imported}, which is of tests of another place'


def _text(root: Path) -> str:
    return (root / MAP).read_text()

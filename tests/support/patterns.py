"""Find every regular expression of a source tree, and how each is used."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charm.kernel.pattern import Uncompiled, pattern
from tests.support.ambiguity import EVERY, FIRST, ONCE

USES = ONCE | FIRST | EVERY
PROGRAMS = ('hooks', 'actions')
SIDES = ('charm', 'reconciler')
AnyPattern = re.Pattern[str] | re.Pattern[bytes]


@dataclass(frozen=True)
class Found:
    """A pattern at `where`, a file and a line, and the methods by which it is used."""

    where: str
    pattern: AnyPattern
    used: frozenset[str]


@dataclass(frozen=True)
class Unknown:
    """A call whose pattern is only known when it runs: `call` is its source."""

    where: str
    call: str


class Source:
    """The Python files of a tree."""

    def __init__(self, root: Path):
        paths = [path for side in SIDES for path in sorted((root / side).rglob('*.py'))]
        programs = [path for place in PROGRAMS for path in sorted((root / place).glob('*'))]
        paths += [path for path in programs if b'python' in path.read_bytes().split(b'\n')[0]]
        self._files = [_File(root, path) for path in paths]
        self._uses = [use for file in self._files for use in file.uses()]

    def found(self) -> Iterator[Found | Unknown]:
        for file in self._files:
            for item in file.found():
                yield self._used(file, item) if isinstance(item, _Kept) else item

    def _used(self, file: _File, kept: _Kept) -> Found:
        """Return a kept pattern with what is done to its name anywhere.

        If nothing is, it is in a table, and what is done to one may be anything that its file does
        to patterns without a name of their own.
        """
        private = kept.name.startswith('_')
        named = {
            use
            for name, use, at in self._uses
            if name == kept.name and (at is file or not private)
        }
        table = {use for name, use, at in self._uses if at is file and name not in file.kept}
        return Found(kept.where, kept.pattern, frozenset(named or table or EVERY))


@dataclass(frozen=True)
class _Kept:
    where: str
    name: str
    pattern: AnyPattern


class _File:
    def __init__(self, root: Path, path: Path):
        self.where = path.relative_to(root)
        self._tree = ast.parse(path.read_text())
        self._globals = [
            node for node in self._tree.body if isinstance(node, (ast.Assign, ast.AnnAssign))
        ]
        self.kept = {
            target.id for node in self._globals if any(_calls(node)) for target in _targets(node)
        }

    def uses(self) -> Iterator[tuple[str, str, _File]]:
        """Yield the name that each method of a pattern is called on; empty if it has none."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Attribute) and node.attr in USES and _name(node.value) != 're':
                yield _name(node.value), node.attr, self

    def found(self) -> Iterator[_Kept | Found | Unknown]:
        seen: set[ast.Call] = set()
        for node in self._globals:
            calls = list(_calls(node))
            if calls:
                seen.update(calls)
                yield from self._global(node, calls)
        for call in _calls(self._tree):
            if call not in seen:
                yield self._within(call)

    def _global(
        self, node: ast.Assign | ast.AnnAssign, calls: list[ast.Call]
    ) -> Iterator[_Kept | Unknown]:
        where = f'{self.where}:{node.lineno}'
        if self.where.suffix != '.py':
            yield Unknown(where, ast.unparse(node))
            return
        module = importlib.import_module('.'.join(self.where.with_suffix('').parts))
        names = [target.id for target in _targets(node)]
        patterns = [item for name in names for item in _patterns(getattr(module, name))]
        if len(patterns) < len(calls):
            yield Unknown(where, ast.unparse(node))
        yield from (_Kept(where, names[0], pattern) for pattern in patterns)

    def _within(self, call: ast.Call) -> Found | Unknown:
        """Return a pattern that stands in a call within a function."""
        where = f'{self.where}:{call.lineno}'
        method = _name(call.func)
        written = call.args[0] if call.args else None
        if not isinstance(written, ast.Constant) or method not in USES:
            return Unknown(where, ast.unparse(call))
        flags = [word.value for word in call.keywords if word.arg == 'flags']
        code = compile(ast.Expression(flags[0]), str(self.where), 'eval') if flags else '0'
        source: Any = written.value
        pattern = re.compile(source, eval(code, {'re': re}))  # noqa: S307 - our source
        return Found(where, pattern, frozenset({method}))


def _targets(node: ast.Assign | ast.AnnAssign) -> Iterator[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    yield from (target for target in targets if isinstance(target, ast.Name))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call of a function of `re` that takes a pattern, and of our `pattern`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == pattern.__name__:
                yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == 're'
            if of_re and node.func.attr in USES | {'compile', 'template'}:
                yield node


def _name(node: ast.expr) -> str:
    """Return `_UNIT` of `_UNIT`, `module._UNIT` and `_UNIT[0]`; nothing for what has no name."""
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    return {ast.Name: 'id', ast.Attribute: 'attr'}.get(type(node), '') and getattr(
        node, 'id' if isinstance(node, ast.Name) else 'attr'
    )


def _patterns(value: Any) -> Iterator[AnyPattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Uncompiled):
        written: Any = value
        yield re.compile(written.pattern, written.flags)
    elif isinstance(value, dict):
        yield from (found for item in value.items() for found in _patterns(item))
    elif isinstance(value, (tuple, list, set, frozenset)):
        yield from (found for item in value for found in _patterns(item))

"""What looks at a machine where no health hook answers: sent by stdin, run from memory.

It is the `probe` room of the unit side with all that this imports, as one archive. The machine's
own Python takes it from an anonymous file of memory (memfd_create(2)), so that a full disk or a
`noexec` one changes nothing, and nothing is left behind.
"""

from __future__ import annotations

import ast
import functools
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import charm
from charm.kernel.builtin_checks import BUILT_IN_CHECKS

from .frames import Request

BY_PROBE = 'probe'
# Of the some 3 kB that come back, a hundred times as much.
_CAP_BYTES = 256 * 1024
_PROGRAM = 'charm.probe.main'
# The zip format knows no earlier day: the same sources always make the same bytes.
_DAY = (1980, 1, 1, 0, 0, 0)
# In words of any Python 3: one that is too old has to be able to say so. Checks import what they
# need in threads, which zipimport by itself is not fit for: up to Python 3.9 it shows others a
# module that is half made, and of two that decompress at once one is told that there is no zlib.
BOOTSTRAP = """\
import sys
if sys.version_info < (3, 8):
    sys.exit('its Python is %d.%d, and that wants 3.8 or newer' % sys.version_info[:2])
import os
size, asked = int(sys.argv[1]), int(sys.argv[2])
archive = sys.stdin.buffer.read(size)
asked = sys.stdin.buffer.read(asked)
if len(archive) < size or len(asked) < int(sys.argv[2]):
    sys.exit('what was to look at it did not come whole')
memory = os.memfd_create('juju-health')
with open(memory, 'wb', closefd=False) as file:
    file.write(archive)
import _thread, zipimport
class Archive(zipimport.zipimporter):
    lock = _thread.RLock()
    def get_code(self, name):
        with self.lock:
            return zipimport.zipimporter.get_code(self, name)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        exec(self.get_code(module.__name__), module.__dict__)
sys.path_hooks.insert(0, Archive)
sys.path.insert(0, '/proc/self/fd/%d' % memory)
from charm.probe.main import main
main(asked)
"""


@dataclass(frozen=True)
class ProbeOptions:
    """How to look at machines.

    Attributes:
        checks: options of built-in checks, by check.
        spared: the applications that nobody wants looked at.
    """

    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    spared: frozenset[str] = frozenset()


def look_at(
    unit: str,
    ports: Sequence[int],
    unless: Sequence[str],
    deadline_seconds: float,
    options: ProbeOptions = ProbeOptions(),
) -> Request:
    """Return the request to look at the machine, or pod, that the unit is on.

    Args:
        unit: any one that is there.
        ports: those on which somebody should answer.
        unless: the hooks that would answer: if all of them are there, nobody has to look.
        deadline_seconds: what is not seen by then is unknown.
        options: how.
    """
    packed = archive()
    wanted = {'unit': unit, 'seconds': deadline_seconds, 'ports': ports, 'checks': options.checks}
    asked = json.dumps(wanted, default=str).encode()
    sizes = (str(len(packed)), str(len(asked)))
    return Request(
        unit,
        'python3',
        ('-I', '-S', '-B', '-c', BOOTSTRAP, *sizes),
        by=BY_PROBE,
        cap_bytes=_CAP_BYTES,
        stdin=(packed, asked),
        unless=tuple(unless),
    )


@functools.cache
def archive() -> bytes:
    """Return the program and all that it imports of ours, as a zip file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, 'w') as packed:
        for name, path in sorted(_modules().items()):
            inside = name.replace('.', '/')
            inside += '/__init__.py' if path.name == '__init__.py' else '.py'
            info = zipfile.ZipInfo(inside, _DAY)
            packed.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    return held.getvalue()


def _modules() -> dict[str, Path]:
    """Return the file of each module that the program is made of, by its name."""
    found: dict[str, Path] = {}
    waiting = [_PROGRAM]
    while waiting:
        name = waiting.pop()
        path = None if name in found else _file(name)
        if path is not None:
            found[name] = path
            waiting += _imported(name, path)
    return found


def _file(name: str) -> Path | None:
    """Return a module's file; `None` for a name that a module only holds."""
    inside = Path(charm.__file__).parent.parent.joinpath(*name.split('.'))
    files = (inside / '__init__.py', inside.with_suffix('.py'))
    return next((one for one in files if one.is_file()), None)


def _imported(name: str, path: Path) -> Iterator[str]:
    """Yield the packages that a module is in, and every name that it imports of ours."""
    words = name.split('.')
    yield from ('.'.join(words[:count]) for count in range(1, len(words)))
    package = words if path.name == '__init__.py' else words[:-1]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *filter(None, [node.module])]
            yield '.'.join(base)
            yield from ('.'.join([*base, alias.name]) for alias in node.names)
        elif isinstance(node, ast.Dict):
            yield from (f'{name}.{kind}' for kind in _kinds(node))


def _kinds(table: ast.Dict) -> Iterator[str]:
    """Yield the modules of built-in checks, if that is the table which has those of all kinds."""
    for word, row in zip(table.keys, table.values):
        if isinstance(word, ast.Constant) and isinstance(row, ast.Constant):
            module, colon, _class = str(row.value).partition(':')
            if word.value in BUILT_IN_CHECKS and colon:
                yield module.lstrip('.')

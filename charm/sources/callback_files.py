"""Files of callbacks: Python of an operator's, each with a table `CALLBACKS`.

Such a file is code that we run, so it is trusted as definitions are: one that others than its
owner may write, or that somebody else owns, is refused.
"""

from __future__ import annotations

import collections.abc
import sys
import types
from pathlib import Path

from ..kernel.errors import DefinitionError
from ..kernel.hints import Dict, List, Tuple
from ..kernel.names import nearest
from .callbacks import Callback, callables
from .trust import list_trusted, read_trusted

_TABLE = 'CALLBACKS'


def list_files(directory: Path) -> Tuple[Path, ...]:
    """Return the files of callbacks in a directory, in order; none if it does not exist.

    Raises:
        DefinitionError: it cannot be listed, or others than its owner may write it.
    """
    try:
        names = list_trusted(directory)
    except FileNotFoundError:
        return ()
    ours = (name for name in names if name.endswith('.py') and not name.startswith(('.', '_')))
    return tuple(directory / name for name in ours)


def read_file(path: Path) -> Dict[str, List[Callback]]:
    """Run a file, and return its table: services' names, or globs, with their callbacks.

    Raises:
        DefinitionError: it is not trusted, does not run, or has no table.
    """
    source = str(path)
    try:
        code = compile(read_trusted(path), source, 'exec')
        module = types.ModuleType(f'juju_health_callbacks_{path.stem}')
        module.__file__ = source
        # Dataclasses and pickles look their module up.
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)  # noqa: S102 - it is what plug-ins are for; see read_trusted()
    except DefinitionError:
        raise
    except SyntaxError as error:
        raise DefinitionError(source, f'line {error.lineno}', str(error.msg)) from error
    except BaseException as error:
        # The boundary for what a plug-in does when it is read: a file costs only itself.
        reason = f'{type(error).__name__}: {error}'
        raise DefinitionError(source, '', f'it does not run: {reason}') from error
    return _read_table(source, module)


def _read_table(source: str, module: types.ModuleType) -> Dict[str, List[Callback]]:
    if not hasattr(module, _TABLE):
        hint = nearest(_TABLE, [name for name in vars(module) if name.isupper()])
        near = hint if 'did you mean' in hint else ''
        raise DefinitionError(source, _TABLE, f'there is no such table{near}')
    value = getattr(module, _TABLE)
    by_service = value if isinstance(value, collections.abc.Mapping) else {'*': value}
    table: Dict[str, List[Callback]] = {}
    for pattern, given in by_service.items():
        key = _TABLE if value is not by_service else f'{_TABLE}[{pattern!r}]'
        if not isinstance(pattern, str) or not pattern:
            raise DefinitionError(source, key, 'it is not the name of a service, or a glob')
        table[pattern] = callables(source, key, given)
    return table

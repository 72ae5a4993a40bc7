"""Callbacks of a charm's author or of an operator: what to call, for which service.

They come from two places: the `health` key of services framework definitions, read without
building anything else in them; and files of Python in /etc/juju-health/callbacks.d, each with a
table `CALLBACKS`. Such a file is code that we run, so it is trusted as definitions are: one that
others than its owner may write, or that somebody else owns, is refused.
"""

from __future__ import annotations

import fnmatch
import sys
import types
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ..checks.check import CheckSpec
from ..checks.settling_rule import SettlingRule, settled_by
from ..kernel.deadline import Deadline
from ..kernel.errors import DefinitionError
from ..kernel.gather import gather
from ..kernel.merge_checks import read_subset
from ..kernel.names import nearest
from ..kernel.paths import HERE
from ..kernel.report import CheckResult, JSONObject
from .trust import list_trusted, read_trusted

Callback = Callable[[str], Any]
Table = Mapping[str, Iterable[Callback]]

# Every file is code that may hang while it is read; the checks are still to run after it.
_IMPORT_SECONDS = 5.0
_WORKERS = 16
_TABLE = 'CALLBACKS'


@dataclass(frozen=True)
class BoundCallback:
    """A callback with the service that it is called for, whatever the unit's application is.

    Attributes:
        callback: the author's function.
        service: of the definition.
        name: what the check is called, unless the answer says.
        rule: how its answers settle, `None` if they do not.
    """

    callback: Callback
    service: str
    name: str
    rule: Optional[SettlingRule] = None

    def run_all(self, name: str, deadline: Deadline) -> Tuple[CheckResult, ...]:
        """Return what the author's function says of its service; it is not told the deadline."""
        return read_subset(self.callback(self.service), name)

    @property
    def spec(self) -> CheckSpec:
        """Return the check that it is."""
        return CheckSpec(self.name, self, source='callback', settling=self.rule)


@dataclass(frozen=True)
class DeclaredHealth:
    """The health keys of services framework definitions.

    Attributes:
        callbacks: of all services, in order.
        rollup: how the units of the application make one, as `{'rule': 'at-least', 'count': 2}`;
            empty if none says.
    """

    callbacks: Tuple[BoundCallback, ...] = ()
    rollup: Mapping[str, Any] = field(default_factory=dict)


def declared(definitions: Sequence[Mapping[str, Any]]) -> DeclaredHealth:
    """Return what the definitions say of health; nothing else in them is looked at or built.

    Raises:
        DefinitionError: `health` or `rollup` of one is not what it should be.
    """
    found: List[BoundCallback] = []
    rollups: Dict[str, JSONObject] = {}
    for definition in definitions:
        service = definition.get('service')
        if not isinstance(service, str) or not service:
            raise DefinitionError('the services', 'service', 'a definition has no name')
        found += bind(_health(service, definition), service)
        if definition.get('rollup'):
            rollups[service] = _rollup(service, definition['rollup'])
    if len({repr(sorted(rollup.items())) for rollup in rollups.values()}) > 1:
        reason = 'a unit has one rollup, and these differ'
        raise DefinitionError('the services', f'rollup of {" and ".join(rollups)}', reason)
    names = [bound.name for bound in found]
    for index, bound in enumerate(found):
        if names.count(bound.name) > 1:
            found[index] = replace(bound, name=f'{bound.service}-{bound.name}')
    return DeclaredHealth(tuple(found), next(iter(rollups.values()), {}))


def bind(callbacks: Iterable[Callback], service: str) -> List[BoundCallback]:
    """Return the callbacks bound to a service, each with its name and how it settles.

    The name is the one that `@settle` gave, else that of the function, of the one inside a
    `functools.partial`, or of the object's class.
    """
    bound: List[BoundCallback] = []
    for callback in callbacks:
        settled = settled_by(callback)
        inner = getattr(callback, 'func', callback)
        plain = str(getattr(inner, '__name__', type(inner).__name__))
        bound.append(BoundCallback(callback, service, settled.name or plain, settled.rule))
    return bound


def for_service(table: Table, service: str) -> Tuple[Callback, ...]:
    """Return the callbacks that a table has for a service; its keys are names or globs."""
    return tuple(
        callback
        for pattern, callbacks in table.items()
        if fnmatch.fnmatchcase(service, pattern)
        for callback in callbacks
    )


def load(
    directory: Path = HERE.callbacks, patience_seconds: float = _IMPORT_SECONDS
) -> Tuple[Table, Tuple[DefinitionError, ...]]:
    """Return the callbacks in the directory's files, and what is wrong with those of no use."""
    try:
        names = list_trusted(directory)
    except FileNotFoundError:
        return {}, ()
    except DefinitionError as error:
        return {}, (error,)
    ours = (name for name in names if name.endswith('.py') and not name.startswith(('.', '_')))
    paths = [directory / name for name in ours]
    tables: Dict[Path, Table] = {}
    faults: Dict[Path, DefinitionError] = {}
    calls: Dict[Path, Callable[[], Table]] = {path: partial(_load_file, path) for path in paths}
    for done in gather(calls, Deadline.after(patience_seconds), _WORKERS):
        if done.value is not None:
            tables[done.key] = done.value
        elif isinstance(done.error, DefinitionError):
            faults[done.key] = done.error
    for path in paths:
        if path not in tables and path not in faults:
            reason = f'it was not read to its end within {patience_seconds:g} s'
            faults[path] = DefinitionError(str(path), '', reason)
    table: Dict[str, List[Callback]] = {}
    for path in sorted(tables):
        for pattern, callbacks in tables[path].items():
            table.setdefault(pattern, []).extend(callbacks)
    return table, tuple(faults[path] for path in sorted(faults))


def _load_file(path: Path) -> Table:
    """Return the table of one file, or refuse what is not trusted, does not run, or has none."""
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


def _read_table(source: str, module: types.ModuleType) -> Table:
    if not hasattr(module, _TABLE):
        hint = nearest(_TABLE, [name for name in vars(module) if name.isupper()])
        near = hint if 'did you mean' in hint else ''
        raise DefinitionError(source, _TABLE, f'there is no such table{near}')
    value = getattr(module, _TABLE)
    by_service = value if isinstance(value, Mapping) else {'*': value}
    table: Dict[str, List[Callback]] = {}
    for pattern, given in by_service.items():
        key = _TABLE if value is not by_service else f'{_TABLE}[{pattern!r}]'
        if not isinstance(pattern, str) or not pattern:
            raise DefinitionError(source, key, 'it is not the name of a service, or a glob')
        table[pattern] = _callables(source, key, given)
    return table


def _health(service: str, definition: Mapping[str, Any]) -> List[Callback]:
    key = f'{service}.health'
    callbacks = _callables('the services', key, definition.get('health') or [])
    for callback in callbacks:
        # By its name: the class is charmhelpers', which the health path does not import.
        if any(base.__name__ == 'ManagerCallback' for base in type(callback).__mro__):
            reason = 'a ManagerCallback needs the manager; give a function of the service name'
            raise DefinitionError('the services', key, reason)
    return callbacks


def _callables(source: str, key: str, given: Any) -> List[Callback]:
    """Return one callback, or many, as a list, or refuse what cannot be called."""
    many = [given] if callable(given) or isinstance(given, str) else given
    if not isinstance(many, (list, tuple)):
        reason = f'{type(given).__name__} where a function, or a list of them, belongs'
        raise DefinitionError(source, key, reason)
    for callback in many:
        if not callable(callback):
            raise DefinitionError(source, key, f'{callback!r} is not a function')
    return list(many)


def _rollup(service: str, value: Any) -> JSONObject:
    rollup = {'rule': value} if isinstance(value, str) else value
    if not isinstance(rollup, dict) or not isinstance(rollup.get('rule'), str):
        reason = "it is neither a rule's name nor like {'rule': 'at-least', 'count': 2}"
        raise DefinitionError('the services', f'{service}.rollup', reason)
    return dict(rollup)

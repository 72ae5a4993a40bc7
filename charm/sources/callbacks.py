"""Callbacks of a charm's author or of an operator: what to call, for which service.

They come from two places: the `health` key of services framework definitions, read without
building anything else in them; and files of Python in /etc/juju-health/callbacks.d, see
`callback_files.py`. Here they are only bound to services; a process of their own calls them, see
`apart/`.
"""

from __future__ import annotations

from ..checks.check import CheckSpec
from ..checks.settling_rule import SettlingRule, settled_by
from ..kernel.deadline import Deadline
from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass, field, replace
from ..kernel.globs import matches
from ..kernel.hints import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple
from ..kernel.merge_checks import read_subset
from ..kernel.report import CheckResult, JSONObject

Callback = Callable[[str], Any]
Table = Mapping[str, Iterable[Callback]]
# The callbacks in files, and what is wrong with those of no use.
Loaded = Tuple[Table, Tuple[DefinitionError, ...]]


class Apart:
    """A callback that another process calls, by a deadline."""

    def __call__(self, service: str) -> Any:
        """Refuse: it has to be told its deadline."""
        raise TypeError('cannot be called here')

    def answer(self, service: str, name: str, deadline: Deadline) -> Tuple[CheckResult, ...]:
        """Return what it says of the service; `name` is for what has none.

        Raises:
            CheckError: it cannot be told.
        """
        raise NotImplementedError


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
        if isinstance(self.callback, Apart):
            return self.callback.answer(self.service, name, deadline)
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

    The name is the one that `@settle` gave, else its own.
    """
    bound: List[BoundCallback] = []
    for callback in callbacks:
        settled = settled_by(callback)
        name = settled.name or own_name(callback)
        bound.append(BoundCallback(callback, service, name, settled.rule))
    return bound


def own_name(callback: Callback) -> str:
    """Return the name of a function, of the one in a `functools.partial`, or of a class."""
    inner = getattr(callback, 'func', callback)
    return str(getattr(inner, '__name__', type(inner).__name__))


def for_service(table: Table, service: str) -> Tuple[Callback, ...]:
    """Return the callbacks that a table has for a service; its keys are names or globs."""
    return tuple(
        callback
        for pattern, callbacks in table.items()
        if matches(service, pattern)
        for callback in callbacks
    )


def _health(service: str, definition: Mapping[str, Any]) -> List[Callback]:
    key = f'{service}.health'
    callbacks = callables('the services', key, definition.get('health') or [])
    for callback in callbacks:
        # By its name: the class is charmhelpers', which the health path does not import.
        if any(base.__name__ == 'ManagerCallback' for base in type(callback).__mro__):
            reason = 'a ManagerCallback needs the manager; give a function of the service name'
            raise DefinitionError('the services', key, reason)
    return callbacks


def callables(source: str, key: str, given: Any) -> List[Callback]:
    """Return one callback, or many, as a list; `source` and `key` are where it is given.

    Raises:
        DefinitionError: there is something in it that cannot be called.
    """
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

"""Frozen dataclasses that cost next to nothing to define.

The standard library's decorator compiles a handful of functions for each class it is given, and
loads `inspect` to do so: half of what a hook took to start. Here all classes share the same
functions, and what makes an instance is made for the first one; to make one takes a few
microseconds longer.

It is the part of `dataclasses` that the unit side uses, under its names and with its meaning; type
checkers are told that it is that. Whoever has the real one loaded already, such as the
orchestrator, gets that; and to whom loads it later these classes are dataclasses like all others.
"""

from __future__ import annotations

import _thread
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Mapping, Tuple


# The first instances of a class may be made by several threads at once.
_MAKING = _thread.RLock()


class _Missing:
    """What a field has for a default that has none."""


class _FrozenError(AttributeError):
    """Somebody would change what does not change."""


class _Field:
    """One field of a class; `default` or `default_factory` is what it holds unless it is given."""

    name = type = ''

    def __init__(
        self,
        *,
        default: Any = _Missing,
        default_factory: Any = _Missing,
        metadata: Mapping[str, Any] = {},
    ) -> None:
        self.default = default
        self.default_factory = default_factory
        self.metadata = metadata

    @property
    def options(self) -> Dict[str, Any]:
        """Return what `dataclasses.field` has to be told to make the same."""
        given = {'default': self.default, 'default_factory': self.default_factory}
        told = {key: value for key, value in given.items() if value is not _Missing}
        return {**told, 'metadata': self.metadata}


def _dataclass(cls: Any = None, *, frozen: bool = False, slots: bool = False) -> Any:
    """Return the class with its annotated names as fields: to make, compare, hash and show it."""
    if cls is None:
        return lambda made: _dataclass(made, frozen=frozen, slots=slots)
    if slots:
        cls = _slotted(cls)

    def __init__(self: Any, *positional: Any, **options: Any) -> None:
        # The first of its instances; to the others this is no longer their `__init__`.
        fields = _fields(cls)
        type.__setattr__(cls, '__match_args__', tuple(field.name for field in fields))
        cls.__init__ = _initializer(cls, fields)
        cls.__init__(self, *positional, **options)

    cls.__init__ = __init__
    # Where a class has its own `__eq__` and no `__hash__`, Python has put None for that.
    for name, function in (_OF_FROZEN if frozen else _OF_ALL).items():
        if vars(cls).get(name) is None:
            setattr(cls, name, function)
    cls.__fact_fields__ = _Fields()
    cls.__dataclass_fields__ = _Twin(frozen)
    return cls


def _slotted(cls: Any) -> Any:
    """Return the same class, whose instances have no dictionary: a third of the memory."""
    body = {**vars(cls)}
    names = tuple(body.get('__annotations__', ()))
    given = {name: body.pop(name) for name in names if name in body}
    for name in ('__dict__', '__weakref__'):
        body.pop(name, None)
    more = {'__slots__': names, '__fact_given__': given, '__qualname__': cls.__qualname__}
    body.update(more, __getstate__=_values, __setstate__=_restore)
    return type(cls)(cls.__name__, cls.__bases__, body)


def _fields(fact: Any) -> Tuple[_Field, ...]:
    """Return the fields of a class, or of an instance, in their order."""
    found: Tuple[_Field, ...] = fact.__fact_fields__
    return found


def _asdict(fact: Any) -> Dict[str, Any]:
    """Return the values by their fields' names; none of them may be of such a class itself."""
    return {field.name: getattr(fact, field.name) for field in _fields(fact)}


def _replace(fact: Any, **changes: Any) -> Any:
    """Return the same but for these fields."""
    return type(fact)(**{**_asdict(fact), **changes})


class _Fields:
    """The fields of a class, made of its annotations when somebody first asks for them."""

    def __get__(self, _instance: Any, owner: Any) -> Tuple[_Field, ...]:
        with _MAKING:
            for cls in owner.__mro__:
                if vars(cls).get('__fact_fields__') is self:
                    cls.__fact_fields__ = _made(cls)
        # Another thread may have made them while we waited.
        return _fields(owner)


def _made(cls: Any) -> Tuple[_Field, ...]:
    found = {}
    for base in cls.__mro__[:0:-1]:
        if '__fact_fields__' in vars(base):
            found.update({field.name: field for field in _fields(base)})
    for name, hint in vars(cls).get('__annotations__', {}).items():
        found[name] = _own_field(cls, name, hint)
    return tuple(found.values())


def _own_field(cls: Any, name: str, hint: str) -> _Field:
    """Return the field, and leave of it in the class its default alone."""
    slotted = '__fact_given__' in vars(cls)
    given = (cls.__fact_given__ if slotted else vars(cls)).get(name, _Missing)
    field = given if isinstance(given, _Field) else _Field(default=given)
    field.name, field.type = name, hint
    if slotted:
        return field
    if field.default is not _Missing:
        setattr(cls, name, field.default)
    elif given is field:
        delattr(cls, name)
    return field


def _initializer(cls: Any, fields: Tuple[_Field, ...]) -> Callable[..., None]:
    names = tuple(field.name for field in fields)
    known = frozenset(names)
    defaults = {field.name: field.default for field in fields if field.default is not _Missing}
    factories = [
        (field.name, field.default_factory)
        for field in fields
        if field.default_factory is not _Missing
    ]
    finish = getattr(cls, '__post_init__', None)
    put = object.__setattr__

    def __init__(self: Any, *positional: Any, **options: Any) -> None:
        if finish is None and not options and len(positional) == len(names):
            for name, value in zip(names, positional):
                put(self, name, value)
            return
        given = dict(zip(names, positional))
        given.update(options)
        if len(given) != len(positional) + len(options) or not known.issuperset(given):
            raise TypeError(f'{cls.__qualname__}() takes {", ".join(names)}, each once')
        values = {**defaults, **given}
        for name, make in factories:
            if name not in given:
                values[name] = make()
        if len(values) != len(names):
            lacking = ', '.join(name for name in names if name not in values)
            raise TypeError(f'{cls.__qualname__}() lacks {lacking}')
        # To ask for the instance's own dictionary would make one, which takes 700 bytes for ten.
        for name, value in values.items():
            put(self, name, value)
        if finish is not None:
            finish(self)

    return __init__


def _values(fact: Any) -> Tuple[Any, ...]:
    return tuple([getattr(fact, field.name) for field in _fields(fact)])


def _restore(self: Any, values: Tuple[Any, ...]) -> None:
    for field, value in zip(_fields(self), values):
        object.__setattr__(self, field.name, value)


def _equal(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hashed(self: Any) -> int:
    return hash(_values(self))


def _shown(self: Any) -> str:
    names = [field.name for field in _fields(self)]
    shown = ', '.join(f'{name}={getattr(self, name)!r}' for name in names)
    return f'{type(self).__qualname__}({shown})'


def _refuse(self: Any, name: str, _value: Any = None) -> None:
    raise _FrozenError(f'cannot change {name!r} of a {type(self).__qualname__}')


_OF_ALL: Dict[str, Any] = {'__eq__': _equal, '__repr__': _shown, '__hash__': None}
_OF_FROZEN = {**_OF_ALL, '__hash__': _hashed, '__setattr__': _refuse, '__delattr__': _refuse}


class _Twin:
    """The attribute by which `dataclasses` knows its classes, made when it first asks for it."""

    def __init__(self, frozen: bool) -> None:
        self._frozen = frozen

    def __get__(self, _instance: Any, owner: Any) -> Any:
        import dataclasses

        rows = [
            (field.name, field.type, dataclasses.field(**field.options))
            for field in _fields(owner)
        ]
        twin = dataclasses.make_dataclass(owner.__name__, rows, frozen=self._frozen)
        for name in ('__dataclass_fields__', '__dataclass_params__'):
            setattr(owner, name, getattr(twin, name))
        return owner.__dataclass_fields__


if TYPE_CHECKING or 'dataclasses' in sys.modules:
    from dataclasses import (
        MISSING,
        FrozenInstanceError,
        asdict,
        dataclass,
        field,
        fields,
        replace,
    )

    if sys.version_info < (3, 10):
        _real = dataclass

        def dataclass(cls: Any = None, *, frozen: bool = False, slots: bool = False) -> Any:
            """As the real one, which has no slots yet."""
            return _real(cls, frozen=frozen)

else:
    MISSING, FrozenInstanceError, dataclass, field = _Missing, _FrozenError, _dataclass, _Field
    fields, asdict, replace = _fields, _asdict, _replace

__all__ = ['MISSING', 'FrozenInstanceError', 'asdict', 'dataclass', 'field', 'fields', 'replace']

"""The part of `typing` that the unit side uses, at no cost where nobody looks at it.

Annotations are text here, for type checkers alone, and to load `typing` takes longer than half of
the built-in checks. These are stand-ins under its names for what of them is left at run time:
bases of classes, and names for types. Type checkers are told that they are the real ones, and
whoever has those loaded already, such as the agent, gets them.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING or 'typing' in sys.modules:
    from typing import (
        IO,
        Any,
        Callable,
        ClassVar,
        Collection,
        Dict,
        FrozenSet,
        Generator,
        Generic,
        Hashable,
        Iterable,
        Iterator,
        List,
        Mapping,
        NoReturn,
        Optional,
        Protocol,
        Sequence,
        Set,
        Tuple,
        Type,
        TypeVar,
        Union,
        cast,
    )
else:

    class _Form:
        """What types are made of; with whatever in its brackets it is the same."""

        def __getitem__(self, _parameters: object) -> object:
            return self

        def __call__(self) -> object:
            # In an annotation Python before 3.11 refuses what cannot be called.
            raise TypeError('cannot be made')

    class Generic:
        """A base of classes that are told in brackets what they hold."""

        def __class_getitem__(cls, _parameters: object) -> type:
            return cls

    def TypeVar(_name: str, **_options: object) -> object:
        return Any

    def cast(_kind: object, value: object) -> object:
        return value

    Protocol = Generic
    IO = Any = Callable = ClassVar = Collection = Dict = FrozenSet = Generator = _Form()
    Hashable = Iterable = Iterator = List = Mapping = NoReturn = Optional = Any
    Sequence = Set = Tuple = Type = Union = Any

__all__ = [
    'TYPE_CHECKING',
    'IO',
    'Any',
    'Callable',
    'ClassVar',
    'Collection',
    'Dict',
    'FrozenSet',
    'Generator',
    'Generic',
    'Hashable',
    'Iterable',
    'Iterator',
    'List',
    'Mapping',
    'NoReturn',
    'Optional',
    'Protocol',
    'Sequence',
    'Set',
    'Tuple',
    'Type',
    'TypeVar',
    'Union',
    'cast',
]

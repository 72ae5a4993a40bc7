"""What only some runs need, told by its name, and imported when it is first wanted.

A name is written whole where it is used, as `module:name`: the law of the house reads it as the
import that it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, TypeVar

Value = TypeVar('Value')


def load(name: str) -> Any:
    """Return what a module calls so; `name` is such as `reconciler.cli.main:main`.

    Raises:
        ImportError: the module needs what is not installed.
    """
    module, _, attribute = name.partition(':')
    return getattr(import_module(module), attribute)


class ByName(Mapping[str, Value]):
    """A table in plain sight: each value stands as its name, and is loaded when looked up."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def __getitem__(self, key: str) -> Value:
        value: Value = load(self.names[key])
        return value

    def __contains__(self, key: object) -> bool:
        return key in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

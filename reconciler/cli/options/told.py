"""From click's keyword arguments to the dataclasses that commands hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Told = TypeVar('Told')


def told_by(kind: type[Told], given: Mapping[str, Any]) -> Told:
    """Return the dataclass `kind` made of those options that are its fields."""
    values = {field.name: given[field.name] for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**values)

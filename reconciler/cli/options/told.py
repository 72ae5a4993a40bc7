"""What comes of the options that commands have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Told = TypeVar('Told')
# The metadata of a field of options that is none itself.
NO_OPTION: Mapping[str, bool] = {'option': False}


def told_by(kind: type[Told], given: Mapping[str, Any]) -> Told:
    """Return the dataclass `kind` made of those options that are its fields.

    A field whose metadata is `NO_OPTION` keeps its default.
    """
    values = {
        field.name: given[field.name]
        for field in fields(kind)  # type: ignore[arg-type]
        if field.metadata.get('option', True)
    }
    return kind(**values)

"""Options that commands have in common: how they are added, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

import click

Told = TypeVar('Told')
Function = TypeVar('Function', bound=Callable[..., Any])
Option = Callable[[Function], Function]


def adding(*options: Option[Any]) -> Option[Any]:
    """Return the decorator that adds the options to a command, in this order."""

    def add(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def number_option(name: str, default: int, most: int, metavar: str, told: str) -> Option[Any]:
    """Return the option for a whole number from 1 to `most`."""
    kind = click.IntRange(1, most)
    return click.option(
        name, type=kind, metavar=metavar, default=default, show_default=True, help=told
    )


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

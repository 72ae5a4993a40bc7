"""How options that commands have in common are declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

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

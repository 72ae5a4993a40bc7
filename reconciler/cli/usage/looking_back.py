"""The options of commands that look back at what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .asking import history_option
from .configured import config_option
from .printing import format_option, output_option

_Command = TypeVar('_Command', bound=Callable[..., Any])


def looking_back(command: _Command) -> _Command:
    """Add where it was recorded, by which configuration it is told, and how it is printed."""
    for option in (output_option, format_option(('table', 'json')), config_option, history_option):
        command = option(command)
    return command

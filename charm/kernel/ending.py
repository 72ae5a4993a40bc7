"""The end of a short-lived program, with all the commands that it started."""

from __future__ import annotations

import os

from .hints import NoReturn
from .running import end_all


def end(exit_code: int) -> NoReturn:
    """End this program and the commands that it started; checks that hang hold nobody."""
    end_all()
    os._exit(exit_code)


def end_on_signal(number: int, _frame: object) -> NoReturn:
    """End this program as the handler of a signal, which commands' own sessions do not get."""
    end(128 + number)

"""Command lines of the unit side: wrong usage is 3, as for every program of this project."""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any, NoReturn

from ..kernel.exit_codes import USAGE_EXIT


class Parser(argparse.ArgumentParser):
    """A parser that keeps the line ends of its texts, and exits with 3 on wrong usage."""

    def __init__(self, **options: Any) -> None:
        # Its sub-commands are made of this class too, with options of argparse's own.
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit."""
        # argparse would exit with 2, which a monitoring system reads as "critical".
        self.print_usage(sys.stderr)
        self.exit(USAGE_EXIT, f'{self.prog}: {message}\n')


def seconds(text: str) -> float:
    """Return an option's number of seconds, for `type=`.

    Raises:
        ArgumentTypeError: it is none, is not above 0, or never ends.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number <= 0:
        raise argparse.ArgumentTypeError(f'{text!r} is not a number of seconds above 0')
    return number

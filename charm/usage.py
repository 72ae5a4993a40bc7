"""Command lines of the unit side: wrong usage is 3, as for every program of this project."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

USAGE_EXIT = 3


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

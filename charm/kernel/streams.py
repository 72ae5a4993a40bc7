"""The standard streams, which a program may be started without."""

from __future__ import annotations

import os


def open_streams() -> None:
    """Have stdin, stdout and stderr be open, on nothing where they were closed.

    The first of all: else a file or a socket of ours takes the place of one, and what is printed
    goes there.
    """
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            return
        # So that the programs we start have them too.
        os.set_inheritable(descriptor, True)

"""The callbacks that operators put into files, ready to be called."""

from __future__ import annotations

from pathlib import Path

from ..kernel.deadline import Deadline
from ..kernel.errors import DefinitionError
from .callback_files import list_files
from .callbacks import Loaded

# Every file is code that may hang while it is read; the checks are still to run after it.
READ_SECONDS = 5.0


def load(directory: Path, deadline: Deadline, patience_seconds: float = READ_SECONDS) -> Loaded:
    """Return the callbacks in the directory's files, and what is wrong with those of no use.

    Each file may take `patience_seconds`, and all of them half of the time until the deadline.
    """
    try:
        paths = list_files(directory)
    except DefinitionError as error:
        return {}, (error,)
    if not paths:
        return {}, ()
    # Most units have none, and processes of their own take much to load.
    from .apart import hosted

    return hosted.load(paths, deadline, patience_seconds)

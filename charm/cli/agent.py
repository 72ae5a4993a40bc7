"""The command line of `hooks/health-agent`: be the daemon, or ask it, or read its log."""

from __future__ import annotations

import sys

from ..kernel.streams import open_streams
from . import agent_question

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Mapping, Optional, Sequence

    from ..agent.residence import Residence


def main(
    argv: Optional[Sequence[str]] = None,
    callbacks: Optional[Mapping[str, Iterable[Callable[[str], Any]]]] = None,
    services: Sequence[Mapping[str, Any]] = (),
    residence: Optional[Callable[[], Residence]] = None,
) -> int:
    """Do what the command line says, and return the exit code.

    A charm's own launcher gives what it gives to `charm.cli.main` in its `hooks/health`. That of
    this charm also gives its residence, so that the agent goes with the last of its units.
    """
    open_streams()
    asked = agent_question.answer(sys.argv[1:] if argv is None else argv)
    if asked is not None:
        return asked
    # Imported late: who only asks has no use for the rest.
    from . import agent_commands

    return agent_commands.main(argv, callbacks, services, residence)

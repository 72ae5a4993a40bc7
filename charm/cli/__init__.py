"""The command lines of the unit side. `main` is that of a charm's own `hooks/health`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Mapping, Optional, Sequence


def main(
    argv: Optional[Sequence[str]] = None,
    callbacks: Optional[Mapping[str, Iterable[Any]]] = None,
    services: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Print a unit's report; see `charm.cli.health.main`."""
    # Imported late: the other command lines are in this package, and need none of it.
    from . import health

    return health.main(argv, callbacks, services)

"""Whether the principal has a `hooks/health` of its own, and what it wishes beside its checks."""

from __future__ import annotations

import os
from pathlib import Path

from ..checks.check import CheckSpec
from ..kernel.facts import dataclass, field
from ..kernel.hints import Any, Iterable, Mapping, Tuple
from ..kernel.names import tag_of
from ..kernel.paths import HERE
from ..kernel.report import CheckResult
from .found import PRINCIPAL, FoundChecks

_TIMEOUT_SECONDS = 20.0


def find(unit: str, reporter: str, agents: Path = HERE.agents) -> FoundChecks:
    """Return the check `principal` where a subordinate reports for a charm with a health hook.

    Its hook is told by `JUJU_HEALTH_NESTED` that it is asked by ours: it then runs the checks of
    its charm alone, since ours runs those of the machine.
    """
    if unit == reporter:
        return FoundChecks()
    hook = agents / tag_of(unit) / 'charm' / 'hooks' / 'health'
    if not os.path.lexists(hook):
        return FoundChecks()
    # No charm but such a one needs what runs it.
    from .principal_hook import Principal

    return FoundChecks((CheckSpec(PRINCIPAL, Principal(unit, hook), _TIMEOUT_SECONDS, str(hook)),))


@dataclass(frozen=True)
class PrincipalWishes:
    """The principal's words about its service beside its checks, as in `Report`."""

    rollup: Mapping[str, Any] = field(default_factory=dict)
    requires: Tuple[str, ...] = ()
    provides: Tuple[str, ...] = ()


def said(results: Iterable[CheckResult], name: str = PRINCIPAL) -> PrincipalWishes:
    """Return what the principal said, from the check that is its answer as a whole."""
    data = next((result.data for result in results if result.name == name), {})
    return PrincipalWishes(
        data.get('rollup', {}), tuple(data.get('requires', ())), tuple(data.get('provides', ()))
    )

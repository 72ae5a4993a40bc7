"""What commands exit with; `docs/exit-codes.md` has the whole of it."""

from __future__ import annotations

from .command_exits import CONFIG_EXIT, USAGE_EXIT
from .report import Health

__all__ = ['CONFIG_EXIT', 'EXIT_CODES', 'USAGE_EXIT']

# Those of Nagios plugins. Only what asks about others exits so: a unit's own commands print.
EXIT_CODES = {Health.PASSED: 0, Health.WARN: 1, Health.FAIL: 2, Health.UNKNOWN: 3}

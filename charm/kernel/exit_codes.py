"""What commands exit with; `docs/exit-codes.md` has the whole of it."""

from __future__ import annotations

from .report import Health

# Those of Nagios plugins. Only what asks about others exits so: a unit's own commands print.
EXIT_CODES = {Health.PASSED: 0, Health.WARN: 1, Health.FAIL: 2, Health.UNKNOWN: 3}
USAGE_EXIT = 3
# EX_CONFIG of sysexits.h: what is configured on a unit cannot be used. The agent's systemd unit
# says not to try again.
CONFIG_EXIT = 78

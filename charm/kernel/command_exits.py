"""What a unit's own commands exit with where they cannot do what they are told.

Apart from `exit_codes`, so that who only asks the agent need not load the words of a report.
"""

from __future__ import annotations

USAGE_EXIT = 3
# EX_CONFIG of sysexits.h: what is configured on a unit cannot be used. The agent's systemd unit
# says not to try again.
CONFIG_EXIT = 78

"""What checks warn and fail at where nobody says otherwise: every default threshold there is.

Definitions change each by the option that bears it, as docs/checks.md has them; an entry of
checks.d named after a built-in check changes it for the principal and for the machine alike.
"""

from __future__ import annotations

_GIB = 1024**3

# disk: of what users may fill; a share counts only with less than so much free.
DISK_WARN_USED_PERCENT = 80.0
DISK_FAIL_USED_PERCENT = 90.0
DISK_WARN_FREE_BYTES = 20 * _GIB
DISK_FAIL_FREE_BYTES = 10 * _GIB

# memory: of what programs can have.
MEMORY_WARN_AVAILABLE_PERCENT = 10.0
MEMORY_FAIL_AVAILABLE_PERCENT = 5.0

# load: the average of five minutes, for each CPU.
LOAD_WARN_PER_CPU = 2.0
LOAD_FAIL_PER_CPU = 4.0

# pressure: of five minutes in which nobody got on for want of memory. One tenth is felt by every
# user; systemd-oomd begins to kill at 60 % of 30 s (oomd.conf(5)).
PRESSURE_WARN_MEMORY_PERCENT = 10.0
PRESSURE_FAIL_MEMORY_PERCENT = 40.0

# oom: how long a kill counts.
OOM_WITHIN_SECONDS = 3600.0

# reboot-required: from when on it warns.
REBOOT_AFTER_DAYS = 0.0

# update-status: the last may be so long ago. `update-status-hook-interval` is an hour at most,
# give or take a fifth, and a hook may have to wait for those of others.
UPDATE_STATUS_WITHIN_SECONDS = 7200.0

# tls: days that certificates are still good.
TLS_WARN_DAYS = 30.0
TLS_FAIL_DAYS = 7.0

# processes: how many there have to be.
PROCESSES_MINIMUM = 1

"""The systemd unit of the agent: what it may not do, without changing what its checks see.

Checks look at mounts, clocks, processes and everybody's files, and Nagios plugins write where they
like. Settings that show them another machine than the real one are thus left out: ProtectSystem,
ProtectHome and PrivateTmp remount (the disk check would see read-only file systems), ProtectClock
forbids to read adjtimex (the clock check does), PrivateNetwork and ProtectProc hide what is asked
about, MemoryDenyWriteExecute breaks ctypes. ProtectKernelTunables and ProtectControlGroups mount
/proc anew: in a container its memory, its load and its boot id would be those of the computer.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.exit_codes import CONFIG_EXIT

_TEXT = """\
[Unit]
Description=Juju health agent: runs the checks of this machine's units
Documentation=file://{docs}
After=network.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart=/usr/bin/python3 -I {launcher} serve --config {config}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=5
# A wrong configuration does not become right by trying again.
RestartPreventExitStatus={config_exit}
WatchdogSec=60
TimeoutStartSec=60
TimeoutStopSec=15
KillMode=control-group
UMask=0027

RuntimeDirectory=juju-health
RuntimeDirectoryPreserve=yes
StateDirectory=juju-health
LogsDirectory=juju-health
ConfigurationDirectory=juju-health

# It is a guest on this machine.
Nice=5
CPUWeight=20
IOSchedulingPriority=7
MemoryHigh=256M
MemoryMax=512M
TasksMax=512
LimitNOFILE=8192
LimitCORE=0
OOMPolicy=continue

# It runs as root, since checks look everywhere; these are what no check needs.
NoNewPrivileges=yes
CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_BOOT CAP_SYS_TIME CAP_SYS_RAWIO CAP_MAC_ADMIN
CapabilityBoundingSet=~CAP_MAC_OVERRIDE CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_LEASE
CapabilityBoundingSet=~CAP_MKNOD CAP_AUDIT_CONTROL CAP_SYS_PACCT CAP_SYS_TTY_CONFIG CAP_BPF
CapabilityBoundingSet=~CAP_LINUX_IMMUTABLE CAP_IPC_LOCK CAP_SYS_CHROOT
ProtectKernelModules=yes
ProtectHostname=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
LockPersonality=yes
KeyringMode=private
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
SystemCallArchitectures=native
SystemCallFilter=~@module @reboot @swap @raw-io @cpu-emulation @obsolete @mount @debug
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def unit_text(launcher: Path, config: Path) -> str:
    """Return the unit's text; `launcher` is the path of `hooks/health-agent` of the charm."""
    docs = launcher.parent.parent / 'docs' / 'agent.md'
    paths = {'launcher': _quoted(launcher), 'config': _quoted(config), 'docs': docs}
    return _TEXT.format(config_exit=CONFIG_EXIT, **paths)


def _quoted(path: Path) -> str:
    """Return the path as one word for systemd, which reads %, $ and quotes in it."""
    text = str(path).replace('\\', '\\\\').replace('"', '\\"').replace('%', '%%')
    return '"' + text.replace('$', '$$') + '"'

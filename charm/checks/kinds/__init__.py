"""The checks, one file for each kind, and two tables of them.

Importing this is cheap: what costs (ssl, http, ctypes) is imported by the check that runs it.
"""

from __future__ import annotations

from typing import Mapping, Tuple, Type

from ...kernel.builtin_checks import BUILT_IN_CHECKS
from ..check import CheckKind
from .clock_sync import ClockSync
from .disk_space import DiskSpace
from .failed_units import FailedUnits
from .file_age import FileAge
from .http_url import HttpUrl
from .load import Load
from .memory import Memory
from .nagios_plugin import NagiosPlugin
from .name_resolution import NameResolution
from .network import Network
from .oom_kills import OomKills
from .packages import Packages
from .pressure import PressureStall
from .process_count import ProcessCount
from .reboot_required import RebootRequired
from .script import Script
from .storage import Storage
from .systemd_service import SystemdService
from .tcp_port import TcpPort
from .tls_expiry import TlsExpiry
from .update_status import UpdateStatus

# Every kind, by the word that a definition says after `kind:`; docs/checks.md has each.
CHECKS: Mapping[str, Type[CheckKind]] = {
    'disk': DiskSpace,
    'memory': Memory,
    'load': Load,
    'pressure': PressureStall,
    'oom': OomKills,
    'storage': Storage,
    'failed-units': FailedUnits,
    'clock': ClockSync,
    'reboot-required': RebootRequired,
    'packages': Packages,
    'network': Network,
    'names': NameResolution,
    'update-status': UpdateStatus,
    'systemd': SystemdService,
    'tcp': TcpPort,
    'http': HttpUrl,
    'processes': ProcessCount,
    'file-age': FileAge,
    'tls': TlsExpiry,
    'nagios': NagiosPlugin,
    'script': Script,
}

# The kinds that run on every machine, under their own names, with no configuration at all.
BUILT_IN: Tuple[str, ...] = tuple(BUILT_IN_CHECKS)

"""The checks that run on every machine with no configuration: what each looks at, and with what.

One belongs here if it matters on any machine, and passes on one that is fresh, on one that is a
year old, patched and loaded, in a container, and for a user who may not read everything: what may
well be on purpose is told in its data, and judged where somebody asks for it. Beside its class and
its line in `CHECKS` a new one needs only its row here: units run it, and who explains a trouble
knows how far from its cause it may be, and where to look.
"""

from __future__ import annotations

import enum

from .facts import dataclass
from .hints import Mapping


class Scope(enum.Enum):
    """What a built-in check looks at.

    A service of the host may have failed for the lack of another, elsewhere; what is wrong with
    the machine alone has its cause there.
    """

    MACHINE = 'machine'
    HOST_SERVICES = 'host services'


@dataclass(frozen=True)
class BuiltInCheck:
    """A check that needs no options; `look_with` is the command that shows a person the same."""

    scope: Scope
    look_with: str


_KERNEL_ERRORS = 'sudo dmesg --ctime --level=err,crit,alert,emerg'

# By the word for its kind, which is also its name; in the order in which they run and are listed.
BUILT_IN_CHECKS: Mapping[str, BuiltInCheck] = {
    'disk': BuiltInCheck(Scope.MACHINE, 'df -h'),
    'memory': BuiltInCheck(Scope.MACHINE, 'free -m'),
    'load': BuiltInCheck(Scope.MACHINE, 'uptime'),
    'pressure': BuiltInCheck(Scope.MACHINE, 'head /proc/pressure/memory /proc/pressure/io'),
    'oom': BuiltInCheck(Scope.MACHINE, _KERNEL_ERRORS),
    'storage': BuiltInCheck(Scope.MACHINE, _KERNEL_ERRORS),
    'failed-units': BuiltInCheck(Scope.HOST_SERVICES, 'systemctl --failed'),
    'clock': BuiltInCheck(Scope.MACHINE, 'timedatectl'),
    'reboot-required': BuiltInCheck(Scope.MACHINE, 'cat /run/reboot-required.pkgs'),
    'packages': BuiltInCheck(Scope.MACHINE, 'dpkg --audit'),
    'network': BuiltInCheck(Scope.MACHINE, 'ip -brief address'),
    'names': BuiltInCheck(Scope.MACHINE, 'cat /etc/resolv.conf'),
    'update-status': BuiltInCheck(Scope.HOST_SERVICES, 'tail /var/log/juju/machine-lock.log'),
}

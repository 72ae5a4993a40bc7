"""Where we run: on a machine of its own, in a virtual machine, or in a container.

What a file of /proc means depends on it: in a container most of them show the host, which nobody
inside can mend. The words are those of systemd-detect-virt(1), and so are the marks.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.files import read_told
from ..kernel.hints import Mapping, Optional

# Written by whoever made the container: its manager's name, such as `lxc` or `systemd-nspawn`.
_MANAGER_FILES = ('run/systemd/container', 'run/host/container-manager')
_MARKS = {'.dockerenv': 'docker', 'run/.containerenv': 'podman'}
_SERVICE_ACCOUNT = 'var/run/secrets/kubernetes.io'
_CONTAINER = 'container-other'
# What a figure is of, as `data.scope` says it: this machine, this container, or its host.
MACHINE_SCOPE, CONTAINER_SCOPE, HOST_SCOPE = SCOPES = ('machine', 'container', 'host')
_VM = 'vm-other'
# The flags of the first CPU are within this, however many follow.
_ENOUGH_OF_CPUINFO = 8192
# Hypervisors whose guests lack the flag, or that are not x86, name themselves to the firmware.
_VENDORS = ('QEMU', 'KVM', 'VMware', 'Xen', 'innotek', 'OpenStack', 'Amazon EC2', 'Google')


@dataclass(frozen=True)
class Virtualization:
    """What surrounds us.

    Attributes:
        name: `none` on bare metal, `vm-other` in a virtual machine; else the container's manager:
            `lxc` (LXD's too), `systemd-nspawn`, `docker`, `podman`, `kubernetes` or another word.
        container: whether the kernel, and so most of /proc, is a host's.
    """

    name: str
    container: bool

    @property
    def own_scope(self) -> str:
        """Return the scope of what a container has of its own, such as its mounts."""
        return CONTAINER_SCOPE if self.container else MACHINE_SCOPE

    @property
    def kernel_scope(self) -> str:
        """Return the scope of what the kernel has once, such as its clock."""
        return HOST_SCOPE if self.container else MACHINE_SCOPE


def detect(root: Path = Path('/'), environ: Optional[Mapping[str, str]] = None) -> Virtualization:
    """Return what surrounds us, by files that anybody may read; it starts no program."""
    variables = os.environ if environ is None else environ
    if variables.get('KUBERNETES_SERVICE_HOST') or (root / _SERVICE_ACCOUNT).exists():
        return Virtualization('kubernetes', True)
    for name in _MANAGER_FILES:
        manager = read_told(root / name).strip()
        if manager:
            return Virtualization(manager, True)
    for mark, manager in _MARKS.items():
        if (root / mark).exists():
            return Virtualization(manager, True)
    init = _variables(root / 'proc' / '1' / 'environ')
    if 'container' in init:
        return Virtualization(init['container'] or _CONTAINER, True)
    return Virtualization(_VM if _is_guest(root) else 'none', False)


def _is_guest(root: Path) -> bool:
    if 'hypervisor' in read_told(root / 'proc' / 'cpuinfo', _ENOUGH_OF_CPUINFO).split():
        return True
    vendor = read_told(root / 'sys' / 'class' / 'dmi' / 'id' / 'sys_vendor')
    return vendor.strip().startswith(_VENDORS)


def _variables(path: Path) -> Mapping[str, str]:
    """Return the variables of a process's environ file; none where it may not be read."""
    pairs = (entry.partition('=') for entry in read_told(path).split('\0'))
    return {name: value for name, equals, value in pairs if equals}

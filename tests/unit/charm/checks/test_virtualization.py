"""Where we run, by the marks that are left there."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

import pytest

from charm.checks.virtualization import Virtualization, detect

_PLACES = {
    'bare metal': ({'proc/cpuinfo': 'flags\t: fpu vme\n'}, 'none', False),
    'a virtual machine': ({'proc/cpuinfo': 'flags\t: fpu hypervisor vme\n'}, 'vm-other', False),
    'an Arm guest': ({'sys/class/dmi/id/sys_vendor': 'QEMU\n'}, 'vm-other', False),
    'LXD': ({'run/systemd/container': 'lxc\n'}, 'lxc', True),
    'nspawn': ({'run/host/container-manager': 'systemd-nspawn\n'}, 'systemd-nspawn', True),
    'Docker': ({'.dockerenv': ''}, 'docker', True),
    'Podman': ({'run/.containerenv': 'engine="podman"\n'}, 'podman', True),
    'a pod': ({'.dockerenv': '', 'var/run/secrets/kubernetes.io': ''}, 'kubernetes', True),
    'LXC without systemd': ({'proc/1/environ': 'a=b\0container=lxc\0'}, 'lxc', True),
    'who gives no name': ({'proc/1/environ': 'container=\0'}, 'container-other', True),
    'an init that names none': ({'proc/1/environ': 'a=b\0nocontainer'}, 'none', False),
}


@pytest.mark.parametrize('place', _PLACES)
def test_each_place_is_known_by_its_marks(place: str, tmp_path: Path) -> None:
    files, name, container = _PLACES[place]
    _lay(files, tmp_path)
    assert detect(tmp_path, {}) == Virtualization(name, container)


def test_a_pod_is_known_by_its_environment_too(tmp_path: Path) -> None:
    assert detect(tmp_path, {'KUBERNETES_SERVICE_HOST': '10.0.0.1'}).name == 'kubernetes'


def test_the_flag_of_a_guest_is_found_on_a_machine_of_many_cpus(tmp_path: Path) -> None:
    one = 'flags\t: fpu hypervisor vme\n' + 'model name\t: x\n' * 40
    _lay({'proc/cpuinfo': one * 512}, tmp_path)
    assert detect(tmp_path, {}).name == 'vm-other'


def _lay(files: Mapping[str, str], root: Path) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

"""The disk check on real file systems, on loop devices that are mounted for a test alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='only root can mount')

HOOK = f'{sys.executable} -I {ROOT}/hooks/health --unit web/0'
# The mounts are in a namespace of their own, and go with it.
PREPARE = """
set -e
mount --make-rprivate /
mkdir -p m other
truncate -s 200M disk.img
mkfs.ext4 -q -m 0 disk.img
"""


def look(directory: Path, script: str) -> dict[str, Any]:
    """Run a script in a mount namespace of its own; return the last check that it prints."""
    done = subprocess.run(
        ['unshare', '--mount', 'bash', '-c', PREPARE + script],
        cwd=directory,
        env={'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'HOOK': HOOK},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout, done.stderr
    checks = json.loads(done.stdout.splitlines()[-1])['checks']
    assert len(checks) == 1
    found: dict[str, Any] = checks[0]
    return found


def define(directory: Path, text: str) -> str:
    """Write the definition of a check named `volume`; return the options that run it alone."""
    checks = directory / 'checks.d'
    checks.mkdir(mode=0o755)
    (checks / 'a.yaml').write_text(f'checks:\n  volume:\n    kind: disk\n    {text}\n')
    (checks / 'a.yaml').chmod(0o644)
    return f'--definitions {checks} --check volume'


@pytest.mark.parametrize('name', ['plain', 'two words', 'a\u2028b', 'a\fb', 'a\rb', 'a\\b'])
def test_a_full_disk_fails_whatever_its_path_is_called(tmp_path: Path, name: str) -> None:
    (tmp_path / 'm').mkdir()
    (tmp_path / 'm' / name).mkdir()
    check = look(
        tmp_path,
        f"""
mount -o loop disk.img m/$'{name.encode('unicode_escape').decode()}'
for place in m/*; do fallocate -l 170M "$place/big"; done
$HOOK --check disk
""",
    )
    assert check['health'] == 'fail'
    assert check['data']['mounts'][f'{tmp_path}/m/{name}']['used_ratio'] > 0.9


def test_a_full_disk_fails_though_it_is_also_bound_read_only(tmp_path: Path) -> None:
    check = look(
        tmp_path,
        """
mkdir -p m/a/b
mount -o loop disk.img m/a/b
fallocate -l 170M m/a/b/big
mount --bind m/a/b other
mount -o remount,bind,ro other
$HOOK --check disk
""",
    )
    assert check['health'] == 'fail'
    assert check['message'].startswith(f'{tmp_path}/m/a/b is ')


def test_an_ext4_that_met_an_error_is_named_on_any_kernel(tmp_path: Path) -> None:
    check = look(
        tmp_path,
        """
mount -o loop,errors=remount-ro disk.img m
name=$(basename $(findmnt -no SOURCE m))
echo 'an error made by a test' > /sys/fs/ext4/$name/trigger_fs_error
$HOOK --check disk
""",
    )
    assert check['health'] in ('warn', 'fail')
    assert check['message'].startswith(f'{tmp_path}/m ')


def test_what_an_old_kernel_leaves_after_an_error_warns(tmp_path: Path) -> None:
    check = look(
        tmp_path,
        """
tune2fs -e continue disk.img > tune2fs.log
mount -o loop disk.img m
mount -o remount,ro,errors=remount-ro m
$HOOK --check disk
""",
    )
    assert check['health'] == 'warn'
    assert check['message'] == f'{tmp_path}/m is read-only, as after a disk error'


def test_a_volume_that_is_not_mounted_fails_if_its_mount_is_asked_for(tmp_path: Path) -> None:
    options = define(tmp_path, f'paths: [{tmp_path}/m]\n    mounted: true')
    mount = 'mount -o loop disk.img m\n'
    assert look(tmp_path, f'{mount}$HOOK {options}')['health'] == 'passed'
    check = look(tmp_path, f'{mount}umount m\n$HOOK {options}')
    assert check['health'] == 'fail'
    assert 'no mount of its own' in check['message']


def test_a_volume_of_fstab_that_is_not_mounted_fails(tmp_path: Path) -> None:
    options = define(tmp_path, f'paths: [{tmp_path}/m]')
    fstab = f'echo "{tmp_path}/disk.img {tmp_path}/m ext4 loop,nofail 0 0" > fstab\n'
    check = look(tmp_path, f'{fstab}mount --bind fstab /etc/fstab\nrmdir m\n$HOOK {options}')
    assert check['health'] == 'fail'
    assert 'though /etc/fstab mounts it' in check['message']

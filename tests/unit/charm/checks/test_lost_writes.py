"""A file system that takes no more writes is told from one that is read-only on purpose."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from charm.checks.lost_writes import ErrorCount, read_errors
from charm.checks.mounts import Mount
from charm.kernel.report import Health
from tests.support.checking import run
from tests.support.mount_tables import GIB, ROOT, disk, figures, mountinfo

W, F, P = Health.WARN, Health.FAIL, Health.PASSED
AS_AFTER_AN_ERROR = 'is read-only, as after a disk error'


@pytest.mark.parametrize('path', ['/', '/srv'])
@pytest.mark.parametrize(
    ('kind', 'options', 'fstab', 'errors', 'health'),
    [
        # Kernels before 6.12 turn it read-only; those from 6.15 on say so otherwise.
        ('ext4', 'ro,errors=remount-ro', '', ErrorCount(), W),
        ('ext4', 'rw,errors=remount-ro,emergency_ro', '', ErrorCount(), F),
        ('ext4', 'rw,emergency_ro', '', ErrorCount(), F),
        ('ext4', 'rw,shutdown', '', ErrorCount(), F),
        # Between these two no option tells.
        ('ext4', 'rw,errors=remount-ro', '', ErrorCount(2, True), W),
        ('ext4', 'rw,errors=remount-ro', '', ErrorCount(2, False), P),
        ('ext4', 'rw', '', ErrorCount(2, True), P),
        ('ext4', 'ro', '', ErrorCount(2, False), W),
        # btrfs and XFS have no word for it, but fstab has.
        ('btrfs', 'ro', 'rw', ErrorCount(), W),
        ('xfs', 'ro', 'defaults', ErrorCount(), W),
        # On purpose.
        ('ext4', 'ro', '', ErrorCount(), P),
        ('ext4', 'ro,errors=remount-ro', 'ro,errors=remount-ro', ErrorCount(), P),
        ('vfat', 'ro,errors=remount-ro', '', ErrorCount(), P),
        ('btrfs', 'ro', 'ro', ErrorCount(), P),
    ],
)
def test_who_takes_no_more_writes_is_named(
    tmp_path: Path,
    path: str,
    kind: str,
    options: str,
    fstab: str,
    errors: ErrorCount,
    health: Health,
) -> None:
    rows = [f'/dev/vdb {path} {kind} {options}'] + ([ROOT] if path != '/' else [])
    answers = {'/': figures(GIB, GIB), path: figures(GIB, GIB)}
    line = f'/dev/vdb {path} {kind} {fstab}\n' if fstab else ''
    verdict = run(disk(tmp_path, mountinfo(*rows), answers, line, errors))
    assert verdict.health is health, verdict.message


@pytest.mark.parametrize(('options', 'health'), [('defaults', W), ('ro', P)])
def test_a_mount_unit_has_a_say_as_fstab_has(tmp_path: Path, options: str, health: Health) -> None:
    wants = tmp_path / 'system' / 'multi-user.target.wants'
    wants.mkdir(parents=True)
    (wants.parent / 'srv.mount').write_text(f'[Mount]\nWhere=/srv\nOptions={options}\n')
    (wants / 'srv.mount').symlink_to('../srv.mount')
    answers = {'/': figures(GIB, GIB), '/srv': figures(GIB, GIB)}
    verdict = run(disk(tmp_path, mountinfo('/dev/vdb /srv btrfs ro', ROOT), answers))
    assert verdict.health is health
    assert ('which srv.mount does not ask for' in verdict.message) is (health is W)


@pytest.mark.parametrize('kind', ['squashfs', 'erofs', 'iso9660', 'overlay', 'ext4'])
def test_a_root_that_is_an_image_makes_no_noise(tmp_path: Path, kind: str) -> None:
    table, full = mountinfo(f'/dev/loop0 / {kind} ro'), figures(GIB, 0, 1000, 0)
    assert run(disk(tmp_path, table, {'/': full})).health is Health.PASSED
    wanted = 'LABEL=cloudimg-rootfs / ext4 defaults\n'
    if kind != 'ext4':
        assert run(disk(tmp_path, table, {'/': full}, wanted)).health is Health.PASSED


def test_a_root_that_is_read_only_for_us_alone_is_judged_by_its_space(tmp_path: Path) -> None:
    table = mountinfo(f'{ROOT} ro')
    verdict = run(disk(tmp_path, table, {'/': figures(GIB, GIB // 20)}))
    assert verdict.message.startswith('/ is 95 % full')


def test_any_mount_of_a_disk_tells_that_it_turned_read_only(tmp_path: Path) -> None:
    rows = ['/dev/vda1 / ext4 ro,errors=remount-ro', '/dev/vda1 /data ext4 ro,errors=remount-ro']
    answers = {'/': figures(GIB, GIB), '/data': figures(GIB, GIB)}
    verdict = run(disk(tmp_path, mountinfo(*rows), answers))
    assert verdict.message == f'/ {AS_AFTER_AN_ERROR}'


@pytest.mark.parametrize(('ago_seconds', 'since'), [(0.0, True), (None, False)])
def test_ext4_tells_its_errors_and_whether_they_are_of_this_boot(
    tmp_path: Path, ago_seconds: float | None, since: bool
) -> None:
    (tmp_path / 'dev/block').mkdir(parents=True)
    (tmp_path / 'dev/block/8:1').symlink_to('../../devices/sda1')
    told = tmp_path / 'fs/ext4/sda1'
    told.mkdir(parents=True)
    (told / 'errors_count').write_text('3\n')
    last = 0 if ago_seconds is None else int(time.time() + 1 - ago_seconds)
    (told / 'last_error_time').write_text(f'{last}\n')
    mount = Mount('8:1', '/', ('rw',), 'ext4', '/dev/sda1', ('rw',))
    assert read_errors(mount, tmp_path) == ErrorCount(3, since)
    assert read_errors(mount, tmp_path / 'none') == ErrorCount()
    other = Mount('8:1', '/', ('rw',), 'xfs', '/dev/sda1', ('rw',))
    assert read_errors(other, tmp_path) == ErrorCount()

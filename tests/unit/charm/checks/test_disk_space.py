"""Which file systems are looked at, by what, and what their figures mean."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.disk_space import DiskSpace
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import run
from tests.support.mount_tables import GIB, ROOT, disk, figures, mountinfo

EMPTY, FULL = figures(GIB, GIB), figures(GIB, GIB // 20)
REFUSED = PermissionError(errno.EACCES, 'Permission denied')


@pytest.mark.parametrize(
    ('size_gib', 'free_gib', 'health'),
    [
        (10, 5, Health.PASSED),
        (10, 1.9, Health.WARN),
        (10, 0.9, Health.FAIL),
        (4000, 300, Health.PASSED),
        (4000, 15, Health.WARN),
        (4000, 5, Health.FAIL),
    ],
)
def test_a_disk_fails_when_full_unless_plenty_is_free(
    tmp_path: Path, size_gib: int, free_gib: float, health: Health
) -> None:
    answers = {'/': figures(size_gib * GIB, int(free_gib * GIB))}
    assert run(disk(tmp_path, mountinfo(ROOT), answers)).health is health


def test_inodes_run_out_too(tmp_path: Path) -> None:
    few = {'/': figures(10 * GIB, 9 * GIB, 1000, 50)}
    verdict = run(disk(tmp_path, mountinfo(ROOT), few))
    assert verdict.health is Health.FAIL
    assert verdict.message == '/ has 95 % of its inodes in use'
    many = {'/': figures(10 * GIB, 9 * GIB, 10**9, 10**7)}
    assert run(disk(tmp_path, mountinfo(ROOT), many)).health is Health.PASSED


def test_file_systems_that_may_hang_or_are_not_real_are_never_asked(tmp_path: Path) -> None:
    rows = ['server:/x /mnt/nfs nfs4 rw', '//s/y /mnt/cifs cifs rw', 'proc /proc proc rw']
    rows += ['host:/ /mnt/ssh fuse.sshfs rw', '/dev/loop1 /snap/core squashfs ro']
    rows += ['tmpfs /run tmpfs rw', 'overlay /var/lib/docker/x/merged overlay rw']
    verdict = run(disk(tmp_path, mountinfo(ROOT, *rows), {'/': EMPTY}))
    assert list(verdict.data['mounts']) == ['/']


def test_a_device_mounted_twice_is_counted_once_and_names_are_read(tmp_path: Path) -> None:
    rows = ['/dev/vdb /srv/my\\040data xfs rw', '/dev/vdb /var/lib/x xfs rw']
    table = mountinfo('overlay / overlay rw', '/dev/vda1 /etc/hosts ext4 rw', *rows)
    answers = {'/': EMPTY, '/srv/my data': FULL, '/var/lib/x': FULL, '/etc/hosts': EMPTY}
    verdict = run(disk(tmp_path, table, answers))
    assert set(verdict.data['mounts']) == {'/', '/srv/my data', '/etc/hosts'}
    assert verdict.data['mounts']['/srv/my data']['also_at'] == ['/var/lib/x']
    assert verdict.message == '/srv/my data is 95 % full, 51.2 MiB free'


@pytest.mark.parametrize('kind', ['ext4', 'xfs', 'btrfs', 'zfs'])
def test_a_read_only_bind_mount_does_not_speak_for_a_disk(tmp_path: Path, kind: str) -> None:
    rows = [f'/dev/vdb /export {kind} rw ro', f'/dev/vdb /srv/app/data {kind} rw']
    answers = {'/': EMPTY, '/export': FULL, '/srv/app/data': FULL}
    for table in (mountinfo(ROOT, *rows), mountinfo(ROOT, *reversed(rows))):
        verdict = run(disk(tmp_path, table, answers))
        assert verdict.message == '/srv/app/data is 95 % full, 51.2 MiB free'


def test_a_directory_with_a_quota_of_its_own_is_counted_on_its_own(tmp_path: Path) -> None:
    table = mountinfo(ROOT, '/dev/vdb /a xfs rw', '/dev/vdb /quota/of/b xfs rw')
    answers = {'/': EMPTY, '/a': figures(9 * GIB, 9 * GIB), '/quota/of/b': FULL}
    verdict = run(disk(tmp_path, table, answers))
    assert verdict.message == '/quota/of/b is 95 % full, 51.2 MiB free'


def test_a_mount_that_we_may_not_look_at_is_told_unless_another_shows_the_same(
    tmp_path: Path,
) -> None:
    rows = ['/dev/vdb /a ext4 rw', '/dev/vdc /b ext4 rw', '/dev/vdc /deep/b ext4 rw']
    answers: dict[str, Any] = {'/': EMPTY, '/a': REFUSED, '/b': REFUSED, '/deep/b': EMPTY}
    verdict = run(disk(tmp_path, mountinfo(ROOT, *rows), answers))
    assert verdict.health is Health.PASSED
    assert verdict.data['not_looked_at'] == {'/a': 'Permission denied'}
    assert verdict.message.endswith('; /a not looked at: Permission denied')
    assert set(verdict.data['mounts']) == {'/', '/deep/b'}


@pytest.mark.parametrize('options', [{}, {'paths': ('/',)}, {'paths': ('/a',)}])
def test_what_was_asked_for_and_the_root_have_to_be_looked_at(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    table = mountinfo(ROOT, '/dev/vdb /a ext4 rw')
    with pytest.raises(CheckError, match='cannot measure /'):
        run(disk(tmp_path, table, {'/': REFUSED, '/a': REFUSED}, **options))


def test_what_is_excluded_is_not_asked(tmp_path: Path) -> None:
    table = mountinfo(ROOT, '/dev/vdd /c ext4 rw')
    verdict = run(disk(tmp_path, table, {'/': EMPTY}, exclude=('/c*', '/')))
    assert list(verdict.data['mounts']) == ['/']


def test_a_line_that_cannot_be_read_leaves_a_trace(tmp_path: Path) -> None:
    verdict = run(disk(tmp_path, mountinfo(ROOT) + 'what is this\n\n', {'/': EMPTY}))
    assert verdict.health is Health.PASSED
    assert verdict.data['unreadable_lines'] == 2
    assert '2 lines' in verdict.message


def test_a_disk_with_errors_fails(tmp_path: Path) -> None:
    broken = OSError(errno.EIO, 'Input/output error')
    table = mountinfo(ROOT, '/dev/vdb /srv ext4 rw')
    verdict = run(disk(tmp_path, table, {'/': EMPTY, '/srv': broken}))
    assert verdict.health is Health.FAIL
    assert verdict.message == '/srv cannot be measured: Input/output error'


def test_disk_without_a_table_or_a_root_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match='root file system'):
        run(disk(tmp_path, mountinfo('proc /proc proc rw'), {}))
    with pytest.raises(CheckError, match='cannot read'):
        run(DiskSpace(source=tmp_path / 'none'))


def test_a_path_on_another_mount_says_which_was_measured(tmp_path: Path) -> None:
    check = disk(tmp_path, mountinfo(ROOT), {'/var/lib/db': EMPTY}, paths=('/var/lib/db',))
    verdict = run(check)
    assert verdict.message == 'fullest of 1: /var/lib/db at 0 % (it is on /)'
    assert verdict.data['mounts']['/var/lib/db']['mount'] == '/'


FSTAB = 'UUID=1 / ext4 defaults 0 1\n# a comment\nUUID=2\t/srv/my\\040data xfs nofail 0 2\n'


@pytest.mark.parametrize('gone', [EMPTY, FileNotFoundError(errno.ENOENT, 'No such file')])
def test_a_path_whose_mount_is_wanted_and_missing_fails(tmp_path: Path, gone: Any) -> None:
    path = '/srv/my data/db'
    answers = {path: gone}
    check = disk(tmp_path, mountinfo(ROOT), answers, FSTAB, paths=(path,))
    verdict = run(check)
    assert verdict.health is Health.FAIL
    assert verdict.message == f'{path} is on /, though {tmp_path}/fstab mounts it'


def test_a_mount_unit_of_systemd_that_is_enabled_wants_its_mount(tmp_path: Path) -> None:
    wants = tmp_path / 'system' / 'multi-user.target.wants'
    wants.mkdir(parents=True)
    (tmp_path / 'unit').touch()
    (wants / r'srv-pg\x2ddata.mount').symlink_to(tmp_path / 'unit')
    verdict = run(
        disk(tmp_path, mountinfo(ROOT), {'/srv/pg-data': EMPTY}, paths=('/srv/pg-data',))
    )
    assert verdict.message == r'/srv/pg-data is on /, though srv-pg\x2ddata.mount mounts it'


@pytest.mark.parametrize(
    ('row', 'health'),
    [
        ('/dev/vdb /srv xfs rw', Health.PASSED),
        ('/dev/vdb /srv/db xfs rw', Health.PASSED),
        ('/dev/vdb /other xfs rw', Health.FAIL),
    ],
)
def test_fstab_is_kept_by_the_mount_it_names(tmp_path: Path, row: str, health: Health) -> None:
    table, answers = mountinfo(ROOT, row), {'/srv/db': EMPTY}
    check = disk(tmp_path, table, answers, 'UUID=2 /srv xfs\n', paths=('/srv/db',))
    assert run(check).health is health


def test_with_mounted_each_path_has_to_be_a_mount_point(tmp_path: Path) -> None:
    table = mountinfo(ROOT, '/dev/vdb /srv xfs rw')
    answers = {'/srv': EMPTY, '/srv/': EMPTY, '/srv/db': EMPTY}
    assert run(disk(tmp_path, table, answers, paths=('/srv', '/srv/'), mounted=True)).health is (
        Health.PASSED
    )
    verdict = run(disk(tmp_path, table, answers, paths=('/srv/db',), mounted=True))
    assert verdict.health is Health.FAIL
    assert verdict.message == '/srv/db is on /srv, and no mount of its own'

"""The checks that need no configuration, on files and programs like the real ones."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Dict

import pytest

from charm.checks.kinds import BUILT_IN, CHECKS
from charm.checks.kinds.clock_sync import ClockSync, KernelClock, read_kernel_clock
from charm.checks.kinds.disk_space import DiskSpace, parse_mounts
from charm.checks.kinds.failed_units import FailedUnits, parse_failed
from charm.checks.kinds.load import Load
from charm.checks.kinds.memory import Memory
from charm.checks.kinds.reboot_required import RebootRequired
from charm.checks.options import OptionError
from charm.checks.virtualization import Virtualization
from charm.kernel.errors import CheckError, HealthError
from charm.kernel.report import Health
from tests.support.checking import program, run

GIB = 1024**3
MACHINE, CONTAINER = Virtualization('none', False), Virtualization('lxc', True)


@pytest.mark.parametrize('name', BUILT_IN)
def test_every_built_in_check_answers_on_this_machine(name: str) -> None:
    verdict = run(CHECKS[name]())
    assert verdict.message
    assert verdict.health in Health


def statvfs(
    size_bytes: int, free_bytes: int, inodes: int = 1000, inodes_free: int = 900
) -> os.statvfs_result:
    blocks, free = size_bytes // 4096, free_bytes // 4096
    figures = (4096, 4096, blocks, free, free, inodes, inodes_free, inodes_free, 0, 255)
    return os.statvfs_result(figures)


def disk(tmp_path: Path, mounts: str, figures: Dict[str, Any], **options: Any) -> DiskSpace:
    """Return the check on a table of mounts; only the mounts in `figures` may be asked."""
    source = tmp_path / 'mounts'
    source.write_text(mounts)

    def measure(path: str) -> os.statvfs_result:
        found = figures[path]
        if isinstance(found, OSError):
            raise found
        assert isinstance(found, os.statvfs_result)
        return found

    return DiskSpace(source=source, statvfs=measure, **options)


ROOT = '/dev/vda1 / ext4 rw,relatime 0 0\n'


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
    figures = {'/': statvfs(size_gib * GIB, int(free_gib * GIB))}
    assert run(disk(tmp_path, ROOT, figures)).health is health


def test_inodes_run_out_too(tmp_path: Path) -> None:
    verdict = run(disk(tmp_path, ROOT, {'/': statvfs(10 * GIB, 9 * GIB, 1000, 50)}))
    assert verdict.health is Health.FAIL
    assert verdict.message == '/ has 95 % of its inodes in use'
    many = {'/': statvfs(10 * GIB, 9 * GIB, 10**9, 10**7)}
    assert run(disk(tmp_path, ROOT, many)).health is Health.PASSED


def test_file_systems_that_may_hang_or_are_not_real_are_never_asked(tmp_path: Path) -> None:
    mounts = ROOT + (
        'server:/x /mnt/nfs nfs4 rw 0 0\n//s/y /mnt/cifs cifs rw 0 0\nproc /proc proc rw 0 0\n'
        'host:/ /mnt/ssh fuse.sshfs rw 0 0\n/dev/loop1 /snap/core squashfs ro 0 0\n'
        'tmpfs /run tmpfs rw 0 0\noverlay /var/lib/docker/x/merged overlay rw 0 0\n'
    )
    verdict = run(disk(tmp_path, mounts, {'/': statvfs(GIB, GIB)}))
    assert list(verdict.data['mounts']) == ['/']


def test_a_device_mounted_twice_is_counted_once_and_spaces_in_names_are_read(
    tmp_path: Path,
) -> None:
    mounts = (
        '/dev/vdb /srv/my\\040data xfs rw 0 0\n/dev/vdb /var/lib/x xfs rw 0 0\n'
        '/dev/vda1 /etc/hosts ext4 rw 0 0\noverlay / overlay rw 0 0\n'
    )
    figures = {
        '/': statvfs(GIB, GIB),
        '/srv/my data': statvfs(GIB, GIB // 20),
        '/etc/hosts': statvfs(GIB, GIB),
    }
    verdict = run(disk(tmp_path, mounts, figures))
    assert set(verdict.data['mounts']) == set(figures)
    assert verdict.message == '/srv/my data is 95 % full, 51.2 MiB free'


def test_a_disk_with_errors_fails_and_one_that_went_read_only_warns(tmp_path: Path) -> None:
    broken = '/dev/vdb /srv ext4 rw 0 0\n'
    figures = {'/': statvfs(GIB, GIB), '/srv': OSError(errno.EIO, 'Input/output error')}
    verdict = run(disk(tmp_path, ROOT + broken, figures))
    assert (verdict.health, verdict.message) == (
        Health.FAIL,
        '/srv cannot be measured: Input/output error',
    )
    figures['/srv'] = statvfs(GIB, 0)
    remounted = '/dev/vdb /srv ext4 ro,errors=remount-ro 0 0\n'
    assert run(disk(tmp_path, ROOT + remounted, figures)).health is Health.WARN
    read_only = '/dev/vdb /srv ext4 ro 0 0\n'
    assert run(disk(tmp_path, ROOT + read_only, figures)).health is Health.PASSED


def test_a_mount_that_is_hidden_gone_or_excluded_costs_nothing(tmp_path: Path) -> None:
    mounts = ROOT + '/dev/vdb /a ext4 rw 0 0\n/dev/vdc /b ext4 rw 0 0\n/dev/vdd /c ext4 rw 0 0\n'
    figures = {'/': statvfs(GIB, GIB), '/a': PermissionError(), '/b': FileNotFoundError()}
    assert run(disk(tmp_path, mounts, figures, exclude=('/c*',))).health is Health.PASSED


def test_disk_without_a_table_or_a_root_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match='root file system'):
        run(disk(tmp_path, 'proc /proc proc rw 0 0\n', {}))
    with pytest.raises(CheckError, match='cannot read'):
        run(DiskSpace(source=tmp_path / 'none'))


def test_mounts_of_this_machine_are_read() -> None:
    assert '/' in {mount.path for mount in parse_mounts(Path('/proc/mounts').read_text())}


@pytest.mark.parametrize(
    ('available', 'health'), [(500, Health.PASSED), (99, Health.WARN), (49, Health.FAIL)]
)
def test_memory_is_judged_by_what_is_available(
    tmp_path: Path, available: int, health: Health
) -> None:
    source = tmp_path / 'meminfo'
    source.write_text(f'MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: {available} kB\nX: 3\n')
    verdict = run(Memory(source=source))
    assert verdict.health is health
    assert verdict.data['available_bytes'] == available * 1024


@pytest.mark.parametrize('text', ['', 'MemTotal: 0 kB\nMemAvailable: 0 kB\n', 'MemTotal: x kB'])
def test_memory_that_cannot_be_read_is_no_answer(tmp_path: Path, text: str) -> None:
    source = tmp_path / 'meminfo'
    source.write_text(text)
    with pytest.raises(CheckError, match='cannot find the memory'):
        run(Memory(source=source))


@pytest.mark.parametrize(
    ('five', 'health'), [('8.00', Health.PASSED), ('8.01', Health.WARN), ('16.1', Health.FAIL)]
)
def test_load_is_judged_per_cpu_over_five_minutes(
    tmp_path: Path, five: str, health: Health
) -> None:
    source = tmp_path / 'loadavg'
    source.write_text(f'99.0 {five} 0.01 2/345 6789\n')
    assert run(Load(cpus=4, source=source)).health is health


@pytest.mark.parametrize('text', ['', 'a b c', '1.0 nan 1.0', '1.0 2.0'])
def test_load_that_cannot_be_read_is_no_answer(tmp_path: Path, text: str) -> None:
    source = tmp_path / 'loadavg'
    source.write_text(text)
    with pytest.raises(CheckError):
        run(Load(source=source))


def test_failed_units_fail_unless_ignored(tmp_path: Path) -> None:
    listing = 'a.service loaded failed failed The A\n● b.timer loaded failed failed B\n'
    systemctl = program(tmp_path, f"cat <<'END'\n{listing}END")
    verdict = run(FailedUnits(systemctl=systemctl, booted=tmp_path))
    assert (verdict.health, verdict.message) == (Health.FAIL, 'failed: a.service, b.timer')
    some = FailedUnits('warn', ('a.*',), systemctl, tmp_path)
    assert (run(some).health, run(some).data['ignored']) == (Health.WARN, ['a.service'])
    every = FailedUnits(ignore=('*',), systemctl=systemctl, booted=tmp_path)
    assert run(every).health is Health.PASSED
    assert parse_failed('') == []


def test_without_systemd_there_are_no_failed_units_and_it_says_so(tmp_path: Path) -> None:
    verdict = run(FailedUnits(booted=tmp_path / 'none'))
    assert (verdict.health, verdict.data) == (Health.PASSED, {'systemd': False})


def test_a_systemd_that_does_not_answer_is_unknown(tmp_path: Path) -> None:
    broken = program(tmp_path, 'echo Failed to connect to bus >&2; exit 1')
    with pytest.raises(CheckError, match=r'exited with 1: Failed to connect to bus'):
        run(FailedUnits(systemctl=broken, booted=tmp_path))
    with pytest.raises(HealthError, match='cannot run'):
        run(FailedUnits(systemctl=str(tmp_path / 'none'), booted=tmp_path))
    hung = program(tmp_path, 'sleep 60')
    with pytest.raises(CheckError, match='did not end in time'):
        run(FailedUnits(systemctl=hung, booted=tmp_path), 0.1)


@pytest.mark.parametrize(
    ('status', 'error', 'health'),
    [
        (0x2001, 0.2, Health.PASSED),
        (0x40, 0.005, Health.PASSED),  # chrony without rtcsync
        (0x40, 16.0, Health.WARN),
        (0x2001, 16.0, Health.WARN),
    ],
)
def test_a_clock_that_nobody_keeps_warns(status: int, error: float, health: Health) -> None:
    check = ClockSync(read=lambda: KernelClock(0, status, error), around=lambda: MACHINE)
    assert run(check).health is health


def test_in_a_container_the_clock_is_the_hosts_business() -> None:
    def refused() -> KernelClock:
        raise OSError(errno.EPERM, 'Operation not permitted')

    for read in (refused, lambda: KernelClock(5, 0x40, 16.0)):
        verdict = run(ClockSync(read=read, around=lambda: CONTAINER))
        assert verdict.health is Health.PASSED
        assert 'host' in verdict.message
    with pytest.raises(CheckError, match='not permitted'):
        run(ClockSync(read=refused, around=lambda: MACHINE))


def test_the_kernel_says_how_its_clock_is() -> None:
    assert read_kernel_clock().max_error_seconds >= 0


def test_a_reboot_that_is_asked_for_warns_and_says_by_whom(tmp_path: Path) -> None:
    source = tmp_path / 'reboot-required'
    assert run(RebootRequired(source=source)).health is Health.PASSED
    source.touch()
    assert run(RebootRequired(source=source)).message == 'a reboot is required'
    (tmp_path / 'reboot-required.pkgs').write_text('linux-image\nlibc6\nlibc6\n')
    verdict = run(RebootRequired(source=source))
    assert verdict.health is Health.WARN
    assert verdict.message == 'a reboot is required by libc6, linux-image'


@pytest.mark.parametrize(
    ('kind', 'options'),
    [
        (DiskSpace, {'warn_used_percent': 95.0}),
        (DiskSpace, {'fail_free_bytes': 10**12}),
        (Memory, {'warn_available_percent': 2.0}),
        (Load, {'warn_per_cpu': 9.0}),
        (Load, {'cpus': 0}),
        (FailedUnits, {'severity': 'passed'}),
        (ClockSync, {'severity': 'unknown'}),
        (RebootRequired, {'severity': ''}),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(kind: Any, options: Dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        kind(**options)

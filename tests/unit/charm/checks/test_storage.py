"""What kernels count against storage, laid out as they do it.

Files of /sys and lines of the log are as kernels 5.4 to 6.18 write them; those of md, btrfs, ZFS
and NVMe are made after Documentation/admin-guide/md.rst, fs/btrfs/sysfs.c and OpenZFS's kstats.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Mapping

import pytest

from charm.checks.kinds.storage import Storage
from charm.checks.virtualization import Virtualization
from charm.kernel.report import Health
from tests.support.checking import run
from tests.unit.charm.checks.kernel_says import kernel_log

NOW = 1_800_000_000
MD = {'sys/block/md0/md/degraded': '1\n'}
WELL = {
    'sys/fs/ext4/sda1/errors_count': '0\n',
    'sys/fs/ext4/features/casefold': 'supported\n',
    'sys/block/md0/md/degraded': '0\n',
    'sys/block/md0/md/sync_action': 'idle\n',
    'sys/fs/btrfs/5b7e/devinfo/1/error_stats': 'write_errs 0\nread_errs 0\n',
    'sys/fs/btrfs/5b7e/devinfo/1/missing': '0\n',
    'proc/spl/kstat/zfs/tank/state': 'ONLINE\n',
    'sys/block/sda/device/state': 'running\n',
    'sys/block/nvme0n1/device/state': 'live\n',
}
ILL = {
    'ext4': (
        {
            'sys/fs/ext4/sda1/errors_count': '2',
            'sys/fs/ext4/sda1/last_error_time': f'{NOW - 7200}',
        },
        Health.WARN,
        'sda1 has had 2 file system errors, the last 2.0 h ago: unmount it and run fsck',
    ),
    'ext4 without a time': ({'sys/fs/ext4/sda1/errors_count': '1'}, Health.WARN, 'has had 1 file'),
    'md': (MD, Health.FAIL, 'md0 lacks 1 disk'),
    'md at work': (
        {**MD, 'sys/block/md0/md/sync_action': 'recover'},
        Health.WARN,
        'being rebuilt',
    ),
    'md that did not start': (
        {'sys/block/md0/md/array_state': 'inactive'},
        Health.FAIL,
        'md0 is inactive',
    ),
    'md with a faulty disk': (
        {'sys/block/md0/md/dev-sdb1/state': 'faulty,write_mostly'},
        Health.WARN,
        'md0 has faulty disks: sdb1',
    ),
    'btrfs': (
        {
            'sys/fs/btrfs/5b7e/label': 'data',
            'sys/fs/btrfs/5b7e/devinfo/2/error_stats': 'write_errs 3\nread_errs 0\n',
        },
        Health.WARN,
        'btrfs data device 2 has had errors: write_errs 3',
    ),
    'btrfs without a disk': (
        {'sys/fs/btrfs/5b7e/devinfo/2/missing': '1'},
        Health.FAIL,
        'btrfs 5b7e device 2 is missing',
    ),
    'zfs': ({'proc/spl/kstat/zfs/tank/state': 'DEGRADED'}, Health.FAIL, 'tank is DEGRADED'),
    'scsi': ({'sys/block/sdb/device/state': 'offline'}, Health.FAIL, 'sdb is offline'),
    'nvme': ({'sys/block/nvme0n1/device/state': 'dead'}, Health.FAIL, 'nvme0n1 is dead'),
}


def storage(root: Path, files: Mapping[str, str], **options: object) -> Storage:
    for name, text in {**WELL, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    log = root / 'kmsg'
    if not log.exists():
        kernel_log(log, [])
    given = {'around': lambda: Virtualization('none', False), **options}
    return Storage(root=root, log=log, now=lambda: float(NOW), **given)  # type: ignore[arg-type]


def test_a_machine_whose_storage_is_well_passes(tmp_path: Path) -> None:
    verdict = run(storage(tmp_path, {}))
    assert (verdict.health, verdict.data['devices']) == (Health.PASSED, {})


@pytest.mark.parametrize('ill', ILL)
def test_each_fault_is_seen_and_named(ill: str, tmp_path: Path) -> None:
    files, health, words = ILL[ill]
    verdict = run(storage(tmp_path, files))
    assert verdict.health is health
    assert words in verdict.message


@pytest.mark.parametrize(
    'said',
    [
        'I/O error, dev sda, sector 8 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0',
        'blk_update_request: I/O error, dev sda, sector 8 op 0x0:(READ) flags 0x80700',
        'print_req_error: critical medium error, dev sda, sector 8 flags 0',
        'critical space allocation error, dev sda, sector 8',
    ],
)
def test_an_error_of_the_last_hour_in_the_log_warns(said: str, tmp_path: Path) -> None:
    kernel_log(tmp_path / 'kmsg', [(4000, said), (120, said), (60, said)])
    verdict = run(storage(tmp_path, {}))
    assert verdict.health is Health.WARN
    assert verdict.message == 'sda had 2 I/O errors, the last 60.0 s ago'


@pytest.mark.parametrize('device', ['fd0', 'sr0', 'loop3'])
def test_a_drive_without_a_disk_is_no_error(device: str, tmp_path: Path) -> None:
    kernel_log(tmp_path / 'kmsg', [(60, f'I/O error, dev {device}, sector 0 op 0x0')])
    assert run(storage(tmp_path, {})).health is Health.PASSED


@pytest.mark.parametrize('op', ['0x3:(DISCARD)', '0x9:(WRITE_ZEROES)'])
def test_a_disk_that_will_not_forget_blocks_has_no_error(op: str, tmp_path: Path) -> None:
    kernel_log(
        tmp_path / 'kmsg', [(60, f'critical target error, dev sda, sector 0 op {op} flags')]
    )
    assert run(storage(tmp_path, {})).health is Health.PASSED


def test_a_device_that_is_ignored_is_told_all_the_same(tmp_path: Path) -> None:
    verdict = run(storage(tmp_path, MD, ignore=('md*',)))
    assert (verdict.health, verdict.data['devices']) == (Health.PASSED, {'md0': ['lacks 1 disk']})


def test_in_a_container_the_disks_are_its_hosts(tmp_path: Path) -> None:
    verdict = run(storage(tmp_path, MD, around=lambda: Virtualization('lxc', True)))
    assert (verdict.health, verdict.data) == (Health.PASSED, {'scope': 'host'})


def test_that_the_log_could_not_be_read_is_told(tmp_path: Path) -> None:
    check = storage(tmp_path, {})
    check.log.unlink()
    verdict = run(check)
    assert verdict.data['kernel_log_read'] is False
    assert 'root alone' in verdict.message


_BROKEN_FILE_SYSTEM = """
mount --make-rprivate / && mount -o loop,errors=continue "$1/image" "$1/mounted" || exit 1
device=$(basename "$(findmnt -n -o SOURCE "$1/mounted")")
echo tried > "/sys/fs/ext4/$device/trigger_fs_error" && echo "$device" && read -r _
"""


@pytest.mark.hosts
def test_an_error_of_a_real_ext4_is_seen(tmp_path: Path) -> None:
    (tmp_path / 'mounted').mkdir()
    with open(tmp_path / 'image', 'wb') as image:
        image.truncate(16 << 20)
    subprocess.run(['mkfs.ext4', '-q', tmp_path / 'image'], check=True)
    with subprocess.Popen(
        ['unshare', '--mount', 'sh', '-c', _BROKEN_FILE_SYSTEM, 'sh', tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as mounted:
        assert mounted.stdout is not None
        device = mounted.stdout.readline().strip()
        verdict = run(Storage(around=lambda: Virtualization('none', False)))
        mounted.communicate('\n')
    assert verdict.health is Health.WARN
    (words,) = verdict.data['devices'][device]
    assert re.match('has had [0-9]+ file system errors?, the last ', words)

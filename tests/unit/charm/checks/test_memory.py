"""Memory as machines and containers tell it; the samples are made by the formats of proc(5),
cgroup-v2.rst and cgroup-v1/memory.rst, and arcstats as OpenZFS writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.cgroup_memory import CgroupMemory, limit, read_cgroup_memory
from charm.checks.kinds.memory import Memory
from charm.checks.virtualization import Virtualization
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import run

MIB = 1024**2
GIB = 1024**3
MACHINE, LXD = Virtualization('none', False), Virtualization('lxc', True)
LXCFS = '1 2 0:50 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n'
ARC = """12 1 0x01 123 33456 5412345678 98765432123456
name                            type data
hits                            4    1234567
size                            4    {size}
c                               4    17179869184
c_min                           4    1073741824
c_max                           4    17179869184
"""


def meminfo(total: int, available: int, more: str = '') -> str:
    """Return a table with these sizes in bytes."""
    return f'MemTotal: {total // 1024} kB\nMemAvailable: {available // 1024} kB\n{more}'


def memory(
    directory: Path,
    text: str,
    around: Virtualization = MACHINE,
    *,
    limited: CgroupMemory | None = None,
    arc: str = '',
    mounts: str = '',
) -> Memory:
    """Return the check on these files."""
    for name, content in (('meminfo', text), ('mountinfo', mounts), ('arcstats', arc)):
        (directory / name).write_text(content)
    return Memory(
        source=directory / 'meminfo',
        arc=directory / 'arcstats',
        mounts=directory / 'mountinfo',
        cgroup=lambda: limited,
        around=lambda: around,
    )


@pytest.mark.parametrize(
    ('available', 'health'), [(500, Health.PASSED), (99, Health.WARN), (49, Health.FAIL)]
)
def test_memory_is_judged_by_what_is_available(
    tmp_path: Path, available: int, health: Health
) -> None:
    check = memory(tmp_path, meminfo(1000 * MIB, available * MIB, 'X: 3\nNonsense\n'))
    verdict = run(check)
    assert verdict.health is health
    assert verdict.data['available_bytes'] == available * MIB
    assert verdict.data['scope'] == 'machine'


@pytest.mark.parametrize('text', ['', 'MemTotal: 0 kB\nMemAvailable: 0 kB\n', 'MemTotal: x kB'])
def test_memory_that_cannot_be_read_is_no_answer(tmp_path: Path, text: str) -> None:
    with pytest.raises(CheckError, match='cannot find the memory'):
        run(memory(tmp_path, text))
    with pytest.raises(CheckError, match='cannot read'):
        run(Memory(source=tmp_path / 'none'))


@pytest.mark.parametrize(
    'told',
    [
        'HugePages_Total: 720\nHugePages_Free: 720\nHugepagesize: 1048576 kB\n',
        'HugePages_Total: 0\nHugepagesize: 2048 kB\nHugetlb: 754974720 kB\n',
    ],
)
def test_huge_pages_are_set_aside_and_told(tmp_path: Path, told: str) -> None:
    verdict = run(memory(tmp_path, meminfo(755 * GIB, 17 * GIB, told)))
    assert verdict.health is Health.PASSED
    assert verdict.message == (
        '49 % of 35.0 GiB available, 720.0 GiB more are set aside as huge pages'
    )
    assert verdict.data['hugepages_bytes'] == 720 * GIB


def test_what_is_left_beside_huge_pages_can_still_run_out(tmp_path: Path) -> None:
    told = 'Hugetlb: 754974720 kB\n'
    assert run(memory(tmp_path, meminfo(755 * GIB, GIB, told))).health is Health.FAIL


def test_the_cache_of_zfs_gives_way(tmp_path: Path) -> None:
    arc = ARC.format(size=13 * GIB)
    verdict = run(memory(tmp_path, meminfo(32 * GIB, GIB, ''), arc=arc))
    assert (verdict.health, verdict.message) == (Health.PASSED, '41 % of 32.0 GiB available')
    assert verdict.data['arc_reclaimable_bytes'] == 12 * GIB
    small = ARC.format(size=GIB // 2)
    assert run(memory(tmp_path, meminfo(32 * GIB, GIB, ''), arc=small)).health is Health.FAIL


@pytest.mark.parametrize(
    ('available_gib', 'limited', 'mounts', 'scope', 'health'),
    [
        (16, None, '', 'host', Health.PASSED),
        (16, CgroupMemory(2 * GIB, GIB // 20), '', 'container', Health.FAIL),
        (1, CgroupMemory(2 * GIB, GIB), '', 'host', Health.FAIL),
        (16, None, LXCFS, 'container', Health.PASSED),
    ],
)
def test_in_a_container_the_tighter_of_limit_and_host_counts(
    tmp_path: Path,
    available_gib: int,
    limited: CgroupMemory | None,
    mounts: str,
    scope: str,
    health: Health,
) -> None:
    text = meminfo(32 * GIB, available_gib * GIB)
    verdict = run(memory(tmp_path, text, LXD, limited=limited, mounts=mounts))
    assert (verdict.data['scope'], verdict.health) == (scope, health)


def test_a_service_of_a_machine_is_not_judged_by_its_own_limit(tmp_path: Path) -> None:
    limited = CgroupMemory(GIB, 0)
    assert run(memory(tmp_path, meminfo(GIB, GIB), limited=limited)).health is Health.PASSED


def test_what_lxcfs_passes_on_from_the_host_does_not_count(tmp_path: Path) -> None:
    text = meminfo(2 * GIB, GIB, 'Hugetlb: 754974720 kB\n')
    verdict = run(memory(tmp_path, text, LXD, mounts=LXCFS, arc=ARC.format(size=13 * GIB)))
    assert verdict.message == '50 % of 2.0 GiB available'


@pytest.mark.parametrize(
    'text', ['max', 'max\n', '9223372036854771712\n', '18446744073709551615', '0', '-1', '', 'x']
)
def test_no_word_for_none_is_read_as_a_limit(text: str) -> None:
    assert limit(text) is None


@given(st.integers(1, 2**60 - 1))
def test_a_limit_is_read_as_it_stands(number: int) -> None:
    assert limit(f'{number}\n') == number


@given(st.text())
def test_whatever_is_read_a_limit_is_a_positive_number_or_none(text: str) -> None:
    found = limit(text)
    assert found is None or found > 0


def cgroup(directory: Path, **files: str) -> Path:
    for name, content in files.items():
        (directory / name.replace('__', '.')).write_text(content)
    return directory


def test_cgroups_of_both_versions_are_read(tmp_path: Path) -> None:
    stat = f'anon 1\ninactive_file {300 * MIB}\nslab_reclaimable {100 * MIB}\n'
    stat += f'active_file {200 * MIB}\n'
    two = cgroup(
        tmp_path,
        memory__max=f'{GIB}\n',
        memory__high='max\n',
        memory__current=f'{900 * MIB}\n',
        memory__stat=stat,
    )
    assert read_cgroup_memory(two) == CgroupMemory(GIB, GIB - 300 * MIB)
    (two / 'memory.max').write_text('max\n')
    assert read_cgroup_memory(two) is None
    # Where all are held up counts as where they would be killed.
    (two / 'memory.high').write_text(f'{500 * MIB}\n')
    assert read_cgroup_memory(two) == CgroupMemory(500 * MIB, 200 * MIB)
    one = tmp_path / 'v1'
    (one / 'memory').mkdir(parents=True)
    cgroup(
        one / 'memory',
        memory__limit_in_bytes=f'{GIB}\n',
        memory__usage_in_bytes=f'{2 * GIB}\n',
        memory__stat=f'inactive_file 5\ntotal_inactive_file {300 * MIB}\n',
    )
    assert read_cgroup_memory(one) == CgroupMemory(GIB, 0)
    (one / 'memory' / 'memory.limit_in_bytes').write_text('9223372036854771712\n')
    assert read_cgroup_memory(one) is None
    assert read_cgroup_memory(tmp_path / 'none') is None

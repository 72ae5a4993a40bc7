"""Pressure, on files like the kernel's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.pressure import PressureStall
from charm.checks.options import OptionError
from charm.checks.pressure_stall import RESOURCES, Pressure, parse_pressure
from charm.checks.virtualization import Virtualization
from charm.kernel.report import Health
from tests.support.checking import run

LINE = '{} avg10=0.00 avg60=0.00 avg300={:.2f} total=31911402636\n'


def lay(root: Path, **full: float) -> None:
    """Write the pressure of each resource, of all; of some it is 95 % everywhere."""
    for resource, share in full.items():
        (root / 'proc/pressure').mkdir(parents=True, exist_ok=True)
        text = LINE.format('some', 95) + LINE.format('full', share)
        (root / 'proc/pressure' / resource).write_text(text)


def pressure(root: Path, container: bool = False, **options: Any) -> PressureStall:
    return PressureStall(root=root, around=lambda: Virtualization('lxc', container), **options)


@pytest.mark.parametrize(
    ('share', 'health'),
    [(0, Health.PASSED), (10, Health.PASSED), (11, Health.WARN), (41, Health.FAIL)],
)
def test_want_of_memory_by_all_is_judged(share: float, health: Health, tmp_path: Path) -> None:
    lay(tmp_path, cpu=0, memory=share, io=99)
    verdict = run(pressure(tmp_path))
    assert verdict.health is health
    assert f'memory: all waited {share} %' in verdict.message
    assert verdict.data['io'] == {'some_percent': 95, 'full_percent': 99}


def test_want_of_io_and_cpu_is_judged_where_somebody_asks(tmp_path: Path) -> None:
    lay(tmp_path, cpu=0, memory=0, io=99)
    assert run(pressure(tmp_path, warn_io_percent=50)).health is Health.WARN
    assert run(pressure(tmp_path, fail_cpu_percent=90)).health is Health.FAIL
    assert run(pressure(tmp_path, warn_memory_percent=None)).health is Health.PASSED


def test_in_a_container_the_machines_pressure_is_not_its_own(tmp_path: Path) -> None:
    lay(tmp_path, memory=90)
    verdict = run(pressure(tmp_path, container=True))
    assert (verdict.health, verdict.data) == (Health.PASSED, {'scope': 'container'})
    (tmp_path / 'sys/fs/cgroup').mkdir(parents=True)
    (tmp_path / 'proc/pressure/memory').rename(tmp_path / 'sys/fs/cgroup/memory.pressure')
    assert run(pressure(tmp_path, container=True)).health is Health.FAIL


def test_thresholds_stand_in_order() -> None:
    with pytest.raises(OptionError, match='below warn_memory_percent'):
        PressureStall(fail_memory_percent=5)


def test_the_first_kernels_say_nothing_of_all_for_cpus() -> None:
    assert parse_pressure(LINE.format('some', 1)) == Pressure(1, None)


@pytest.mark.parametrize(
    'text', ['', 'some', 'some avg300=x', 'some avg300=nan', LINE.format('a', 1)]
)
def test_what_is_no_pressure_is_none(text: str) -> None:
    assert parse_pressure(text) is None


def test_this_kernels_own_files_are_understood() -> None:
    for resource in RESOURCES:
        source = Path('/proc/pressure') / resource
        if source.exists():
            assert parse_pressure(source.read_text()) is not None

"""The checks that need no configuration, on files and programs like the real ones."""

from __future__ import annotations

import errno
from typing import Any, Dict

import pytest

from charm.checks.kinds import BUILT_IN, CHECKS
from charm.checks.kinds.clock_sync import ClockSync, KernelClock, read_kernel_clock
from charm.checks.kinds.disk_space import DiskSpace
from charm.checks.kinds.failed_units import FailedUnits
from charm.checks.kinds.load import Load
from charm.checks.kinds.memory import Memory
from charm.checks.kinds.reboot_required import RebootRequired
from charm.checks.options import OptionError
from charm.checks.virtualization import SCOPES, Virtualization
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import run

MACHINE, CONTAINER = Virtualization('none', False), Virtualization('lxc', True)


@pytest.mark.parametrize('name', BUILT_IN)
def test_every_built_in_check_answers_on_this_machine(name: str) -> None:
    verdict = run(CHECKS[name]())
    assert verdict.message
    assert verdict.health in Health
    assert verdict.data['scope'] in SCOPES


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


@pytest.mark.parametrize(
    ('kind', 'options'),
    [
        (DiskSpace, {'warn_used_percent': 95.0}),
        (DiskSpace, {'fail_free_bytes': 10**12}),
        (DiskSpace, {'mounted': True}),
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

"""Whether a reboot is wanted: by a request, or by a kernel that was installed since the boot."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.reboot_required import RebootRequired
from charm.checks.options import OptionError
from charm.checks.virtualization import Virtualization
from charm.kernel.report import Health
from tests.support.checking import run

MACHINE = Virtualization('none', container=False)
CONTAINER = Virtualization('lxc', container=True)


def check(tmp_path: Path, around: Virtualization = MACHINE, **options: Any) -> RebootRequired:
    options.setdefault('kernel', lambda: '5.15.0-91-generic')
    options.setdefault('booted_at', lambda: 0.0)
    return RebootRequired(
        source=tmp_path / 'reboot-required',
        boot=tmp_path,
        dpkg=tmp_path,
        around=lambda: around,
        **options,
    )


def test_a_reboot_that_is_asked_for_warns_and_says_by_whom(tmp_path: Path) -> None:
    asked = check(tmp_path)
    assert run(asked).health is Health.PASSED
    (tmp_path / 'reboot-required').touch()
    assert run(asked).message == 'a reboot is required'
    (tmp_path / 'reboot-required.pkgs').write_text('linux-image\nlibc6\nlibc6\n')
    verdict = run(asked)
    assert verdict.health is Health.WARN
    assert verdict.message == 'a reboot is required by libc6, linux-image'
    assert run(check(tmp_path, CONTAINER)).health is Health.WARN


def test_a_reboot_may_wait_for_some_days(tmp_path: Path) -> None:
    (tmp_path / 'reboot-required').touch()
    patient = check(tmp_path, after_days=7)
    assert run(patient).health is Health.PASSED
    assert 'may wait' in run(patient).message
    eight_days_ago = time.time() - 8 * 86400
    os.utime(tmp_path / 'reboot-required', (eight_days_ago, eight_days_ago))
    assert run(patient).health is Health.WARN
    with pytest.raises(OptionError):
        RebootRequired(after_days=-1.0)


@pytest.mark.parametrize(
    ('runs', 'installed', 'newer'),
    [
        ('5.15.0-91-generic', ['5.15.0-91-generic'], None),
        ('5.15.0-91-generic', ['5.15.0-9-generic', '5.15.0-100-generic'], '5.15.0-100-generic'),
        ('5.15.0-91-generic', ['5.15.0-100-lowlatency'], None),
        ('6.1.0-18-amd64', ['6.1.0-18-amd64', '6.1.0-30-amd64'], '6.1.0-30-amd64'),
        ('6.1.0-18-amd64', ['6.1.0-30-cloud-amd64', '6.1.0-30-rt-amd64'], None),
        ('6.1.0-0.deb11.13-amd64', ['6.1.0-0.deb11.21-amd64'], '6.1.0-0.deb11.21-amd64'),
        ('6.9.0+', ['6.10.0+', '6.10.0-1-generic'], None),
        ('5.15.0-91-generic', ['6.8.0-40-generic', '6.5.0-41-generic'], '6.8.0-40-generic'),
        ('5.15.0-91-generic', [], None),
    ],
)
def test_a_newer_kernel_of_the_same_flavour_waits_for_a_reboot(
    tmp_path: Path, runs: str, installed: list[str], newer: str | None
) -> None:
    for release in installed:
        (tmp_path / f'vmlinuz-{release}').touch()
    verdict = run(check(tmp_path, kernel=lambda: runs))
    assert verdict.data['installed_kernel'] == newer
    assert verdict.health is (Health.WARN if newer else Health.PASSED)
    assert not newer or f'Linux {runs} runs, {newer} is installed' in verdict.message
    assert run(check(tmp_path, CONTAINER, kernel=lambda: runs)).health is Health.PASSED


def test_a_newer_kernel_that_was_there_at_the_boot_was_not_wanted(tmp_path: Path) -> None:
    (tmp_path / 'vmlinuz-5.15.0-100-generic').touch()
    later = time.time() + 60
    assert run(check(tmp_path, booted_at=lambda: later)).health is Health.PASSED


def test_a_kernel_is_as_old_as_dpkg_says_whatever_has_touched_it(tmp_path: Path) -> None:
    (tmp_path / 'vmlinuz-5.15.0-100-generic').touch()
    listing = tmp_path / 'linux-image-unsigned-5.15.0-100-generic.list'
    listing.touch()
    booted = time.time() - 3600
    assert run(check(tmp_path, booted_at=lambda: booted)).health is Health.WARN
    os.utime(listing, (booted - 60, booted - 60))
    assert run(check(tmp_path, booted_at=lambda: booted)).health is Health.PASSED

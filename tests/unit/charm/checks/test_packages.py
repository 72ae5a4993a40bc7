"""Whether what was installed is whole, by files as dpkg and snapd write them."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.packages import Packages
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import run

WHOLE = """\
Package: adduser
Status: install ok installed
Priority: important
Description: a package
 Package: not-one
 Status: install ok unpacked

Package: base-files
Essential: yes
Status: {base}
Priority: required

Package: gone
Status: deinstall ok config-files
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / 'var/lib/dpkg/updates').mkdir(parents=True)
    (tmp_path / 'proc').mkdir()
    (tmp_path / 'proc/locks').symlink_to('/proc/locks')
    (tmp_path / 'var/lib/dpkg/lock').touch()
    set_status(tmp_path, 'install ok installed')
    return tmp_path


def set_status(root: Path, base: str) -> None:
    (root / 'var/lib/dpkg/status').write_text(WHOLE.format(base=base))


@pytest.mark.parametrize(
    ('base', 'state'),
    [
        ('install ok installed', None),
        ('hold ok installed', None),
        ('install ok unpacked', 'unpacked'),
        ('install ok half-configured', 'half-configured'),
        ('install reinstreq half-installed', 'to be installed again'),
        ('deinstall ok half-installed', 'half-installed'),
        ('install ok triggers-pending', None),
    ],
)
def test_each_state_of_a_package_has_its_verdict(root: Path, base: str, state: str | None) -> None:
    set_status(root, base)
    verdict = run(Packages(root=root))
    assert verdict.health is (Health.WARN if state else Health.PASSED)
    assert verdict.data['packages'] == ({'base-files': state} if state else {})
    if state:
        words = f'base-files is {state}: `dpkg --configure -a` goes on'
        assert verdict.message == words
        assert run(Packages('fail', root=root)).health is Health.FAIL
        assert run(Packages(ignore=('base-*',), root=root)).health is Health.PASSED


def test_what_an_interrupted_dpkg_has_noted_is_seen(root: Path) -> None:
    (root / 'var/lib/dpkg/updates/0001').touch()
    verdict = run(Packages(root=root))
    assert (verdict.health, verdict.data['updates']) == (Health.WARN, 1)
    assert verdict.message.startswith('dpkg was interrupted')
    (root / 'var/lib/dpkg/updates/0001').rename(root / 'var/lib/dpkg/updates/tmp.i')
    assert run(Packages(root=root)).health is Health.PASSED


def holding(lock: Path) -> Any:
    file = lock.open('w')
    fcntl.lockf(file, fcntl.LOCK_EX)
    return file


def test_who_installs_packages_just_now_has_not_broken_any(root: Path) -> None:
    set_status(root, 'install ok unpacked')
    with holding(root / 'var/lib/dpkg/lock'):
        verdict = run(Packages(root=root))
        assert (verdict.health, verdict.data['busy']) == (Health.PASSED, True)
        assert 'packages are being installed' in verdict.message
        late = run(Packages(root=root, clock=lambda: time.time() + 7300))
        assert late.health is Health.WARN
        assert 'has done nothing for 2.0 h' in late.message
    assert run(Packages(root=root)).health is Health.WARN


def test_a_snap_without_its_content_is_broken(root: Path) -> None:
    for name in ('whole', 'unmounted', 'dangling'):
        (root / 'snap' / name).mkdir(parents=True)
        (root / 'snap' / name / 'current').symlink_to('12')
    (root / 'snap/whole/12/meta').mkdir(parents=True)
    (root / 'snap/unmounted/12').mkdir()
    (root / 'snap/disabled').mkdir()
    (root / 'snap/bin').mkdir()
    verdict = run(Packages(root=root))
    assert verdict.message == 'snaps without content: dangling, unmounted'
    assert run(Packages(ignore=('*ing', 'unm*'), root=root)).health is Health.PASSED


def test_a_machine_without_dpkg_has_nothing_that_is_broken(tmp_path: Path) -> None:
    assert run(Packages(root=tmp_path)).health is Health.PASSED


def test_what_cannot_be_read_is_no_answer(root: Path) -> None:
    (root / 'var/lib/dpkg/status').unlink()
    (root / 'var/lib/dpkg/status').mkdir()
    with pytest.raises(CheckError, match='cannot read'):
        run(Packages(root=root))

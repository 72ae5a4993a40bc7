"""Load per CPU, where both are of one machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from charm.checks.kinds.load import Load
from charm.checks.virtualization import Virtualization
from charm.kernel.errors import CheckError
from charm.kernel.process_stat import count_threads
from charm.kernel.report import Health
from tests.support.checking import run

MACHINE = Virtualization('vm-other', False)
CONTAINERS = [Virtualization(name, True) for name in ('lxc', 'docker', 'systemd-nspawn')]


def load(
    directory: Path,
    text: str,
    around: Virtualization = MACHINE,
    threads: int | None = 100,
    cpus: int | None = 4,
) -> Load:
    """Return the check on this text, in a place with so many threads."""
    source = directory / 'loadavg'
    source.write_text(text)
    return Load(cpus=cpus, source=source, threads=lambda: threads, around=lambda: around)


@pytest.mark.parametrize(
    ('five', 'health'), [('8.00', Health.PASSED), ('8.01', Health.WARN), ('16.1', Health.FAIL)]
)
@pytest.mark.parametrize('around', [MACHINE, *CONTAINERS])
def test_load_is_judged_per_cpu_over_five_minutes(
    tmp_path: Path, five: str, health: Health, around: Virtualization
) -> None:
    assert run(load(tmp_path, f'99.0 {five} 0.01 2/345 6789\n', around)).health is health


@pytest.mark.parametrize('text', ['', 'a b c', '1.0 nan 1.0', '1.0 2.0'])
def test_load_that_cannot_be_read_is_no_answer(tmp_path: Path, text: str) -> None:
    with pytest.raises(CheckError):
        run(load(tmp_path, text))


@pytest.mark.parametrize('around', CONTAINERS)
@pytest.mark.parametrize('threads', [90, 0, None])
def test_the_load_of_the_host_is_no_failure_of_its_container(
    tmp_path: Path, around: Virtualization, threads: int | None
) -> None:
    text = '31.02 300.10 29.80 3/9000 1234\n'
    verdict = run(load(tmp_path, text, around, threads, cpus=None))
    assert (verdict.health, verdict.data['scope']) == (Health.PASSED, 'host')
    assert 'load of the host' in verdict.message
    assert verdict.data['load_5'] == 300.10


@pytest.mark.parametrize('around', CONTAINERS)
def test_a_container_that_is_shown_its_own_load_is_judged_by_it(
    tmp_path: Path, around: Virtualization
) -> None:
    text = '31.02 30000.10 29.80 3/95 1234\n'
    verdict = run(load(tmp_path, text, around, 90, cpus=None))
    assert (verdict.health, verdict.data['scope']) == (Health.FAIL, 'container')


def test_a_load_without_threads_beside_it_is_taken_for_the_hosts(tmp_path: Path) -> None:
    verdict = run(load(tmp_path, '1.0 99.0 1.0\n', CONTAINERS[0], cpus=None))
    assert verdict.data['scope'] == 'host'


def test_a_kernel_counts_its_own_threads_beside_those_we_see(tmp_path: Path) -> None:
    seen = count_threads()
    assert seen is not None
    assert seen > 1
    assert count_threads(str(tmp_path)) is None
    assert count_threads(str(tmp_path / 'none')) is None

"""Processes that the kernel killed for want of memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence, Tuple

import pytest

from charm.checks.kinds.oom_kills import OomKills
from charm.checks.virtualization import Virtualization
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import run
from tests.unit.charm.checks.kernel_says import kernel_log

# As kernel 6.18 wrote them, the first in a cgroup that was too small, for which it was made.
LIMITED = (
    'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,'
    'oom_memcg={},task_memcg=/x,task=python3,pid=11023,uid=0'
)
GLOBAL = (
    'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,'
    'task_memcg=/lxc.payload.a/system.slice/mysql.service,task=mysqld,pid=77,uid=112'
)


def oom(
    tmp_path: Path, said: Sequence[Tuple[float, str]], count: int = 3, **more: Any
) -> OomKills:
    vmstat = tmp_path / 'vmstat'
    vmstat.write_text(f'nr_free_pages 1\noom_kill {count}\n')
    log = kernel_log(tmp_path / 'kmsg', said)
    around = more.pop('around', Virtualization('none', False))
    return OomKills(vmstat=vmstat, log=log, around=lambda: around, **more)


def test_a_kill_within_the_hour_warns_and_names_who_was_killed(tmp_path: Path) -> None:
    said = [(600, GLOBAL), (60, LIMITED.format('/system.slice/a.service')), (5, 'usb 1-1: new')]
    verdict = run(oom(tmp_path, said))
    assert verdict.health is Health.WARN
    assert 'killed mysqld, python3 for want of memory, the last 60.0 s ago' in verdict.message
    assert [kill['pid'] for kill in verdict.data['killed']] == [77, 11023]
    assert run(oom(tmp_path, said, severity='fail')).health is Health.FAIL


def test_what_was_killed_long_ago_is_told_and_passes(tmp_path: Path) -> None:
    verdict = run(oom(tmp_path, [(4000, GLOBAL)]))
    assert verdict.health is Health.PASSED
    assert '3 killed for want of memory since boot' in verdict.message
    assert run(oom(tmp_path, [(4000, GLOBAL)], within_seconds=5000)).health is Health.WARN


@pytest.mark.parametrize(
    'cgroup',
    [
        '/lxc.payload.juju-1',
        '/kubepods.slice/x',
        '/docker/f00',
        '/system.slice/docker-f00.scope',
        '/user.slice/user-1.slice/user@1.service/user.slice/libpod-f00.scope',
    ],
)
def test_the_limit_of_a_container_is_its_own_business(cgroup: str, tmp_path: Path) -> None:
    verdict = run(oom(tmp_path, [(60, LIMITED.format(cgroup))]))
    assert verdict.health is Health.PASSED
    assert verdict.data['killed'][0]['container'] is True


def test_where_nothing_was_killed_the_log_is_not_read(tmp_path: Path) -> None:
    verdict = run(oom(tmp_path, [(60, GLOBAL)], count=0))
    assert (verdict.health, verdict.data['since_boot']) == (Health.PASSED, 0)


def test_who_may_not_read_the_log_is_told_the_number(tmp_path: Path) -> None:
    check = oom(tmp_path, [])
    check.log.unlink()
    verdict = run(check)
    assert verdict.health is Health.PASSED
    assert '3 killed' in verdict.message
    assert 'root' in verdict.message


@pytest.mark.parametrize(
    ('text', 'told'), [('oom 1\noom_kill 2\n', '2 killed here'), ('', 'host')]
)
def test_a_container_tells_the_number_of_its_own(text: str, told: str, tmp_path: Path) -> None:
    events = tmp_path / 'memory.events'
    events.write_text(text)
    lxc = Virtualization('lxc', True)
    verdict = run(oom(tmp_path, [(60, GLOBAL)], events=events, around=lxc))
    assert verdict.health is Health.PASSED
    assert told in verdict.message


def test_a_kernel_without_the_counter_says_so_and_a_missing_file_is_no_pass(
    tmp_path: Path,
) -> None:
    check = oom(tmp_path, [])
    check.vmstat.write_text('nr_free_pages 1\n')
    assert 'does not count' in run(check).message
    check.vmstat.unlink()
    with pytest.raises(CheckError, match='vmstat'):
        run(check)

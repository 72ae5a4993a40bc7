"""What is wrong with a machine's units, as a program that answers like systemctl shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.kinds.failed_units import FailedUnits
from charm.checks.kinds.systemd_service import SystemdService
from charm.checks.systemd_units import SystemdUnit, parse
from charm.checks.unit_troubles import restarting
from charm.checks.virtualization import Virtualization
from charm.kernel.errors import CheckError, HealthError
from charm.kernel.report import Health
from tests.support.checking import program, run
from tests.support.systemd import ACTIVE, answering, show

NOW = 10_000.0
MACHINE = Virtualization('none', container=False)
CONTAINER = Virtualization('lxc', container=True)


def check(
    tmp_path: Path, *units: dict[str, str], around: Virtualization = MACHINE, **options: Any
) -> FailedUnits:
    return FailedUnits(
        systemctl=answering(tmp_path, *units),
        booted=tmp_path,
        around=lambda: around,
        monotonic=lambda: NOW,
        **options,
    )


def unit(name: str, active: str = 'failed', **more: str) -> dict[str, str]:
    return {**ACTIVE, 'Id': name, 'ActiveState': active, 'SubState': active, **more}


def ago(seconds: float) -> str:
    return str(int((NOW - seconds) * 1e6))


def test_failed_units_fail_unless_ignored(tmp_path: Path) -> None:
    units = unit('a.service'), unit('b.timer'), unit('c.service', 'active')
    verdict = run(check(tmp_path, *units))
    assert (verdict.health, verdict.message) == (Health.FAIL, 'failed: a.service, b.timer')
    assert verdict.data['failed'] == ['a.service', 'b.timer']
    some = run(check(tmp_path, *units, severity='warn', ignore=('a.*',)))
    assert (some.health, some.data['ignored']) == (Health.WARN, ['a.service'])
    assert run(check(tmp_path, *units, ignore=('*',))).health is Health.PASSED


@pytest.mark.parametrize(
    'left',
    [
        unit('gone.service', LoadState='not-found'),
        unit('backup.service', Transient='yes'),
        unit('run-rc0ffee.service'),
        unit('session-12.scope'),
        unit('user@1000.service'),
    ],
    ids=lambda said: said['Id'],
)
def test_what_is_only_left_over_warns_and_names_the_way_out(
    tmp_path: Path, left: dict[str, str]
) -> None:
    verdict = run(check(tmp_path, left))
    assert verdict.health is Health.WARN
    assert f'`systemctl reset-failed {left["Id"]}`' in verdict.message
    assert verdict.data['left_over'] == [left['Id']]
    worse = run(check(tmp_path, left, unit('shop.service')))
    assert (worse.health, worse.message) == (Health.FAIL, 'failed: shop.service')


def test_the_way_out_is_one_that_a_shell_takes(tmp_path: Path) -> None:
    left = unit(r'mnt-a\x2db.mount', LoadState='not-found')
    assert r"reset-failed 'mnt-a\x2db.mount'" in run(check(tmp_path, left)).message


@pytest.mark.parametrize(
    'name',
    [
        *('sys-kernel-config.mount', 'sys-kernel-debug.mount', 'sys-fs-fuse-connections.mount'),
        *('dev-hugepages.mount', 'systemd-udevd.service', 'systemd-udevd-kernel.socket'),
        *('systemd-modules-load.service', 'proc-sys-fs-binfmt_misc.automount'),
        *('systemd-journald-audit.socket', 'systemd-remount-fs.service', 'modprobe@drm.service'),
    ],
)
def test_what_no_container_can_do_fails_where_it_can_be_done(tmp_path: Path, name: str) -> None:
    inside = run(check(tmp_path, unit(name), around=CONTAINER))
    assert (inside.health, inside.data['of_host']) == (Health.PASSED, [name])
    assert name in inside.message
    assert run(check(tmp_path, unit(name))).health is Health.FAIL


@pytest.mark.parametrize('name', ['srv-data.mount', 'systemd-networkd-wait-online.service'])
def test_what_a_container_can_do_fails_in_one_too(tmp_path: Path, name: str) -> None:
    assert run(check(tmp_path, unit(name), around=CONTAINER)).health is Health.FAIL


@pytest.mark.parametrize(
    ('said', 'words'),
    [
        (
            {'SubState': 'auto-restart', 'Result': 'exit-code', 'ExecMainStatus': '3'},
            'waits for the next: exit-code, exit status 3',
        ),
        (
            {'SubState': 'auto-restart-queued', 'Result': 'signal', 'ExecMainStatus': '11'}
            | {'ExecMainCode': '3'},
            'waits for the next: signal, signal 11',
        ),
        ({'SubState': 'start-pre', 'NRestarts': '3'}, 'starts again'),
    ],
)
def test_a_crash_loop_is_seen_between_two_runs(
    tmp_path: Path, said: dict[str, str], words: str
) -> None:
    verdict = run(check(tmp_path, unit('shop.service', 'activating', **said)))
    assert verdict.health is Health.FAIL
    assert verdict.message.startswith('restarted over and over: shop.service (restarted ')
    assert words in verdict.message
    assert verdict.data['restarting'] == ['shop.service']


@given(
    restarts=st.integers(0, 1000),
    up=st.floats(0, 10**6),
    kind=st.sampled_from(['simple', 'exec', 'forking', 'notify', 'dbus', 'idle']),
)
def test_who_was_restarted_often_and_is_new_is_in_a_loop(
    restarts: int, up: float, kind: str
) -> None:
    entered = str(int((10**7 - up) * 1e6))
    said = {'NRestarts': str(restarts), 'ActiveEnterTimestampMonotonic': entered, 'Type': kind}
    found = restarting(SystemdUnit({**ACTIVE, **said}), 10**7)
    # A getty is started again after each log-out.
    assert bool(found) == (restarts >= 3 and up < 300 and kind != 'idle')


def test_who_is_meant_to_be_started_again_is_in_no_loop(tmp_path: Path) -> None:
    waits = unit('poll.service', 'activating', SubState='auto-restart', NRestarts='99')
    assert run(check(tmp_path, waits)).health is Health.PASSED


WORK = {'Type': 'oneshot', 'InactiveExitTimestampMonotonic': ago(3600)}


@pytest.mark.parametrize(
    ('more', 'health'),
    [
        ({'InactiveExitTimestampMonotonic': ago(3600)}, Health.WARN),
        ({'InactiveExitTimestampMonotonic': ago(60)}, Health.PASSED),
        (WORK, Health.WARN),
        (WORK | {'TriggeredBy': 'backup.timer'}, Health.PASSED),
        (WORK | {'Transient': 'yes'}, Health.PASSED),
    ],
)
def test_a_start_that_never_ends_warns_unless_it_is_work(
    tmp_path: Path, more: dict[str, str], health: Health
) -> None:
    starts = unit('shop.service', 'activating', **{'SubState': 'start', **more})
    verdict = run(check(tmp_path, starts))
    assert verdict.health is health
    assert ('starting for ever: shop.service (start for 60 min)' in verdict.message) is (
        health is Health.WARN
    )


DAY = 86_400.0


@pytest.mark.parametrize(
    ('booted_ago', 'began_ago', 'fine'),
    [(5000, 3600, True), (1000, 3600, False), (None, 3600, False), (9 * DAY, 3 * DAY, False)],
)
def test_what_was_started_after_the_boot_is_work_for_two_days(
    tmp_path: Path, booted_ago: float | None, began_ago: float, fine: bool
) -> None:
    now = 10 * DAY
    work = unit('shop.service', 'activating', **WORK)
    work['InactiveExitTimestampMonotonic'] = str(int((now - began_ago) * 1e6))
    ended = 0 if booted_ago is None else int((now - booted_ago) * 1e6)
    systemctl = program(
        tmp_path,
        f'case "$*" in *=Finish*) echo FinishTimestampMonotonic={ended};;'
        f' *) exec {answering(tmp_path, work)} "$@";; esac',
        name='manager',
    )
    common: dict[str, Any] = {'systemctl': systemctl, 'booted': tmp_path, 'monotonic': lambda: now}
    of_all = run(FailedUnits(around=lambda: MACHINE, **common))
    of_one = run(SystemdService(units=('shop.service',), **common))
    assert of_all.health is (Health.PASSED if fine else Health.WARN)
    assert of_one.health is (Health.PASSED if fine else Health.FAIL)


@pytest.mark.parametrize(('since', 'health'), [(60, Health.PASSED), (3600, Health.WARN)])
def test_a_stop_that_never_ends_warns(tmp_path: Path, since: float, health: Health) -> None:
    stops = unit('db.service', 'deactivating', SubState='stop-sigterm')
    stops['ActiveExitTimestampMonotonic'] = ago(since)
    verdict = run(check(tmp_path, stops))
    assert verdict.health is health
    assert verdict.data['stopping'] == (['db.service'] if health is Health.WARN else [])


EVERY_DAY = '{ OnUnitActiveUSec=1d ; next_elapse=0 }'
ONCE = '{ OnBootUSec=5min ; next_elapse=5min }'
DEAD = {'SubState': 'dead'}


@pytest.mark.parametrize(
    ('times', 'sub', 'started', 'health'),
    [
        (EVERY_DAY, 'elapsed', unit('job.service', 'inactive', **DEAD), Health.WARN),
        (EVERY_DAY, 'running', unit('job.service', 'active', SubState='exited'), Health.WARN),
        (EVERY_DAY, 'running', unit('job.service', 'activating', SubState='start'), Health.PASSED),
        (EVERY_DAY, 'elapsed', unit('job.service', 'active', SubState='running'), Health.PASSED),
        (ONCE, 'elapsed', unit('job.service', 'inactive', **DEAD), Health.PASSED),
        ('', 'elapsed', unit('job.service', 'inactive', **DEAD), Health.PASSED),
        (
            EVERY_DAY,
            'elapsed',
            unit('job.service', 'inactive', ConditionResult='no', ConditionTimestampMonotonic='7'),
            Health.PASSED,
        ),
    ],
)
def test_a_timer_that_should_come_again_and_will_not_warns(
    tmp_path: Path, times: str, sub: str, started: dict[str, str], health: Health
) -> None:
    timer = unit('job.timer', 'active', SubState=sub, Triggers='job.service')
    timer['TimersMonotonic'] = times
    verdict = run(check(tmp_path, timer, started))
    assert (verdict.health, verdict.data['timers']) == (
        health,
        ['job.timer'] if health is Health.WARN else [],
    )


def test_properties_that_come_several_times_are_kept_and_only_line_feeds_end_lines() -> None:
    said = 'Id=a\x0bb\x0c\nTimersMonotonic=1\nTimersMonotonic=2\n\n\nId=c=d\n'
    assert parse(said) == [{'Id': 'a\x0bb\x0c', 'TimersMonotonic': '1\n2'}, {'Id': 'c=d'}]
    assert parse(show(ACTIVE, ACTIVE)) == [ACTIVE, ACTIVE]
    assert parse('') == []


def test_without_systemd_there_are_no_failed_units_and_it_says_so(tmp_path: Path) -> None:
    verdict = run(FailedUnits(booted=tmp_path / 'none'))
    assert (verdict.health, verdict.data['systemd']) == (Health.PASSED, False)


def test_a_systemd_that_does_not_answer_is_unknown(tmp_path: Path) -> None:
    broken = program(tmp_path, 'echo Failed to connect to bus >&2; exit 1')
    with pytest.raises(CheckError, match=r'exited with 1: Failed to connect to bus'):
        run(FailedUnits(systemctl=broken, booted=tmp_path))
    with pytest.raises(HealthError, match='cannot run'):
        run(FailedUnits(systemctl=str(tmp_path / 'none'), booted=tmp_path))
    hung = program(tmp_path, 'sleep 60')
    with pytest.raises(CheckError, match='did not end in time'):
        run(FailedUnits(systemctl=hung, booted=tmp_path), 0.1)

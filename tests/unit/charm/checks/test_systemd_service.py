"""Units of systemd, as a program that answers like systemctl shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.systemd_service import SystemdService
from charm.checks.options import OptionError
from charm.kernel.errors import CheckError, HealthError
from charm.kernel.report import Health
from tests.support.checking import program, run
from tests.support.systemd import ACTIVE, answering, show

NOW = 1000.0


def check(tmp_path: Path, said: str, exit_code: int = 0, **options: Any) -> SystemdService:
    (tmp_path / 'said').write_text(said)
    systemctl = program(
        tmp_path,
        f'echo "$@" > {tmp_path}/asked; cat {tmp_path}/said; echo broken >&2; exit {exit_code}',
    )
    options.setdefault('units', ('web',))
    return SystemdService(systemctl=systemctl, booted=tmp_path, monotonic=lambda: NOW, **options)


@pytest.mark.parametrize(
    ('changes', 'health', 'said'),
    [
        ({}, Health.PASSED, 'web.service is active (running)'),
        ({'ActiveState': 'reloading', 'SubState': 'reload'}, Health.PASSED, 'reloading'),
        ({'LoadState': 'not-found', 'ActiveState': 'inactive'}, Health.FAIL, 'is not-found'),
        ({'LoadState': 'masked', 'ActiveState': 'inactive'}, Health.FAIL, 'is masked'),
        (
            {'ActiveState': 'failed', 'Result': 'oom-kill', 'ExecMainStatus': '9'},
            Health.FAIL,
            'web.service has failed: oom-kill, exit status 9',
        ),
        ({'ActiveState': 'inactive', 'SubState': 'dead'}, Health.FAIL, 'is inactive (dead)'),
        (
            {'ActiveState': 'inactive', 'UnitFileState': 'disabled'},
            Health.FAIL,
            'it is disabled, so that no boot starts it',
        ),
        (
            {
                'ActiveState': 'inactive',
                'ConditionResult': 'no',
                'ConditionTimestampMonotonic': '7',
            },
            Health.FAIL,
            'a condition in its file is not met',
        ),
        (
            {'ActiveState': 'activating', 'SubState': 'auto-restart', 'Result': 'exit-code'},
            Health.FAIL,
            'waits to be restarted: exit-code',
        ),
        (
            {'NRestarts': '4', 'ActiveEnterTimestampMonotonic': '990000000'},
            Health.FAIL,
            'web.service (restarted 4 times, up for 10.0 s) is restarted over and over',
        ),
        ({'ActiveState': 'activating', 'SubState': 'start-pre'}, Health.WARN, 'activating'),
        ({'ActiveState': 'deactivating', 'SubState': 'stop'}, Health.WARN, 'deactivating'),
        (
            {
                'ActiveState': 'activating',
                'SubState': 'start',
                'InactiveExitTimestampMonotonic': '9',
            },
            Health.FAIL,
            'web.service (start for 17 min) starts for ever',
        ),
        (
            {'ActiveState': 'deactivating', 'SubState': 'stop-sigterm'}
            | {'ActiveExitTimestampMonotonic': '9'},
            Health.FAIL,
            'web.service (stop-sigterm for 17 min) stops for ever',
        ),
        ({'SubState': 'exited'}, Health.WARN, 'none of its processes is left'),
        ({'SubState': 'exited', 'Type': 'oneshot'}, Health.PASSED, 'active (exited)'),
        (
            {'ActiveState': 'inactive', 'Type': 'oneshot', 'ExecMainExitTimestampMonotonic': '7'},
            Health.PASSED,
            'it has done its work',
        ),
        (
            {'ActiveState': 'inactive', 'Type': 'oneshot'},
            Health.WARN,
            'it has not run since boot',
        ),
        (
            {'ActiveState': 'inactive', 'Type': 'oneshot', 'Result': 'exit-code'},
            Health.FAIL,
            'inactive',
        ),
        ({'ActiveState': 'dancing'}, Health.UNKNOWN, 'dancing'),
    ],
)
def test_each_state_of_a_unit_has_its_verdict(
    tmp_path: Path, changes: dict[str, str], health: Health, said: str
) -> None:
    verdict = run(check(tmp_path, show({**ACTIVE, **changes})))
    assert verdict.health is health
    assert said in verdict.message


def test_restarts_count_only_where_they_are_asked_about(tmp_path: Path) -> None:
    said = show({**ACTIVE, 'NRestarts': '4'})
    assert run(check(tmp_path, said)).health is Health.PASSED
    assert run(check(tmp_path, said, warn_restarts=4)).health is Health.PASSED
    verdict = run(check(tmp_path, said, warn_restarts=3))
    assert verdict.health is Health.WARN
    assert 'restarted 4 times' in verdict.message


def test_the_worst_unit_counts_and_each_is_in_the_data(tmp_path: Path) -> None:
    failed = {**ACTIVE, 'Id': 'db.service', 'ActiveState': 'failed', 'SubState': 'failed'}
    verdict = run(check(tmp_path, show(ACTIVE, failed), units=('web', 'db')))
    assert verdict.health is Health.FAIL
    assert 'web' not in verdict.message
    assert set(verdict.data['units']) == {'web.service', 'db.service'}
    assert verdict.data['units']['db.service']['active'] == 'failed'


def test_a_unit_s_name_is_never_an_option(tmp_path: Path) -> None:
    run(check(tmp_path, show(ACTIVE), units=('web@1.service',)))
    assert (tmp_path / 'asked').read_text().rstrip().endswith('-- web@1.service')
    for name in ('--user', '-p', 'a b', 'x;y', ''):
        with pytest.raises(OptionError, match='not a unit name'):
            SystemdService(units=(name,))
    with pytest.raises(OptionError, match='names no unit'):
        SystemdService(units=())


def test_what_systemctl_does_not_say_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match='exited with 4: broken'):
        run(check(tmp_path, show(ACTIVE), exit_code=4))
    with pytest.raises(CheckError, match='1 answers for'):
        run(check(tmp_path, show(ACTIVE), units=('web', 'db')))
    with pytest.raises(HealthError, match='cannot run /nonexistent'):
        run(SystemdService(units=('web',), systemctl='/nonexistent', booted=tmp_path))


def test_without_systemd_there_is_nothing_to_ask(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match='does not run this machine'):
        run(SystemdService(units=('web',), booted=tmp_path / 'none'))


def unit(name: str, active: str, **more: str) -> dict[str, str]:
    return {**ACTIVE, 'Id': name, 'ActiveState': active, **more}


@pytest.mark.parametrize(
    ('starter', 'health', 'said'),
    [
        ('active', Health.PASSED, 'web.socket starts it when it is wanted'),
        ('failed', Health.FAIL, 'web.socket has failed: success, which starts it'),
        ('inactive', Health.FAIL, 'web.socket, which starts it, is inactive'),
    ],
)
@pytest.mark.parametrize('kind', ['socket', 'path', 'timer', 'automount'])
def test_what_starts_a_service_when_it_is_wanted_speaks_for_it(
    tmp_path: Path, starter: str, kind: str, health: Health, said: str
) -> None:
    web = unit('web.service', 'inactive', TriggeredBy=f'web.{kind}', SubState='dead')
    systemctl = answering(tmp_path, web, unit(f'web.{kind}', starter))
    verdict = run(SystemdService(units=('web.service',), systemctl=systemctl, booted=tmp_path))
    assert (verdict.health, said.replace('socket', kind) in verdict.message) == (health, True)


@pytest.mark.parametrize('kind', ['socket', 'timer'])
def test_a_service_that_failed_is_not_excused_by_what_starts_it(tmp_path: Path, kind: str) -> None:
    web = unit('web.service', 'failed', TriggeredBy=f'web.{kind}')
    systemctl = answering(tmp_path, web, unit(f'web.{kind}', 'active'))
    check = SystemdService(units=('web.service',), systemctl=systemctl, booted=tmp_path)
    assert run(check).health is Health.FAIL


@pytest.mark.parametrize(
    ('said', 'health'),
    [
        ({'Type': 'dbus', 'UnitFileState': 'static'}, Health.PASSED),
        ({'BusName': 'org.example.web', 'UnitFileState': 'static'}, Health.PASSED),
        ({'Type': 'dbus', 'UnitFileState': 'enabled'}, Health.FAIL),
        ({'Type': 'dbus', 'UnitFileState': 'disabled'}, Health.FAIL),
        ({'Type': 'dbus', 'UnitFileState': 'static', 'Result': 'timeout'}, Health.FAIL),
        ({'Type': 'simple', 'UnitFileState': 'static'}, Health.FAIL),
    ],
)
def test_what_d_bus_starts_when_it_is_wanted_may_be_idle(
    tmp_path: Path, said: dict[str, str], health: Health
) -> None:
    systemctl = answering(tmp_path, unit('web.service', 'inactive', SubState='dead', **said))
    verdict = run(SystemdService(units=('web.service',), systemctl=systemctl, booted=tmp_path))
    assert verdict.health is health


def test_a_timer_that_never_comes_again_fails_with_what_it_starts(tmp_path: Path) -> None:
    times = '{ OnUnitActiveUSec=1h ; next_elapse=infinity }'
    timer = unit('web.timer', 'active', SubState='elapsed', Triggers='web.service')
    timer['TimersMonotonic'] = times
    web = unit('web.service', 'inactive', TriggeredBy='web.timer', SubState='dead')
    systemctl = answering(tmp_path, timer, web)
    for name in ('web.timer', 'web.service'):
        verdict = run(SystemdService(units=(name,), systemctl=systemctl, booted=tmp_path))
        assert verdict.health is Health.FAIL
        assert 'web.timer (has no next time: web.service has not run)' in verdict.message


@pytest.mark.parametrize(
    ('parts', 'health', 'said'),
    [
        ({'a': 'active', 'b': 'active'}, Health.PASSED, 'pg.service is active (exited)'),
        ({'a': 'active', 'b': 'inactive'}, Health.PASSED, 'not active: b'),
        ({'a': 'inactive', 'b': 'inactive'}, Health.FAIL, 'none of its parts is active: a, b'),
        ({'a': 'active', 'b': 'failed'}, Health.FAIL, 'of its parts b has failed'),
        ({}, Health.WARN, 'it runs nothing itself'),
    ],
)
def test_a_unit_without_processes_is_judged_by_its_parts(
    tmp_path: Path, parts: dict[str, str], health: Health, said: str
) -> None:
    meta = unit(
        'pg.service',
        'active',
        SubState='exited',
        Type='oneshot',
        ConsistsOf=' '.join(parts),
        ExecStart='{ path=/usr/bin/true ; argv[]=/usr/bin/true ; status=0/0 }',
    )
    systemctl = answering(tmp_path, meta, *(unit(name, state) for name, state in parts.items()))
    verdict = run(SystemdService(units=('pg.service',), systemctl=systemctl, booted=tmp_path))
    assert (verdict.health, said in verdict.message) == (health, True)

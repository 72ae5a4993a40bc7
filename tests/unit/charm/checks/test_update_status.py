"""When Juju has run the hooks of a machine's units, by the log of their lock."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.update_status import UpdateStatus
from charm.checks.machine_lock import LastRuns, read_last_runs
from charm.checks.options import OptionError
from charm.checks.virtualization import Virtualization
from charm.kernel.report import Health
from tests.support.checking import run

NOW = datetime(2026, 11, 30, 12, 0, 0).timestamp()  # noqa: DTZ001 - the log is in local time
DAY = '2026-11-30'
# As Juju's core/machinelock writes it; the workers of 2.9 have no unit's name.
LOG = f"""\
{DAY} 06:00:00 === agent unit-web-0 started ===
{DAY} 06:00:00 unit-web-0: web/0 uniter (run update-status hook), waited 0s, held 2s
{DAY} 09:00:00 unit-db-0: uniter (run update-status hook), waited 5s, held 1m2s
{DAY} 09:01:00 unit-web-0: web/0 uniter (run relation-changed (1; db/0) hook), waited 0s, held 4s
{DAY} 11:30:00 machine-0: reboot, waited 0s, held 0s
{DAY} 11:50:00 unit-gone-1: gone/1 uniter (run update-status hook), waited 0s, held 0s
"""
NEW = f'{DAY} 11:58:00 unit-{{}}: {{}} uniter (run update-status hook), waited 0s, held 0s\n'


def check(
    directory: Path, log: str, *tags: str, booted_at: float = 0.0, **options: Any
) -> UpdateStatus:
    agents = directory / 'agents'
    for tag in ('machine-0', *tags):
        (agents / tag).mkdir(parents=True)
    (directory / 'machine-lock.log').write_text(log)
    return UpdateStatus(
        agents=agents,
        log=directory / 'machine-lock.log',
        clock=lambda: NOW,
        booted_at=lambda: booted_at,
        around=lambda: Virtualization('none', False),
        **options,
    )


def test_the_last_runs_of_each_agent_are_found(tmp_path: Path) -> None:
    (tmp_path / 'log').write_text(LOG)
    web, db = 'unit-web-0', 'unit-db-0'
    found = read_last_runs([web, db, 'unit-none-0'], tmp_path / 'log')
    at = {hour: NOW - (12 - hour) * 3600 for hour in (6, 9)}
    changed = 'run relation-changed (1; db/0) hook'
    assert found == {
        web: LastRuns(at[9] + 60, changed, at[6]),
        db: LastRuns(at[9], 'run update-status hook', at[9]),
    }


def test_units_whose_hooks_do_not_run_warn_with_the_last_that_did(tmp_path: Path) -> None:
    verdict = run(check(tmp_path, LOG, 'unit-web-0', 'unit-db-0'))
    assert verdict.health is Health.WARN
    assert verdict.message == (
        'no update-status hook for 6.0 h: web/0, db/0; '
        'the last to end was `run relation-changed`, 3.0 h ago'
    )
    assert set(verdict.data['units']) == {'db/0', 'web/0'}
    assert verdict.data['scope'] == 'machine'


@pytest.mark.parametrize(
    ('log', 'said'),
    [
        (LOG + NEW.format('web-0', 'web/0'), 'each unit had its update-status hook in 2 min'),
        (f'{DAY} 11:00:00 === agent unit-web-0 started ===\n', 'in 60 min'),
        ('', 'the log of hooks tells of no unit here'),
        (
            '\n\x00\nnonsense\n9999-99-99 99:99:99 unit-web-0: x (y), waited 0s\n',
            'of no unit here',
        ),
    ],
)
def test_who_runs_its_hooks_or_is_new_passes(tmp_path: Path, log: str, said: str) -> None:
    verdict = run(check(tmp_path, log, 'unit-web-0'))
    assert verdict.health is Health.PASSED
    assert said in verdict.message


def test_a_machine_that_was_off_has_time_from_its_boot_on(tmp_path: Path) -> None:
    booted = run(check(tmp_path, LOG, 'unit-web-0', booted_at=NOW - 60))
    assert booted.health is Health.PASSED


def test_how_long_and_how_bad_is_the_operator_s(tmp_path: Path) -> None:
    asked = check(tmp_path, LOG, 'unit-web-0', severity='fail', within_seconds=3600 * 5)
    assert run(asked).health is Health.FAIL
    with pytest.raises(OptionError, match='within_seconds'):
        UpdateStatus(within_seconds=0)


def test_where_nobody_may_know_it_passes_and_says_so(tmp_path: Path) -> None:
    none = UpdateStatus(agents=tmp_path, log=tmp_path / 'none')
    assert run(none).message == 'Juju keeps no log of hooks here'
    barred = check(tmp_path, LOG, 'unit-web-0')
    (tmp_path / 'machine-lock.log').unlink()
    (tmp_path / 'machine-lock.log').mkdir()
    verdict = run(barred)
    assert verdict.health is Health.PASSED
    assert 'cannot tell when hooks ran' in verdict.message


def test_the_hour_that_comes_twice_is_its_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    try:
        line = '2026-10-25 02:30:00 unit-web-0: uniter (run update-status hook), waited 0s\n'
        (tmp_path / 'log').write_text(line)
        found = read_last_runs(['unit-web-0'], tmp_path / 'log')['unit-web-0']
        assert found.at == 1792891800.0
    finally:
        monkeypatch.undo()
        time.tzset()

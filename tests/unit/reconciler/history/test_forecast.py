"""What is ahead of a model, by its history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from charm.kernel.fields import format_time
from charm.kernel.report import Health
from reconciler.cli.main import command
from reconciler.history.database import Database
from reconciler.history.facts import CERTIFICATE, THERE
from reconciler.history.find import known_models
from reconciler.history.forecast import Forecasts, forecast
from reconciler.history.looks import Look
from reconciler.history.moments import to_moment
from reconciler.history.subject import CHECK, UNIT, Subject
from reconciler.render.options import RenderOptions
from reconciler.render.people.forecast import FORECASTS
from tests.support.golden import check_golden
from tests.support.recorded import BEGIN, DAY, DISK, WHOLE, Sweeps

PASSED = Look(Health.PASSED)
TLS = Subject(CHECK, 'web/0 tls')
THERE_ALL = {Subject(UNIT, 'mysql/0'): {THERE: 'yes'}, Subject(UNIT, 'web/0'): {THERE: 'yes'}}


def grown(sweeps: Sweeps, days: int, expires: int = 60) -> None:
    """Record a disk that is full on day 25, inodes that are, and a certificate, twice a day."""
    not_after = format_time(BEGIN + timedelta(days=expires)) or ''
    for half in range(days * 2 + 1):
        sweeps.sweep(
            half * 720,
            {WHOLE: PASSED, DISK: PASSED, TLS: PASSED},
            facts={**THERE_ALL, TLS: {CERTIFICATE: not_after}},
            figures={DISK: {'/var used': 0.5 + 0.01 * half, '/ used': 0.4, '/ inodes used': 1.0}},
        )


def ahead(
    database: Database, day: float, within: float = 90, names: Sequence[str] = ()
) -> Forecasts:
    now = round(BEGIN.timestamp() * 1000 + day * DAY)
    with database.reading() as connection:
        return forecast(connection, known_models(connection), names, now, round(within * DAY))


def told(found: Forecasts) -> list[tuple[str, str, int]]:
    """Return check, figure and the day of each."""
    begin = BEGIN.timestamp() * 1000
    return [(one.check, one.figure, round((one.at - begin) / DAY)) for one in found.found]


def test_what_fills_and_what_expires_is_told_the_next_first(
    database: Database, sweeps: Sweeps
) -> None:
    grown(sweeps, 14)
    assert told(ahead(database, 14)) == [
        ('mysql/0 disk', '/ inodes used', 14),
        ('mysql/0 disk', '/var used', 25),
        ('web/0 tls', 'certificate', 60),
    ]
    assert len(ahead(database, 14, within=20).found) == 2
    assert told(ahead(database, 14, names=['web'])) == [('web/0 tls', 'certificate', 60)]
    assert told(ahead(database, 14, names=['web/0:tls'])) == [('web/0 tls', 'certificate', 60)]
    assert told(ahead(database, 14, names=['haproxy'])) == []


def test_a_certificate_that_has_expired_is_told_of(database: Database, sweeps: Sweeps) -> None:
    grown(sweeps, 10, expires=8)
    assert ('web/0 tls', 'certificate', 8) in told(ahead(database, 10))
    assert ahead(database, 10, names=['web']).urgent


@pytest.mark.parametrize(('expires', 'urgent'), [(17, True), (18, False)])
def test_a_week_is_urgent(expires: int, urgent: bool, database: Database, sweeps: Sweeps) -> None:
    grown(sweeps, 10, expires)
    assert ahead(database, 10, names=['web']).urgent is urgent


def test_what_is_gone_or_long_unseen_has_nothing_ahead(database: Database, sweeps: Sweeps) -> None:
    grown(sweeps, 14)
    there = {Subject(UNIT, 'mysql/0'): {THERE: 'yes'}}
    # The unit of the certificate is gone, and the disk is not looked at.
    sweeps.sweep(14 * 1440 + 60, {WHOLE: PASSED}, facts=there)
    assert {check for check, _, _ in told(ahead(database, 14.1))} == {'mysql/0 disk'}
    sweeps.sweep(23 * 1440, {WHOLE: PASSED}, facts=there)
    assert told(ahead(database, 23)) == []


def test_a_date_that_is_none_is_passed_over(database: Database, sweeps: Sweeps) -> None:
    for minute, said in enumerate(['soon', '9999-99-99T00:00:00Z', '2026']):
        sweeps.sweep(minute, {WHOLE: PASSED, TLS: PASSED}, facts={TLS: {CERTIFICATE: said}})
        assert told(ahead(database, 1)) == []


@pytest.mark.parametrize('form', list(FORECASTS))
@pytest.mark.parametrize('width', [100, 70])
def test_what_is_printed(form: str, width: int, database: Database, sweeps: Sweeps) -> None:
    grown(sweeps, 14)
    grown(replace(sweeps, model='lab:test', uuid='uuid-2'), 12, expires=3)
    found = ahead(database, 14)
    text = FORECASTS[form](found, RenderOptions(to_moment(found.at), width=width))
    if form == 'json':
        assert len(json.loads(text)['forecasts']) == len(found.found)
    check_golden(f'forecast-{width}.2.{form}', text)


@pytest.mark.parametrize(
    ('words', 'code'), [((), 0), (('--within', '800d'), 1), (('-m', 'prod', 'web'), 0)]
)
def test_the_command_tells_by_its_exit_code(
    words: tuple[str, ...], code: int, database: Database, sweeps: Sweeps
) -> None:
    not_after = format_time(datetime.now(timezone.utc) + timedelta(days=700)) or ''
    sweeps.sweep(0, {WHOLE: PASSED, TLS: PASSED}, facts={TLS: {CERTIFICATE: not_after}})
    place = ('--history', str(database.path))
    done = CliRunner().invoke(command, ['forecast', *words, *place], standalone_mode=False)
    assert done.return_value == code, done.output
    assert ('certificate' in done.output) == bool(code)


@pytest.mark.parametrize(
    ('words', 'said'), [(('-m', 'nowhere'), 'cannot find model'), (('wep',), 'cannot find')]
)
def test_what_is_not_in_the_history_is_refused(
    words: tuple[str, ...], said: str, database: Database, sweeps: Sweeps
) -> None:
    sweeps.see(0)
    done = CliRunner().invoke(command, ['forecast', *words, '--history', str(database.path)])
    assert said in str(done.exception)


def test_a_history_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ['forecast', '--history', str(tmp_path / 'none.db')])
    assert 'no sweep was recorded' in str(done.exception)

"""The readings of units without a hook, by what looked at their machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health
from charm.kernel.report_json import encode
from reconciler.ask.frames import UnitAnswer
from reconciler.collect.interpret import silent_reading
from reconciler.collect.probed import probed, read_probe
from reconciler.values.model import Application, Machine, Model, StatusInfo, Unit
from reconciler.values.outcomes import Outcome
from reconciler.values.readings import JujuWord, Reading

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
UNIT = Unit('telegraf/3', 'telegraf', '0', 'web/0', workload=StatusInfo('active', since=NOW))
MODEL = Model(
    'prod',
    machines={'0': Machine('0')},
    applications={'telegraf': Application('telegraf', units=(UNIT,))},
)
BARE = silent_reading(MODEL, UNIT, Outcome.NOT_SHIPPED, '', NOW)
AGENT = {'answers': True, 'uniter': 'started'}


def seen(*checks: CheckResult, tag: str = 'unit-telegraf-3') -> UnitAnswer:
    report = make_report(
        'web',
        'web/0',
        (
            *checks,
            CheckResult('agents', Health.PASSED, message='1', data={'agents': {tag: AGENT}}),
            CheckResult('hooks', Health.PASSED, message='0', data={'running': []}),
            CheckResult('listening', Health.PASSED, message='listens on 22', data={}),
        ),
        boot_id='b',
        reported_at=NOW,
    )
    return UnitAnswer(encode(report).encode(), b'', 0, True)


def disk(health: Health, message: str = 'full') -> CheckResult:
    return CheckResult('disk', health, message=message)


def read(answer: UnitAnswer, reading: Reading = BARE) -> Reading:
    look = read_probe(answer, 'juju ssh, probe', NOW)
    assert look is not None
    return probed(MODEL, reading, look)


def names(reading: Reading) -> list[str]:
    assert reading.report is not None
    return [check.name for check in reading.report.checks]


def test_a_unit_whose_agent_runs_on_a_machine_that_is_well_passes() -> None:
    reading = read(seen(disk(Health.PASSED)))
    assert (reading.outcome, reading.health) == (Outcome.PROBED, Health.PASSED)
    assert reading.message == 'its agent runs, and its machine is well (4 checks)'
    assert (reading.via, reading.age_seconds, reading.received_at) == ('juju ssh, probe', 0.0, NOW)
    assert reading.report is not None
    assert (reading.report.unit, reading.report.service) == ('telegraf/3', 'telegraf')
    assert names(reading) == ['agent', 'hook', 'disk', 'listening']


def test_its_state_is_what_juju_implies() -> None:
    assert read(seen()).state == BARE.state


def test_what_ails_its_machine_ails_it() -> None:
    reading = read(seen(disk(Health.FAIL)))
    assert (reading.health, reading.message) == (Health.FAIL, 'disk: full')


def test_one_whose_agent_was_not_seen_is_unknown_however_well_the_machine_is() -> None:
    reading = read(seen(disk(Health.PASSED), tag='unit-web-0'))
    assert (reading.outcome, reading.health) == (Outcome.PROBED, Health.UNKNOWN)
    assert reading.message == 'agent: its agent was not seen running on machine 0'
    assert 'show-status-log' in str(reading.advice)
    assert not read(seen(disk(Health.FAIL))).advice


FAILED = {
    'no Python': (UnitAnswer(exit_code=127, complete=True), 'there is no python3'),
    'too slow': (UnitAnswer(exit_code=124, complete=True), 'that did not end in time'),
    'killed': (UnitAnswer(exit_code=137, complete=True), 'that did not end in time'),
    'cut off': (UnitAnswer(b'{"sch'), 'the connection ended before it told'),
    'too old': (
        UnitAnswer(b'', b'noise\nits Python is 3.6, and that wants 3.8 or newer\n', 1, True),
        'its Python is 3.6, and that wants 3.8 or newer',
    ),
    'silent failure': (UnitAnswer(b'', b'', 3, True), 'that exited with 3'),
    'nonsense': (UnitAnswer(b'hello', b'', 0, True), 'what it told is no report: not JSON'),
}


@pytest.mark.parametrize(('answer', 'reason'), list(FAILED.values()), ids=list(FAILED))
def test_what_could_not_be_looked_at_is_named_and_never_passes(
    answer: UnitAnswer, reason: str
) -> None:
    reading = read(answer)
    assert (reading.outcome, reading.health) == (Outcome.NOT_SHIPPED, Health.UNKNOWN)
    assert reading.message.startswith(f'{BARE.message}; its machine could not be looked at: ')
    assert reason in reading.message


@pytest.mark.parametrize('outcome', [one for one in Outcome if one is not Outcome.NOT_SHIPPED])
def test_every_other_reading_stays_as_it_is(outcome: Outcome) -> None:
    other = replace(BARE, outcome=outcome)
    assert read(seen(disk(Health.PASSED)), other) == other


def test_where_nobody_looked_or_had_to_there_is_nothing_to_tell() -> None:
    assert read_probe(None, '', NOW) is None
    assert read_probe(UnitAnswer(b'', b'', 0, True), '', NOW) is None


def test_beside_what_juju_says_it_is_told_what_was_seen_of_its_machine() -> None:
    word = JujuWord('blocked: no db', Health.FAIL, '', Health.PASSED)
    told = word.beside(read(seen(disk(Health.PASSED))))
    assert told == (
        'Juju says blocked: no db; we saw its agent runs, and its machine is well (4 checks)'
    )
    assert 'we saw nothing: ' in word.beside(BARE)

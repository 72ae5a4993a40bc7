"""Where Juju's word and what was seen disagree, that is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from charm.kernel.report import CheckResult, Health, Report
from reconciler.judge.disagreements import disagreements
from reconciler.values.model import StatusInfo, Unit
from reconciler.values.outcomes import Depth, Outcome
from reconciler.values.readings import JujuWord, Reading, ServiceHealth

UNIT = Unit('web/0', 'web', '0', workload=StatusInfo('active'), agent=StatusInfo('idle'))
WELL = Reading(UNIT, Outcome.REPORTED, Health.PASSED, evidence=Depth.OWN)
BLOCKED = JujuWord('blocked: no db', Health.FAIL, '', Health.PASSED)


def probed(agent: Health, said: str = 'idle') -> Reading:
    data = {'seen': False} if agent is Health.UNKNOWN else {}
    check = CheckResult('agent', agent, data=data)
    report = Report('web', 'web/0', agent, checks=(check,))
    unit = replace(UNIT, agent=StatusInfo(said))
    return Reading(unit, Outcome.PROBED, agent, report=report, evidence=Depth.MACHINE)


def told(*readings: Reading) -> tuple[str, ...]:
    return disagreements([ServiceHealth('web', Health.UNKNOWN, readings=readings)])


DIFFERENT = {
    'active, and it fails': (
        replace(WELL, health=Health.FAIL),
        'Juju says active of web/0: what was seen there fails',
    ),
    'blocked, and it is well': (
        replace(
            WELL,
            health=Health.FAIL,
            juju=BLOCKED,
            unit=replace(UNIT, workload=StatusInfo('blocked')),
        ),
        'Juju says blocked of web/0: what was seen there is well',
    ),
    'an agent that is idle, and not there': (
        probed(Health.UNKNOWN),
        'Juju says idle of the agent of web/0: it was not seen running',
    ),
    'an agent that is lost, and runs': (
        probed(Health.PASSED, 'lost'),
        'Juju says lost of the agent of web/0: it was seen running',
    ),
}
ALIKE = {
    'both are well': WELL,
    'both say that it fails': replace(
        WELL, health=Health.FAIL, juju=replace(BLOCKED, seen=Health.FAIL)
    ),
    'nobody looked': replace(WELL, health=Health.FAIL, evidence=Depth.JUJU),
    'its agent is idle, and runs': probed(Health.PASSED),
    'its agent is lost, and was not seen': probed(Health.UNKNOWN, 'lost'),
    'a warning': replace(WELL, health=Health.WARN),
}


@pytest.mark.parametrize(('reading', 'line'), list(DIFFERENT.values()), ids=list(DIFFERENT))
def test_each_disagreement_is_told(reading: Reading, line: str) -> None:
    assert told(reading) == (line,)


@pytest.mark.parametrize('reading', list(ALIKE.values()), ids=list(ALIKE))
def test_where_they_agree_nothing_is(reading: Reading) -> None:
    assert told(reading) == ()


def test_units_of_which_the_same_is_said_are_one_line() -> None:
    failing = [
        replace(WELL, health=Health.FAIL, unit=replace(UNIT, name=f'{name}/{n}'))
        for name in ('web', *(f'app{n}' for n in range(10)))
        for n in range(3)
    ]
    (line,) = told(*failing)
    assert line.startswith('Juju says active of 33 units, web/0-2, app0/0-2, ')
    assert line.endswith(' and 3 more: what was seen there fails')

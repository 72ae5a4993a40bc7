"""What Juju says of a unit calls for something before its silence does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from charm.kernel.report import Health
from reconciler.judge.advice_by_word import advice_by_word
from reconciler.values.advice import Advice
from reconciler.values.model import Model, StatusInfo, Unit
from reconciler.values.readings import Outcome, Reading

MODEL = Model('prod', 'lab', 'iaas', '3.6.5')
HOOK_FAILED = StatusInfo('error', 'hook failed: "config-changed"')
UNIT = Unit('web/0', 'web', '7', workload=HOOK_FAILED)
OWN = Advice('log in')


def told(outcome: Outcome, *words: str, unit: Unit = UNIT) -> str:
    reading = Reading(unit, outcome, Health.UNKNOWN, advice=OWN)
    return str(advice_by_word(reading, MODEL, words))


def test_a_failed_hook_is_looked_at_and_then_resolved() -> None:
    text = told(Outcome.REPORTED, 'error')
    assert 'juju debug-log -m lab:prod --replay --no-tail --include web/0' in text
    assert text.endswith('once that is mended: juju resolve -m lab:prod web/0')
    assert told(Outcome.NOT_SHIPPED, 'error', 'executing') == text


def test_what_is_in_error_for_other_reasons_is_not_to_be_resolved() -> None:
    word = StatusInfo('error', 'crash loop backoff: restarting failed container=mysql')
    text = told(Outcome.REPORTED, 'error', unit=replace(UNIT, workload=word))
    assert text.endswith('juju show-status-log -m lab:prod web/0')


def test_juju_makes_no_container_again() -> None:
    text = told(Outcome.NOT_SHIPPED, 'provisioning-error', unit=replace(UNIT, machine='0/lxd/1'))
    assert text.endswith('juju show-machine -m lab:prod 0/lxd/1')


@pytest.mark.parametrize('outcome', [Outcome.UNREACHABLE, Outcome.NOT_SHIPPED])
def test_a_machine_that_was_never_made_is_to_be_made_again(outcome: Outcome) -> None:
    text = told(outcome, 'provisioning-error', 'lost')
    assert text.endswith('juju retry-provisioning -m lab:prod 7')


def test_the_health_charm_is_not_advised_for_an_agent_that_is_lost() -> None:
    assert told(Outcome.NOT_SHIPPED, 'lost').endswith('juju show-machine -m lab:prod 7')
    assert told(Outcome.NOT_SHIPPED, 'lost', unit=Unit('web/0', 'web')) == ''


@pytest.mark.parametrize(
    ('outcome', 'word'),
    [
        (Outcome.NOT_LOGGED_IN, 'error'),
        (Outcome.UNREACHABLE, 'lost'),
        (Outcome.HOOK_BROKEN, 'lost'),
        (Outcome.NOT_SHIPPED, 'blocked'),
    ],
)
def test_what_kept_us_away_is_mended_first(outcome: Outcome, word: str) -> None:
    assert told(outcome, word) == str(OWN)

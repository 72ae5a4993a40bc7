"""Advice names the model that it is about, wherever it is made."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.values.advice import NO_ADVICE, SUBCOMMANDS, Advice, juju, steps
from reconciler.values.errors import NotLoggedIn, PermissionDenied
from reconciler.values.model import Model, Unit
from reconciler.values.outcomes import Outcome, advise
from tests.support.advising import OF_CONTROLLER, OF_MODEL, assert_names, every_advice

MODELS = (
    Model('prod', 'lab', version='3.6.5'),
    Model('prod', 'lab', owner='ann', version='4.0.15'),
    Model('pods', 'k8s', 'caas', '3.6.5'),
    Model('prod'),
    Model('', 'lab'),
)
WEB = Unit('web/0', 'web', '0')
# What may not be told from our own options in what is printed is not asked for.
HOSTILE = st.text(min_size=1, max_size=12).filter(lambda word: word not in ('-m', '-c'))


@pytest.mark.parametrize('model', MODELS, ids=lambda one: f'{one.full_name}{one.version}')
def test_every_advice_names_its_model_once_and_where_it_is_taken(model: Model) -> None:
    unit = replace(WEB, machine='') if model.is_k8s else WEB
    found = [one for one in every_advice(model, unit) if one]
    for one in found:
        assert_names(one, model.full_name)
    told = {one.argv[1] for one in found if one.argv[:1] == ('juju',)}
    elsewhere = {'add-ssh-key', 'deploy', 'relate', 'resolve', 'show-machine'}
    assert told >= (OF_MODEL | OF_CONTROLLER) - elsewhere
    assert any(model.full_name in str(one) for one in found)


def test_what_takes_a_model_or_a_controller_is_known_of_every_sub_command() -> None:
    for name, where in SUBCOMMANDS.items():
        flags = [word for word in where('lab:prod') if word.startswith('-')]
        assert flags == ['-m'] * (name in OF_MODEL) + ['-c'] * (name in OF_CONTROLLER)
        assert where('') == ()
    with pytest.raises(KeyError):
        juju('lab:prod', 'no-such-command')


@given(HOSTILE, HOSTILE, HOSTILE)
def test_hostile_names_stay_one_word_each(unit: str, application: str, hook: str) -> None:
    hostile = Unit(unit, application, unit)
    for outcome in Outcome:
        advice = advise(outcome, MODELS[0], hostile, hook)
        assert shlex.split(advice.command) == list(advice.argv) or advice.line
        if advice.argv[1:2] == ('ssh',):
            assert advice.argv[4] == unit
            far = shlex.split(' '.join(advice.argv[5:]))
            assert hook in far or 'juju-health-agent' in far


@given(HOSTILE)
def test_a_hostile_model_is_one_word_too(name: str) -> None:
    model = Model(name, 'lab')
    for one in every_advice(model, WEB):
        if one.argv[:1] == ('juju',) and one.argv[1] in OF_MODEL:
            assert shlex.split(one.command)[2:4] == ['-m', f'lab:{name}']


def test_an_error_names_the_controller_that_juju_says_not_the_model_as_one() -> None:
    assert NotLoggedIn('no', model='lab:').advice.argv == ('juju', 'login', '-c', 'lab')
    assert NotLoggedIn('no', model='prod').advice.argv == ('juju', 'login')
    granted = PermissionDenied('no', model='lab:ann/prod').advice.command
    assert granted == 'juju grant -c lab USER admin ann/prod'
    assert PermissionDenied('no').advice.command == 'juju grant USER admin MODEL'


def test_advice_is_told_as_words_then_the_command_then_what_else_would_do() -> None:
    advice = Advice('look', ('ls', 'a b'), remark='or do not')
    assert str(advice) == "look: ls 'a b'; or do not"
    assert str(advice.mend) == "ls 'a b'; or do not"
    assert str(Advice('wait').mend) == 'wait'
    assert str(Advice(line=steps(('a', '$b'), ('c',)))) == "a '$b'; c"
    assert (bool(NO_ADVICE), str(NO_ADVICE)) == (False, '')


def test_a_name_of_several_models_as_one_is_found_in_the_longest_that_begins_it() -> None:
    merged = Model('all models', parts={'lab:x': 'lab:ann/x', 'lab:x/y': 'lab:x/y'})
    assert merged.locate('lab:x/web/0') == ('lab:ann/x', 'web/0')
    assert merged.locate('lab:x/y/web') == ('lab:x/y', 'web')
    assert merged.locate('controller lab') == ('', 'controller lab')
    assert MODELS[1].locate('web') == ('lab:ann/prod', 'web')

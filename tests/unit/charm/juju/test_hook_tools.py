"""The door to the hook tools, against tools that refuse what Juju's refuse."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from charm.juju.hook_tools import HookToolError, HookTools, read_context
from tests.support.local_unit import LocalUnit

SECRET = 'secret:cq5e2mr0ui3e8a215n4g'  # noqa: S105 - the id of one


@pytest.fixture
def environment(unit: LocalUnit) -> dict[str, str]:
    unit.relate('orchestrator:3', 'boss', {'boss/0': {'url': 'u'}, 'boss/1': {}}, {'ca': 'c'})
    unit.secret(SECRET, credential='x y\nz')
    context = unit.enter('config-changed', {})
    return {**unit.environment(context, unit.charm, unit._tools), 'PYTHONDONTWRITEBYTECODE': '1'}


@pytest.fixture
def tools(environment: dict[str, str]) -> HookTools:
    return HookTools(environment)


def test_what_juju_knows_comes_as_it_is(tools: HookTools, unit: LocalUnit) -> None:
    assert tools.config()['check-interval'] == 60
    assert tools.relations('orchestrator') == ['orchestrator:3']
    assert tools.relations('juju-info') == []
    assert tools.units('orchestrator:3') == ['boss/0', 'boss/1']
    assert tools.unit_data('orchestrator:3', 'boss/0') == {'url': 'u'}
    assert tools.unit_data('orchestrator:3', 'boss/1') == {}
    assert tools.application_data('orchestrator:3', 'boss') == {'ca': 'c'}
    assert tools.secret(SECRET) == {'credential': 'x y\nz'}
    tools.log('--odd words', 'WARNING')
    assert unit.log == [['WARNING', '--odd words']]


def test_what_is_published_goes_out_only_if_the_hook_succeeds(
    tools: HookTools, unit: LocalUnit
) -> None:
    tools.publish('orchestrator:3', {'unit': 'mysql/0', 'model': 'a=b'})
    assert unit.published('orchestrator:3') == {}
    unit.leave(well=False)
    assert unit.published('orchestrator:3') == {}


@pytest.mark.parametrize(
    ('call', 'said'),
    [
        (lambda tools: tools.units('gone:9'), 'relation not found'),
        (lambda tools: tools.unit_data('orchestrator:3', 'boss/9'), 'permission denied'),
        (lambda tools: tools.secret('secret:no'), 'not valid'),
        (lambda tools: tools.secret('secret:00000000000000000000'), 'not found'),
        (lambda tools: tools.status('fine', ''), 'invalid status "fine", expected one of'),
        (lambda tools: tools.log('x', 'LOUD'), 'log level "LOUD" not valid'),
        (lambda tools: tools.parameters(), 'not running an action'),
        (lambda tools: tools.answer({'a': 'b'}), 'not running an action'),
        (lambda tools: tools.fail('x'), 'not running an action'),
    ],
)
def test_what_they_refuse_is_an_error_with_their_words(
    call: Callable[[HookTools], object], said: str, tools: HookTools
) -> None:
    with pytest.raises(HookToolError, match=r'^cannot use [a-z-]+: ERROR ') as caught:
        call(tools)
    assert said in str(caught.value)


def test_results_of_an_action_have_keys_that_juju_takes(tools: HookTools, unit: LocalUnit) -> None:
    world = unit.world
    world['action'] = {'parameters': {'checks': 'disk'}, 'results': {}, 'failed': ''}
    unit.write(world)
    assert tools.parameters() == {'checks': 'disk'}
    tools.answer({'a-1.b': 'x=y\nz'})
    tools.fail('it broke')
    assert unit.world['action']['results'] == {'a-1.b': 'x=y\nz'}
    assert unit.world['action']['failed'] == 'it broke'
    for key, said in (('A', 'must start and end'), ('stdout', 'reserved')):
        with pytest.raises(HookToolError, match=said):
            tools.answer({key: ''})


def test_outside_of_a_hook_or_after_it_they_know_nobody(
    environment: dict[str, str], unit: LocalUnit
) -> None:
    outside = {key: text for key, text in environment.items() if key != 'JUJU_CONTEXT_ID'}
    with pytest.raises(HookToolError, match='JUJU_CONTEXT_ID not set'):
        HookTools(outside).config()
    del outside['JUJU_AGENT_SOCKET_ADDRESS']
    with pytest.raises(HookToolError, match='JUJU_AGENT_SOCKET_ADDRESS not set'):
        HookTools(outside).config()
    unit.leave(well=True)
    with pytest.raises(HookToolError, match='unknown context id'):
        HookTools(environment).config()


def test_a_tool_that_this_juju_does_not_have_is_named(tmp_path: Path) -> None:
    old = LocalUnit(tmp_path / 'old', juju='2.9.49')
    context = old.enter('install', {})
    tools = HookTools(old.environment(context, old.charm, old._tools))
    with pytest.raises(
        HookToolError, match=r'cannot run secret-get: .*Juju gives it to hooks only'
    ):
        tools.secret(SECRET)


def test_an_answer_that_is_nonsense_is_refused(tmp_path: Path) -> None:
    for text, said in (('{', 'cannot read'), ('[1]', 'not a mapping')):
        tool = tmp_path / 'config-get'
        tool.write_text(f"#!/bin/sh\necho '{text}'\n")
        tool.chmod(0o755)
        with pytest.raises(HookToolError, match=said):
            HookTools({'PATH': f'{tmp_path}:/usr/bin:/bin'}).config()


def test_wrong_usage_exits_with_2_and_no_options_are_made_up(
    environment: dict[str, str], unit: LocalUnit
) -> None:
    for words in (['relation-get'], ['status-set', 'x'], ['config-get', '--no'], ['relation-ids']):
        command = [str(unit._tools / words[0]), *words[1:]]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == 2, words
        assert done.stderr.startswith(b'ERROR ')


def test_a_relation_that_breaks_is_told_from_one_that_changes() -> None:
    base = {
        'JUJU_UNIT_NAME': 'a/0',
        'JUJU_CHARM_DIR': '/c',
        'JUJU_RELATION_ID': 'orchestrator:3',
    }
    name = 'orchestrator-relation-broken'
    assert read_context(base, f'/c/hooks/{name}').broken == 'orchestrator:3'
    assert read_context({**base, 'JUJU_HOOK_NAME': 'update-status'}, name).broken == ''
    with pytest.raises(HookToolError, match='JUJU_CHARM_DIR is not set'):
        read_context({'JUJU_UNIT_NAME': 'a/0'}, name)

"""What is left on a machine when units have gone: nothing that is ours."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charm.juju.code_copies import gone
from charm.juju.written_files import checks_name
from charm.kernel.paths import Place
from charm.kernel.report import StateName
from charm.reporting.states import States
from tests.charmed.tool import TOOLS
from tests.support.local_unit import LocalUnit

ORCHESTRATOR = {'url': 'https://boss', 'ca': '-----BEGIN CERTIFICATE-----', 'credential': '0' * 64}
STEPS: dict[str, Callable[[LocalUnit], object]] = {
    'options': lambda unit: unit.configure(checks='checks:\n  a: {kind: tcp, port: 1}\n'),
    'wrong': lambda unit: unit.configure(checks='checks: 3', log_files=0),
    'agent-off': lambda unit: unit.configure(agent=False),
    'asked': lambda unit: unit.relate(
        'local-monitors:2', 'mysql', {'mysql/0': {'monitors': 'monitors: {}'}}
    ),
    'ship': lambda unit: unit.relate('orchestrator:3', 'boss', {'boss/0': ORCHESTRATOR}),
    'refuse': lambda unit: unit.break_tool('relation-get'),
    'settle': lambda unit: unit.break_tool(),
    'state': lambda unit: States('mysql/0', unit.place.states).set('mysql', StateName.UP),
}


@pytest.mark.slow
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(sorted(STEPS)), max_size=5),
    st.sampled_from([['stop'], ['remove'], ['stop', 'remove']]),
    st.booleans(),
)
def test_whatever_happened_either_hook_leaves_nothing_whatever_the_tools_say(
    steps: list[str], hooks: list[str], dead: bool
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        unit = LocalUnit(Path(scratch) / 'root')
        unit.hook('install')
        for step in steps:
            STEPS[step](unit)
            unit.hook('config-changed')
        unit.break_tool(*TOOLS if dead else ())
        for hook in hooks:
            assert unit.hook(hook) == 0
        assert unit.tree() == {}
        assert not unit.systemd.active
        for directory in (unit.place.etc, unit.place.state, unit.place.code, unit.place.log):
            assert not directory.exists()


@pytest.mark.slow
def test_states_stay_for_a_principal_that_has_a_health_hook_of_its_own(unit: LocalUnit) -> None:
    unit.hook('install')
    for name in ('mysql/0', 'juju-health/0', 'gone/1'):
        States(name, unit.place.states).set(name.split('/')[0], StateName.UP)
    hook = unit.place.agents / 'unit-mysql-0' / 'charm' / 'hooks' / 'health'
    hook.parent.mkdir(parents=True)
    hook.touch()
    unit.hook('remove')
    left = {path for path in unit.tree() if not path.endswith('.lock')}
    assert left == {'var/lib/juju-health/states/mysql-0.json'}


@pytest.mark.slow
def test_a_neighbour_keeps_its_files_and_takes_the_agent_over(tmp_path: Path) -> None:
    one = LocalUnit(tmp_path / 'root')
    other = LocalUnit(tmp_path / 'root', 'second/1', 'web/0', systemd=one.systemd)
    one.hook('install')
    other.configure(checks='checks:\n  a: {kind: tcp, port: 1}\n')
    other.hook('install')
    assert one.systemd.done == ['start', 'reload']
    one.hook('stop')
    assert one.systemd.done == ['start', 'reload', 'start']
    one.hook('remove')
    # Nobody knows whether it heard the first time.
    assert one.systemd.done == ['start', 'reload', 'start', 'reload']
    assert 'unit-second-1/current' in one.place.unit_file.read_text()
    assert not (one.place.code / 'unit-juju-health-0').exists()
    before = other.tree()
    assert other.hook('update-status') == 0
    assert other.tree() == before
    assert other.hook('remove') == 0
    assert other.tree() == {}


@pytest.mark.slow
@pytest.mark.parametrize('refused', ['start', 'reload'])
def test_an_agent_that_does_not_follow_keeps_no_unit_here(tmp_path: Path, refused: str) -> None:
    # As one does not whose agent.yaml an operator got wrong.
    other = LocalUnit(tmp_path / 'root', 'second/1', 'web/0')
    one = LocalUnit(tmp_path / 'root', systemd=other.systemd)
    other.hook('install')
    one.hook('install')
    if refused == 'start':
        one.systemd.stop()
    one.systemd.refuses = refused
    assert one.hook('stop') == 0
    assert not (one.place.code / 'unit-juju-health-0').exists()
    assert [path.name for path in one.place.units.iterdir()] == ['web-0.json']
    one.systemd.refuses = ''
    one.systemd.done.clear()
    # It may still run what is gone, and report for it.
    assert other.hook('update-status') == 0
    assert other.systemd.done == ['start']
    assert other.hook('update-status') == 0
    assert other.systemd.done == ['start']


@pytest.mark.slow
@pytest.mark.parametrize('in_the_way', [False, True])
def test_an_agent_forgets_the_orphan_that_anothers_hook_found(
    tmp_path: Path, in_the_way: bool
) -> None:
    # Cleared away or not: the agent cannot tell afterwards that it reported for one.
    other = LocalUnit(tmp_path / 'root', 'second/1', 'web/0')
    orphan = LocalUnit(tmp_path / 'root', systemd=other.systemd)
    other.hook('install')
    orphan.relate('orchestrator:3', 'boss', {'boss/0': ORCHESTRATOR})
    orphan.hook('install')
    if in_the_way:
        (orphan.place.checks / checks_name(orphan.unit) / 'x').mkdir(parents=True)
    orphan.vanish()
    other.systemd.done.clear()
    assert other.hook('update-status') == 0
    assert gone(other.place) == ([orphan.unit] if in_the_way else [])
    assert 'reload' in other.systemd.done


def test_a_place_is_told_as_the_machine_has_it() -> None:
    assert Place(Path('/x')).seen(Path('/x/etc/y')) == Path('/etc/y')

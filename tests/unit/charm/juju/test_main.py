"""What hooks do to a machine, again at each of them, whatever became of the one before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from charm.agent.units import Push, Unit, enrol
from charm.juju import main
from charm.juju.hook_memory import path_of
from charm.kernel.paths import AGENT_SERVICE
from charm.reporting.plan import make_plan
from reconciler.rollups import read_rule
from tests.support.local_unit import LocalUnit

CHECKS = 'checks:\n  web: {kind: tcp, port: 80}\n'


def test_install_writes_for_whom_the_agent_reports_and_starts_it(unit: LocalUnit) -> None:
    assert unit.hook('install') == 0
    document = json.loads((unit.place.units / 'mysql-0.json').read_text())
    assert document == {'unit': 'mysql/0', 'reporter': 'juju-health/0'}
    assert unit.systemd.done == ['start']
    launcher = '/usr/local/lib/juju-health/unit-juju-health-0/current/hooks/health-agent'
    assert launcher in unit.place.unit_file.read_text()
    assert (unit.place.root / launcher[1:]).stat().st_mode & 0o111
    assert unit.asked == [('mysql/0', 'juju-health/0', True)]
    assert unit.status == ['active', 'passed: 1 checks']


@pytest.mark.slow
def test_a_hook_that_finds_nothing_new_changes_nothing(unit: LocalUnit) -> None:
    unit.configure(checks=CHECKS)
    unit.hook('install')
    before = unit.tree()
    for hook in ('config-changed', 'start', 'update-status', 'upgrade-charm'):
        assert unit.hook(hook) == 0
    assert unit.tree() == before
    assert unit.systemd.done == ['start']
    assert unit.asked[-1] == ('mysql/0', 'juju-health/0', False)


def test_an_entry_is_for_the_principal_unless_it_says_for_whom(unit: LocalUnit) -> None:
    other = '  other: {kind: tcp, port: 81, service: "*"}\n'
    unit.configure(checks=CHECKS + other)
    unit.hook('config-changed')
    path = unit.place.checks / '50-charm-juju-health-0.json'
    written = json.loads(path.read_text())['checks']
    assert written == {
        'web': {'service': 'mysql', 'kind': 'tcp', 'port': 80},
        'other': {'service': '*', 'kind': 'tcp', 'port': 81},
    }
    # Who asks over ssh reads it too.
    assert path.stat().st_mode & 0o777 == 0o644
    unit.configure(checks='')
    unit.hook('config-changed')
    assert not path.exists()
    assert unit.systemd.done == ['start', 'reload']


def test_a_change_of_a_built_in_check_reaches_all_who_run_it(unit: LocalUnit) -> None:
    unit.configure(
        checks='checks:\n  disk: {enabled: false}\n  load: {service: mysql, interval: 300}\n'
    )
    unit.hook('config-changed')
    names = {
        one: {spec.name for spec in make_plan(one, unit.unit, directory=unit.place.checks).jobs}
        for one in ('mysql/0', 'juju-health/0')
    }
    assert 'disk' not in names['mysql/0'] | names['juju-health/0']
    assert 'load' in names['mysql/0'] & names['juju-health/0']
    path = unit.place.checks / '50-charm-juju-health-0.json'
    written = json.loads(path.read_text())['checks']
    assert written['disk']['service'] == ['mysql', 'juju-health']
    assert written['load']['service'] == 'mysql'
    for one in ('mysql/0', 'juju-health/0'):
        assert make_plan(one, unit.unit, directory=unit.place.checks).faults == ()


def test_changed_settings_of_the_agent_restart_it(unit: LocalUnit) -> None:
    unit.hook('install')
    unit.configure(log_files=9)
    # Where two charms meet on a machine, only the one that is configured speaks.
    unit.hook('update-status')
    assert unit.systemd.done == ['start']
    unit.hook('config-changed')
    assert unit.systemd.done == ['start', 'start']
    assert 'log_files: 9\n' in unit.place.agent_config.read_text()


def test_an_agent_yaml_of_the_operator_stays(unit: LocalUnit) -> None:
    unit.place.etc.mkdir(parents=True)
    unit.place.agent_config.write_text('interval: 5\n')
    unit.hook('install')
    assert unit.place.agent_config.read_text() == 'interval: 5\n'
    assert [level for level, _message in unit.log] == ['WARNING']
    assert unit.hook('remove') == 0
    assert unit.place.agent_config.exists()


def test_without_a_principal_named_by_juju_the_relation_says_which(tmp_path: Path) -> None:
    unit = LocalUnit(tmp_path / 'root', principal='')
    unit.hook('install')
    assert unit.asked[-1][0] == 'juju-health/0'
    unit.relate('juju-info:1', 'mysql', {'mysql/5': {}})
    unit.hook('juju-info-relation-joined', relation='juju-info:1', remote='mysql/5')
    assert unit.asked[-1][0] == 'mysql/5'
    assert [path.name for path in unit.place.units.iterdir()] == ['mysql-5.json']


OTHERS = 'monitors: {remote: {tcp: {theirs: {port: 81}}}}\n'
OWN = 'monitors: {remote: {tcp: {ours: {port: 80}}}}\n'


@pytest.mark.slow
@pytest.mark.parametrize('endpoint', ['local-monitors', 'nrpe-external-master'])
def test_what_principals_on_other_machines_say_is_theirs(unit: LocalUnit, endpoint: str) -> None:
    # As Juju shows it: every unit of the subordinate is in all relations of its application.
    said = {'mysql/0': {'monitors': OWN}, 'mysql/1': {'monitors': OTHERS}}
    unit.relate(f'{endpoint}:7', 'mysql', said)
    unit.relate(f'{endpoint}:8', 'web', {'web/3': {'monitors': OTHERS}})
    stale = unit.place.monitors / f'{endpoint}-8-web-3.json'
    unit.hook('install')
    for event, relation, remote in (
        ('changed', f'{endpoint}:7', 'mysql/1'),
        ('changed', f'{endpoint}:8', 'web/3'),
        ('departed', f'{endpoint}:7', 'mysql/1'),
        ('broken', f'{endpoint}:8', ''),
    ):
        assert unit.hook(f'{endpoint}-relation-{event}', relation=relation, remote=remote) == 0
        (file,) = unit.place.monitors.iterdir()
        assert file.name == f'{endpoint}-7-mysql-0.json'
        assert 'theirs' not in file.read_text()
        assert unit.asked[-1][0] == 'mysql/0'
    # One that an earlier revision wrote goes at the next hook.
    memory = path_of(unit.place, unit.unit)
    document = json.loads(memory.read_text())
    stale.write_text('{}')
    document['files'].append(f'monitors.d/{stale.name}')
    memory.write_text(json.dumps(document))
    assert unit.hook('update-status') == 0
    assert not stale.exists()


def test_where_juju_names_no_principal_several_are_none(tmp_path: Path) -> None:
    unit = LocalUnit(tmp_path / 'root', principal='')
    unit.relate('juju-info:1', 'mysql', {'mysql/5': {}, 'mysql/6': {}})
    unit.hook('install')
    assert unit.asked[-1][0] == 'juju-health/0'


def test_an_agent_that_does_not_start_is_said_and_tried_again(unit: LocalUnit) -> None:
    unit.systemd.refuses = 'start'
    assert unit.hook('install') == 0
    assert unit.status == [
        'blocked',
        f'cannot have systemd start {AGENT_SERVICE}: it would rather not',
    ]
    unit.systemd.refuses = ''
    assert unit.hook('update-status') == 0
    assert unit.systemd.done == ['start']
    assert unit.status[0] == 'active'


def test_a_hook_tool_that_refuses_fails_the_hook_with_its_words(
    unit: LocalUnit, capsys: pytest.CaptureFixture[str]
) -> None:
    unit.break_tool('status-set')
    assert unit.hook('install') == 1
    said = capsys.readouterr().err
    assert said == 'juju-health: cannot use status-set: ERROR connection is shut down\n'


def test_a_name_that_is_no_hook_of_this_charm_is_refused(
    unit: LocalUnit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unit.hook('db-relation-changed') == 1
    assert 'it is not a hook of this charm' in capsys.readouterr().err


def test_outside_of_a_hook_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main({'PATH': '/usr/bin'}) == 1
    assert 'cannot run outside of a hook: JUJU_UNIT_NAME is not set' in capsys.readouterr().err


def test_a_memory_that_is_corrupt_is_set_aside(unit: LocalUnit) -> None:
    unit.hook('install')
    path = path_of(unit.place, unit.unit)
    path.write_text('{"principal": 7}')
    assert unit.hook('update-status') == 0
    assert json.loads(path.read_text())['principal'] == 'mysql/0'
    assert len(list(path.parent.glob('*.corrupt-*'))) == 1


def test_the_rollup_that_an_operator_wants_is_what_the_units_ask_for(unit: LocalUnit) -> None:
    unit.configure(rollup='at-least 2')
    unit.hook('config-changed')
    path = unit.place.root / 'etc/juju-health/rollups.d/mysql.json'
    plan = make_plan('mysql/0', 'juju-health/0', directory=unit.place.checks)
    assert plan.rollup == {'rule': 'at-least 2'}
    assert read_rule(plan.rollup) == read_rule('at-least 2')
    unit.configure(rollup='{rule: zone, survive: 1}')
    unit.hook('config-changed')
    assert json.loads(path.read_text()) == {'rule': 'zone', 'survive': 1}
    # What the principal's charm says of itself counts for more.
    services = [{'service': 'mysql', 'rollup': 'best'}]
    plan = make_plan('mysql/0', 'mysql/0', directory=unit.place.checks, services=services)
    assert plan.rollup == {'rule': 'best'}
    path.write_text('{"rule": 2}')
    plan = make_plan('mysql/0', 'juju-health/0', directory=unit.place.checks)
    assert plan.rollup == {}
    assert [fault.source for fault in plan.faults] == [str(path)]
    unit.configure(rollup='')
    unit.hook('config-changed')
    assert not path.exists()


def test_a_hook_that_died_after_it_began_to_ship_does_not_keep_shipping(unit: LocalUnit) -> None:
    unit.hook('install')
    data = {'url': 'https://boss', 'ca': '-----BEGIN CERTIFICATE-----', 'credential': '0' * 64}
    unit.relate('orchestrator:3', 'boss', {'boss/0': data})
    unit.break_tool('application-version-set')
    assert unit.hook('orchestrator-relation-changed', relation='orchestrator:3') == 1
    path = unit.place.units / 'mysql-0.json'
    assert 'push' in json.loads(path.read_text())
    unit.break_tool()
    assert unit.hook('orchestrator-relation-broken', relation='orchestrator:3') == 0
    assert 'push' not in json.loads(path.read_text())


def test_the_credential_is_the_one_under_the_name_of_the_unit_that_ships(unit: LocalUnit) -> None:
    unit.hook('install')
    own, others = '1' * 64, '2' * 64
    told = {'url': 'https://boss', 'ca': '-----BEGIN CERTIFICATE-----'}
    keys = {'credential-mysql-0': own, 'credential-boss-0': others, 'credential': others}
    unit.relate('orchestrator:3', 'boss', {'boss/0': {**told, **keys}})
    assert unit.hook('orchestrator-relation-changed', relation='orchestrator:3') == 0
    document = json.loads((unit.place.units / 'mysql-0.json').read_text())
    assert document['push']['credential'] == own


def test_where_no_relation_says_otherwise_an_enrolment_of_others_stays(unit: LocalUnit) -> None:
    unit.hook('install')
    push = Push('https://elsewhere', '-----BEGIN CERTIFICATE-----', '1' * 64)
    path = enrol(unit.place.units, Unit('mysql/0', 'juju-health/0', push))
    before = path.read_bytes()
    for hook in ('config-changed', 'update-status', 'upgrade-charm'):
        unit.hook(hook)
    assert path.read_bytes() == before

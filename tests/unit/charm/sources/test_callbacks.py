"""Callbacks come from files and from definitions; a bad one costs only itself, and says why."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from charm.checks.settling_rule import SettlingRule, settle
from charm.kernel.deadline import Deadline
from charm.kernel.errors import DefinitionError
from charm.kernel.report import Health
from charm.reporting.plan import Plan, make_plan
from charm.sources import callback_loading
from charm.sources.callbacks import bind, declared, for_service
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT


def db(service_name: str) -> dict[str, str]:
    return {'health': 'passed', 'message': f'{service_name} is well'}


def cache(service_name: str) -> dict[str, str]:
    return {'health': 'warn'}


def soon() -> Deadline:
    return Deadline.after(PATIENCE)


@pytest.fixture
def plug_ins(tmp_path: Path) -> Path:
    directory = tmp_path / 'callbacks.d'
    directory.mkdir()
    return directory


def plan(plug_ins: Path, unit: str = 'web/0') -> Plan:
    return make_plan(unit, unit, directory=plug_ins / 'none', plug_ins=plug_ins)


GOOD = """
def check_a(service_name):
    return {'health': 'passed', 'message': service_name}
CALLBACKS = [check_a]
"""


def test_without_a_directory_there_is_nothing_to_call(tmp_path: Path) -> None:
    assert callback_loading.load(tmp_path / 'none', soon()) == ({}, ())


def test_a_file_s_callbacks_become_checks_of_every_service(plug_ins: Path) -> None:
    (plug_ins / 'a.py').write_text(GOOD)
    made = plan(plug_ins)
    assert made.jobs[0].name == 'check_a'
    assert made.faults == ()


def test_a_table_by_service_is_for_those_services(plug_ins: Path) -> None:
    (plug_ins / 'a.py').write_text(
        'def f(name): return {"health": "passed"}\n'
        'def g(name): return {"health": "passed"}\n'
        'CALLBACKS = {"web": f, "work*": [g]}\n'
    )
    assert [job.name for job in plan(plug_ins, 'web/0').jobs][:2].count('f') == 1
    names = [job.name for job in plan(plug_ins, 'worker/0').jobs]
    assert 'g' in names
    assert 'f' not in names


def test_files_are_read_in_the_order_of_their_names_and_backups_are_not(plug_ins: Path) -> None:
    for name in ('b.py', 'a.py', '_c.py', '.d.py', 'a.py~', 'a.txt'):
        function = f'f_{"".join(filter(str.isalnum, name))}'
        (plug_ins / name).write_text(f'def {function}(name): ...\nCALLBACKS = {function}\n')
    assert [job.name for job in plan(plug_ins).jobs][:2] == ['f_apy', 'f_bpy']
    assert not [job.name for job in plan(plug_ins).jobs if job.name in ('f_cpy', 'f_dpy')]


@pytest.mark.parametrize(
    ('content', 'key', 'said'),
    [
        ('def f(:\n', 'line 1', 'invalid syntax'),
        ('import no_such_module_at_all\n', '', 'ModuleNotFoundError'),
        ('import sys; sys.exit(4)\n', '', 'SystemExit: 4'),
        ('raise KeyboardInterrupt\n', '', 'KeyboardInterrupt'),
        ('raise GeneratorExit\n', '', 'GeneratorExit'),
        ('x = 1\n', 'CALLBACKS', 'there is no such table'),
        ('CALBACKS = []\n', 'CALLBACKS', "did you mean 'CALBACKS'?"),
        ('CALLBACKS = 7\n', 'CALLBACKS', 'int where a function'),
        ('CALLBACKS = ["db"]\n', 'CALLBACKS', "'db' is not a function"),
        ('CALLBACKS = {"web": 7}\n', "CALLBACKS['web']", 'int where a function'),
        ('CALLBACKS = {7: []}\n', 'CALLBACKS[7]', 'not the name of a service'),
        (b'\x00', '', ''),
    ],
)
def test_a_bad_file_is_one_fault_and_costs_no_other_its_place(
    plug_ins: Path, content: str | bytes, key: str, said: str
) -> None:
    (plug_ins / 'a.py').write_text(GOOD)
    bad = plug_ins / 'bad.py'
    bad.write_bytes(content if isinstance(content, bytes) else content.encode())
    made = plan(plug_ins)
    assert made.jobs[0].name == 'check_a'
    (fault,) = made.faults
    assert fault.source == str(bad)
    assert fault.key == key or not key
    assert said in fault.reason


@pytest.mark.parametrize('mode', [0o664, 0o646])
def test_a_file_that_others_may_write_is_not_run(plug_ins: Path, mode: int) -> None:
    mark = plug_ins / 'mark'
    (plug_ins / 'a.py').write_text(f'open({str(mark)!r}, "w")\nCALLBACKS = []\n')
    (plug_ins / 'a.py').chmod(mode)
    table, (fault,) = callback_loading.load(plug_ins, soon())
    assert 'others may write it' in fault.reason
    assert table == {}
    assert not mark.exists()


def test_a_directory_that_others_may_write_is_not_read(plug_ins: Path) -> None:
    # They could link to a file of root's that does harm when it is run.
    mark = plug_ins / 'mark'
    (plug_ins / 'a.py').write_text(f'open({str(mark)!r}, "w")\nCALLBACKS = []\n')
    plug_ins.chmod(0o777)
    table, (fault,) = callback_loading.load(plug_ins, soon())
    assert 'others may write it' in fault.reason
    assert (table, mark.exists()) == ({}, False)


def test_a_file_of_somebody_else_is_not_run(plug_ins: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip('only root can give a file away')
    (plug_ins / 'a.py').write_text(GOOD)
    os.chown(plug_ins / 'a.py', 12345, -1)
    _, (fault,) = callback_loading.load(plug_ins, soon())
    assert 'owned by user 12345' in fault.reason


def test_a_file_leaves_no_bytecode_behind(plug_ins: Path) -> None:
    (plug_ins / 'a.py').write_text(GOOD)
    plan(plug_ins)
    assert os.listdir(plug_ins) == ['a.py']


def test_a_file_may_hold_dataclasses(plug_ins: Path) -> None:
    (plug_ins / 'a.py').write_text(
        'from __future__ import annotations\n'
        'import dataclasses, typing\n'
        '@dataclasses.dataclass(frozen=True)\n'
        'class Check:\n'
        '    port: typing.ClassVar[int] = 3\n'
        '    def __call__(self, name): return {"health": "passed"}\n'
        'CALLBACKS = Check()\n'
    )
    made = plan(plug_ins)
    assert (made.jobs[0].name, made.faults) == ('Check', ())


def test_a_hook_runs_what_a_file_defines(plug_ins: Path) -> None:
    (plug_ins / 'a.py').write_text(GOOD + 'def boom(name): raise OSError("no way")\n')
    with (plug_ins / 'a.py').open('a') as file:
        file.write('CALLBACKS.append(boom)\n')
    (plug_ins / 'b.py').write_text('CALLBACKS = [3]\n')
    done = subprocess.run(
        [
            *(sys.executable, '-I', str(ROOT / 'hooks/health')),
            *('--callbacks', str(plug_ins), '--unit', 'web/3'),
        ],
        env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(plug_ins)},
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, b'')
    checks = {check['name']: check for check in json.loads(done.stdout)['checks']}
    assert checks['check_a']['message'] == 'web'
    assert checks['boom']['health'] == 'unknown'
    assert checks['boom']['message'] == 'OSError: no way'
    assert checks['definition:b.py']['health'] == 'unknown'


def test_a_file_that_hangs_does_not_hold_the_others(plug_ins: Path) -> None:
    (plug_ins / 'a.py').write_text(GOOD)
    (plug_ins / 'z.py').write_text(
        'import threading\nthreading.Event().wait(1000)\nCALLBACKS = []\n'
    )
    table, (fault,) = callback_loading.load(plug_ins, soon(), patience_seconds=0.2)
    assert list(table) == ['*']
    assert fault.source.endswith('z.py')
    assert 'not read to its end within 0.2 s' in fault.reason


def test_definitions_give_their_health_and_rollup_and_nothing_else_is_built() -> None:
    def explode() -> None:
        raise AssertionError('it was called')

    found = declared(
        [
            {
                'service': 'web',
                'required_data': [explode],
                'data_ready': explode,
                'health': [db, functools.partial(cache)],
                'rollup': {'rule': 'at-least', 'count': 2},
            },
            {'service': 'worker'},
        ]
    )
    assert [bound.name for bound in found.callbacks] == ['db', 'cache']
    assert found.rollup == {'rule': 'at-least', 'count': 2}


def test_one_callback_needs_no_list_and_a_rule_no_mapping() -> None:
    found = declared([{'service': 'web', 'health': db, 'rollup': 'worst'}])
    assert [bound.name for bound in found.callbacks] == ['db']
    assert found.rollup == {'rule': 'worst'}


def test_a_callback_is_called_for_its_service_and_told_apart_by_it() -> None:
    found = declared([{'service': name, 'health': db} for name in ('web', 'worker')])
    assert [bound.name for bound in found.callbacks] == ['web-db', 'worker-db']
    messages = [bound.run_all(bound.name, soon())[0].message for bound in found.callbacks]
    assert messages == ['web is well', 'worker is well']


class ManagerCallback:
    """What charmhelpers calls with the manager; known by its name."""

    def __call__(self, manager: Any, service_name: str, event_name: str) -> None: ...


@pytest.mark.parametrize(
    ('definition', 'said'),
    [
        ({'health': db}, 'a definition has no name'),
        ({'service': 'web', 'health': 'db'}, "web.health: 'db' is not a function"),
        ({'service': 'web', 'health': [db, 3]}, 'web.health: 3 is not a function'),
        ({'service': 'web', 'health': 3.5}, 'web.health: float where a function'),
        ({'service': 'web', 'health': ManagerCallback()}, 'a ManagerCallback needs the manager'),
        ({'service': 'web', 'rollup': 2}, "web.rollup: it is neither a rule's name"),
        ({'service': 'web', 'rollup': {'count': 2}}, 'web.rollup'),
    ],
)
def test_a_bad_definition_is_refused_with_its_key(definition: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        declared([definition])
    assert said in str(caught.value)


def test_services_of_one_unit_cannot_differ_on_its_rollup() -> None:
    services = [{'service': 'web', 'rollup': 'worst'}, {'service': 'worker', 'rollup': 'best'}]
    with pytest.raises(DefinitionError, match='rollup of web and worker: a unit has one rollup'):
        declared(services)


def test_a_charm_s_own_services_are_not_those_of_its_principal(tmp_path: Path) -> None:
    services = [{'service': 'agent', 'health': db, 'rollup': 'worst'}]
    own = make_plan('health/0', 'health/0', None, tmp_path, services, tmp_path)
    other = make_plan('web/0', 'health/0', None, tmp_path, services, tmp_path)
    assert 'db' in [job.name for job in own.jobs]
    assert 'db' not in [job.name for job in other.jobs]
    assert (own.rollup, other.rollup) == ({'rule': 'worst'}, {})


def test_a_table_s_keys_are_names_or_globs() -> None:
    table: dict[str, list[Any]] = {'web': [db], 'w*': [cache], 'x': [len]}
    assert for_service(table, 'web') == (db, cache)


def test_a_decorated_callback_is_named_and_settles_as_it_says() -> None:
    @settle('db-cxn', fail_after=3)
    def check(service_name: str) -> dict[str, str]:
        return {'health': Health.PASSED.value}

    (bound, inner) = bind([check, functools.partial(check)], 'web')
    assert (bound.name, bound.rule) == ('db-cxn', SettlingRule(fail_after=3))
    assert (inner.name, inner.rule) == ('db-cxn', SettlingRule(fail_after=3))

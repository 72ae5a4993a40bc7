"""What a principal asks for over its relations becomes checks, or is said; nothing is dropped."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from charm.checks.check import CheckSpec
from charm.checks.kinds import CHECKS
from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult, Health
from charm.reporting.runner import check_job, run_jobs
from charm.sources.found import FoundChecks
from charm.sources.monitors.kinds import PluginMonitor, UnavailableMonitor
from charm.sources.monitors.requested import find, to_file
from tests.support.checking import program
from tests.support.patience import PATIENCE

from .test_monitors_text import README


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / 'monitors.d'
    made.mkdir()
    return made


def put(directory: Path, text: str, unit: str = 'web/0', name: str = 'web-0.json') -> Path:
    path = directory / name
    path.write_bytes(to_file(unit, 'local-monitors', text))
    path.chmod(0o600)
    return path


def asked(directory: Path, monitors: Any, known: tuple[str, ...] = ()) -> FoundChecks:
    put(directory, yaml.safe_dump({'version': '0.3', 'monitors': monitors}))
    return find('web/0', known, directory, directory)


def results(*specs: CheckSpec) -> tuple[CheckResult, ...]:
    return run_jobs([check_job(spec) for spec in specs], Deadline.after(PATIENCE))


def test_each_kind_becomes_a_check(directory: Path) -> None:
    put(directory, README)
    found = find('web/0', ('nrpe-check_apache2',), directory)
    assert found.faults == ()
    by_name = {spec.name: spec.check for spec in found.specs}
    assert set(by_name) == {
        'monitors-procrunning-nagios3',
        'monitors-processcount-procs',
        'monitors-disk-root',
        'monitors-custom-x',
        'monitors-http-nagios',
        'monitors-tcp-ssh',
        'monitors-mysql',
    }
    assert by_name['monitors-procrunning-nagios3'] == CHECKS['processes'](
        command='nagios3', minimum=1, maximum=1
    )
    assert by_name['monitors-disk-root'] == CHECKS['disk'](paths=('/srv',))
    assert by_name['monitors-http-nagios'] == CHECKS['http'](
        url='http://127.0.0.1:80/nagios3/',
        expect_status=('401',),
        headers={'Host': 'www.x'},
        verify_tls=False,
    )
    assert by_name['monitors-tcp-ssh'] == CHECKS['tcp'](
        port=22, expect='SSH', warn_seconds=2.0, fail_seconds=10.0
    )
    custom = by_name['monitors-custom-x']
    assert isinstance(custom, PluginMonitor)
    assert custom.command.line == "/a/b/check_foo -w 1 'a b'"
    timeouts = {spec.name: spec.timeout_seconds for spec in found.specs}
    assert timeouts['monitors-tcp-ssh'] == 12.0


def test_all_processes_count_where_no_program_is_named(directory: Path) -> None:
    found = asked(directory, {'local': {'processcount': {'procs': {'min': 2, 'max': 99999}}}})
    (result,) = results(*found.specs)
    assert result.health is Health.PASSED
    assert result.data['count'] >= 2


def test_a_kind_that_is_not_here_is_one_unknown_check_that_names_its_monitors(
    directory: Path,
) -> None:
    monitors = {'remote': {'mysql': {'basic': {'password': 'geheim'}, 'more': {}}, 'ipmi': {}}}
    (result,) = results(*asked(directory, monitors).specs)
    assert (result.name, result.health) == ('monitors-mysql', Health.UNKNOWN)
    assert 'it is asked to monitor mysql basic, more' in result.message
    assert 'geheim' not in result.message


def test_an_nrpe_command_is_the_check_that_nrpe_s_files_give(directory: Path) -> None:
    # As charmhelpers and cos-proxy have seen it: a mapping, or the command alone.
    monitors = {'remote': {'nrpe': {'JIMM': {'command': 'check_JIMM'}, 'swap': 'check_swap'}}}
    assert asked(directory, monitors, ('nrpe-check_jimm', 'nrpe-check_swap')).specs == ()
    (result,) = results(*asked(directory, monitors, ('nrpe-check_swap',)).specs)
    assert (result.name, result.health) == ('monitors-nrpe-check_jimm', Health.UNKNOWN)
    assert "announces the NRPE command 'check_JIMM', and no file of NRPE has it" in result.message


def test_a_custom_plugin_is_run_with_its_words_and_not_as_root(directory: Path) -> None:
    directory.chmod(0o755)
    directory.parent.chmod(0o755)
    program(directory, 'echo "$# $2 $(id -un)"; exit 1', 'check_foo')
    found = asked(
        directory, {'local': {'custom': {'x': {'check': 'check_foo', 'params': "a '$(b)'"}}}}
    )
    (spec,) = found.specs
    assert isinstance(spec.check, PluginMonitor)
    if os.geteuid() == 0:
        assert spec.check.command.account is not None
        assert spec.check.command.account.uid != 0
    assert spec.check.command.line.endswith("check_foo a '$(b)'")


def test_a_directory_that_others_may_write_is_not_read(directory: Path) -> None:
    asked(directory, {'local': {'procrunning': {'x': {}}}})
    directory.chmod(0o777)
    found = find('web/0', (), directory)
    assert found.specs == ()
    assert 'others may write it' in str(found.faults[0])


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')
def test_a_custom_plugin_that_others_may_write_is_not_run(directory: Path) -> None:
    plugin = Path(program(directory, 'echo ran', 'check_foo'))
    found = asked(directory, {'local': {'custom': {'x': {'check': 'check_foo'}}}})
    plugin.chmod(0o777)
    (result,) = results(*found.specs)
    assert (result.health, 'others may write it' in result.message) == (Health.UNKNOWN, True)
    plugin.chmod(0o755)
    os.chown(plugin, 12345, 12345)
    (result,) = results(*found.specs)
    assert 'user 12345 owns it' in result.message


@pytest.mark.parametrize(
    ('monitors', 'key', 'said'),
    [
        ({'lokal': {}}, 'monitors.lokal', "did you mean 'local'?"),
        ({'local': 7}, 'monitors.local', 'not a mapping of kinds'),
        ({'local': {'disk': 7}}, 'monitors.local.disk', 'not a mapping of names'),
        ({'local': {'disk': {'a': 7}}}, 'monitors.local.disk.a', 'neither a name nor a mapping'),
        (
            {'local': {'disk': {'a': {'path': 'srv'}}}},
            'monitors.local.disk.a.path',
            'not an absolute path',
        ),
        (
            {'local': {'procrunning': {'a': {'min': 'x', 'executable': 'a'}}}},
            'monitors.local.procrunning.a.min',
            "'x' where a whole number belongs",
        ),
        (
            {'local': {'procrunning': {'a': {'mni': 1, 'executable': 'a'}}}},
            'monitors.local.procrunning.a.mni',
            "did you mean 'min'?",
        ),
        (
            {'local': {'custom': {'a': {'check': '../../bin/sh'}}}},
            'monitors.local.custom.a.check',
            'is not the path of a plugin',
        ),
        (
            {'local': {'custom': {'a': {'check': 'x', 'plugin_path': 'rel'}}}},
            'monitors.local.custom.a.check',
            'is not the path of a plugin',
        ),
        (
            {'local': {'custom': {'a': {'check': 'x', 'params': "'"}}}},
            'monitors.local.custom.a.params',
            'no closing quotation',
        ),
        ({'local': {'custom': {'a': {}}}}, 'monitors.local.custom.a.check', 'is not the path'),
        (
            {'remote': {'http': {'a': {'status': 'fine'}}}},
            'monitors.remote.http.a.status',
            'is not like HTTP/1.1 200',
        ),
        ({'remote': {'http': {'a': {'path': 'x'}}}}, 'monitors.remote.http.a.path', 'not a path'),
        ({'remote': {'http': {'a': {'port': 'x'}}}}, 'monitors.remote.http.a.port', 'not a port'),
        ({'remote': {'tcp': {'a': {}}}}, 'monitors.remote.tcp.a.port', 'missing'),
        (
            {'remote': {'tcp': {'a': {'port': 80, 'timeout': -1}}}},
            'monitors.remote.tcp.a.timeout',
            'not a number of seconds',
        ),
        (
            {'remote': {'nrpe': {'a': {'comand': 'x'}}}},
            'monitors.remote.nrpe.a.comand',
            "did you mean 'command'?",
        ),
    ],
)
def test_what_cannot_be_used_is_said_with_its_key(
    directory: Path, monitors: Any, key: str, said: str
) -> None:
    found = asked(directory, monitors)
    (fault,) = found.faults
    assert fault.key == key
    assert said in fault.reason
    assert found.specs == ()


def test_numbers_that_came_as_text_are_numbers(directory: Path) -> None:
    found = asked(directory, {'remote': {'tcp': {'a': {'port': '22', 'warning': '2'}}}})
    assert found.specs[0].check == CHECKS['tcp'](port=22, warn_seconds=2.0)


def test_the_unit_may_say_where_it_is(directory: Path) -> None:
    text = {'target-address': '10.0.0.7', 'monitors': {'remote': {'tcp': {'a': {'port': 22}}}}}
    put(directory, json.dumps(text))
    (spec,) = find('web/0', (), directory).specs
    assert spec.check == CHECKS['tcp'](port=22, host='10.0.0.7')


def test_files_of_other_units_are_for_others_and_twins_count_once(directory: Path) -> None:
    put(directory, README, 'db/0', 'db-0.json')
    assert find('web/0', (), directory) == FoundChecks()
    put(directory, README, 'web/0', 'a.json')
    once = find('web/0', (), directory)
    put(directory, README, 'web/0', 'b.json')
    assert find('web/0', (), directory) == once


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        (b'{', 'not JSON'),
        (b'[]', 'the texts unit, relation and monitors belong in it'),
        (b'{"unit": "web/0", "relation": "x", "monitors": 7}', 'the texts unit'),
    ],
)
def test_a_bad_file_is_one_fault(directory: Path, content: bytes, said: str) -> None:
    path = put(directory, README)
    path.write_bytes(content)
    (fault,) = find('web/0', (), directory).faults
    assert fault.source == str(path)
    assert said in fault.reason


def test_a_file_that_others_may_read_or_write_is_refused(directory: Path) -> None:
    for mode, said in ((0o644, 'all may read it'), (0o620, 'others may write it')):
        put(directory, README).chmod(mode)
        found = find('web/0', (), directory)
        assert found.specs == ()
        assert said in found.faults[0].reason


def test_there_are_bounds(directory: Path) -> None:
    many = {f'a{number}': {'port': 80} for number in range(600)}
    found = asked(directory, {'remote': {'tcp': many}})
    assert len(found.specs) == 500
    assert 'more than 500 monitors' in found.faults[0].reason
    put(directory, '{' * 1000)
    assert 'nested deeper' in find('web/0', (), directory).faults[0].reason
    put(directory, 'x' * 70_000)
    assert 'the limit is 65536' in find('web/0', (), directory).faults[0].reason


def test_nothing_that_is_not_here_passes() -> None:
    (result,) = results(CheckSpec('x', UnavailableMonitor('so')))
    assert result.health is Health.UNKNOWN

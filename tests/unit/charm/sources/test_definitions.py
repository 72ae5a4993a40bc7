"""Files of definitions: what can be used is, what cannot is said with file, key and reason."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.checks.check import CheckSpec
from charm.checks.kinds import CHECKS
from charm.checks.settling_rule import SettlingRule
from charm.kernel.errors import DefinitionError
from charm.kernel.merge_checks import make_report
from charm.kernel.report import Health
from charm.kernel.report_json import encode
from charm.sources.definitions import DefinitionsRead, fault_result, load
from charm.sources.entries import COMMON, Definition

GOOD = 'checks:\n  ssh: {kind: tcp, port: 22}\n'


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / 'checks.d'
    made.mkdir()
    return made


def names(loaded: DefinitionsRead) -> list[str]:
    return [one.name for one in loaded.definitions]


def only_fault(directory: Path, text: str) -> DefinitionError:
    (directory / 'a.yaml').write_text(text)
    loaded = load(directory)
    assert len(loaded.faults) == 1, loaded
    return loaded.faults[0]


def spec(one: Definition) -> CheckSpec:
    assert one.check is not None
    return one.tune(CheckSpec(one.name, one.check, source=one.source))


def test_without_a_directory_there_are_none(tmp_path: Path) -> None:
    assert load(tmp_path / 'none') == DefinitionsRead()


def test_files_are_read_in_the_order_of_their_names_and_backups_are_not(directory: Path) -> None:
    for name in (
        'b.yaml',
        '50-a.yml',
        'c.json',
        '.d.yaml',
        'e.yaml~',
        'f.yaml.dpkg-old',
        'README',
    ):
        check = {'checks': {f'x{len(os.listdir(directory))}': {'kind': 'load'}}}
        (directory / name).write_text(json.dumps(check))
    assert names(load(directory)) == ['x1', 'x0', 'x2']
    assert load(directory).faults == ()


def test_an_entry_says_all_there_is_to_say(directory: Path) -> None:
    (directory / 'a.yaml').write_text(
        'checks:\n'
        '  web:\n'
        '    kind: http\n'
        '    url: http://localhost/\n'
        '    service: [wordpress, "blog-*"]\n'
        '    timeout: 2.5\n'
        '    interval: 300\n'
        '    rename: front\n'
        '    fail_after: 3\n'
        '    flap_high: 50\n'
        '    enabled: false\n'
    )
    loaded = load(directory)
    assert loaded.faults == ()
    (one,) = loaded.definitions
    assert (one.name, one.rename, one.enabled) == ('web', 'front', False)
    assert [one.applies(name) for name in ('wordpress', 'blog-x', 'blog')] == [True, True, False]
    made = spec(one)
    assert (made.timeout_seconds, made.interval_seconds) == (2.5, 300.0)
    assert made.settling == SettlingRule(fail_after=3, flap_high=50)
    assert made.source == str(directory / 'a.yaml')
    assert made.check == CHECKS['http'](url='http://localhost/')


@pytest.mark.parametrize(
    ('text', 'key', 'said'),
    [
        ('', '', 'the file is empty'),
        ('checks:\n  a\n', 'line 2', 'line of its key'),
        ('checks: [a]\n', 'checks', 'not a mapping of names'),
        ('- a\n', '', 'not a mapping with the key `checks`'),
        ('check:\n  a: 1\n', 'check', "did you mean 'checks'?"),
        ('checks:\n  a: 7\n', 'checks.a', 'not a mapping with a kind'),
        ('checks:\n  A b: {kind: load}\n', 'checks.A b', 'begins with a letter'),
        ('checks:\n  a: {kind: htpp}\n', 'checks.a.kind', "did you mean 'http'?"),
        ('checks:\n  a: {kind: 7}\n', 'checks.a.kind', '7 is not a kind'),
        ('checks:\n  a: {kind: tcp}\n', 'checks.a.port', 'missing'),
        ('checks:\n  a: {kind: tcp, prot: 1}\n', 'checks.a.prot', "did you mean 'port'?"),
        ('checks:\n  a: {kind: tcp, port: x}\n', 'checks.a.port', "'x' where a whole number"),
        ('checks:\n  a: {kind: tcp, port: 0}\n', 'checks.a.port', 'not between 1 and 65535'),
        ('checks:\n  a: {kind: tls}\n', 'checks.a', 'one of the options host and file'),
        ('checks:\n  a: {kind: load, timeout: 0}\n', 'checks.a.timeout', 'up to 3600'),
        ('checks:\n  a: {kind: load, timeout: yes}\n', 'checks.a.timeout', 'number of seconds'),
        ('checks:\n  a: {kind: load, interval: 0.5}\n', 'checks.a.interval', 'from 1 to 604800'),
        ('checks:\n  a: {kind: load, enabled: 1}\n', 'checks.a.enabled', 'true or false'),
        ('checks:\n  a: {kind: load, enabled: ~}\n', 'checks.a.enabled', 'true or false'),
        ('checks:\n  a: {kind: load, service: []}\n', 'checks.a.service', 'a glob or a list'),
        ('checks:\n  a: {kind: load, rename: B}\n', 'checks.a.rename', 'not a name'),
        ('checks:\n  a: {kind: load, fail_after: 0}\n', 'checks.a.fail_after', 'between 1 and'),
        ('checks:\n  a: {kind: load, flap_low: 99}\n', 'checks.a.flap_low', 'above flap_high'),
        ('checks:\n  disk: {fail_afer: 2}\n', 'checks.disk.fail_afer', "'fail_after'"),
        ('checks:\n  disk: {enabeld: no}\n', 'checks.disk.enabeld', "'enabled'"),
        ('checks:\n  disk: {warn_used_percent: x}\n', 'checks.disk.warn_used_percent', 'number'),
        ('checks:\n  other: {fail_after: 0}\n', 'checks.other.fail_after', 'between 1 and'),
        ('checks:\n  other: {flap_low: x}\n', 'checks.other.flap_low', 'number of percent'),
    ],
)
def test_what_is_wrong_is_said_with_its_key(
    directory: Path, text: str, key: str, said: str
) -> None:
    fault = only_fault(directory, text)
    assert (fault.source, fault.key) == (str(directory / 'a.yaml'), key)
    assert said in fault.reason
    result = fault_result(fault)
    assert (result.name, result.health) == ('definition:a.yaml', Health.UNKNOWN)
    assert str(directory / 'a.yaml') in result.message


def test_of_a_file_that_we_may_not_read_it_is_said_that_root_may() -> None:
    result = fault_result(DefinitionError('/etc/a.yaml', '', 'cannot be read', denied=True))
    assert result.health is Health.UNKNOWN
    assert result.message == '/etc/a.yaml: cannot be read; root may'


def test_a_bad_entry_costs_neither_its_neighbours_nor_other_files(directory: Path) -> None:
    (directory / 'a.yaml').write_text(GOOD + '  bad: {kind: none}\n  x: {kind: load}\n')
    (directory / 'b.yaml').write_text('checks:\n\tx: 1\n')
    (directory / 'c.json').write_bytes(b'{"checks": {"y": {"kind": "load"}, "y": {}}}')
    (directory / 'd.yaml').write_bytes(b'checks: {z: {kind: load}} # \xff\n')
    (directory / 'e.yaml').write_text(GOOD.replace('ssh', 'last'))
    loaded = load(directory)
    assert names(loaded) == ['ssh', 'x', 'last']
    said = [(os.path.basename(fault.source), fault.reason) for fault in loaded.faults]
    assert [name for name, _ in said] == ['a.yaml', 'b.yaml', 'c.json', 'd.yaml']
    assert 'tab' in said[1][1]
    assert 'duplicate' in said[2][1]
    assert 'not UTF-8' in said[3][1]


@pytest.mark.parametrize('mode', [0o664, 0o646, 0o666])
def test_what_others_may_write_is_refused(directory: Path, mode: int) -> None:
    (directory / 'a.yaml').write_text(GOOD)
    (directory / 'a.yaml').chmod(mode)
    loaded = load(directory)
    assert loaded.definitions == ()
    assert f'mode {mode:04o}' in loaded.faults[0].reason
    assert 'chmod go-w' in loaded.faults[0].reason


def test_a_directory_that_others_may_write_is_refused_with_all_in_it(directory: Path) -> None:
    (directory / 'a.yaml').write_text(GOOD)
    directory.chmod(0o777)
    loaded = load(directory)
    assert loaded.definitions == ()
    assert [fault.source for fault in loaded.faults] == [str(directory)]


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')
def test_what_somebody_else_owns_is_refused(directory: Path) -> None:
    (directory / 'a.yaml').write_text(GOOD)
    os.chown(directory / 'a.yaml', 12345, 12345)
    assert 'owned by user 12345' in load(directory).faults[0].reason


def test_what_is_no_file_holds_nobody(directory: Path) -> None:
    os.mkfifo(directory / 'a.yaml', 0o600)
    (directory / 'b.yaml').mkdir()
    (directory / 'c.yaml').symlink_to(directory / 'none')
    (directory / 'd.yaml').write_text(GOOD)
    loaded = load(directory)
    assert names(loaded) == ['ssh']
    assert [fault.reason.split(':')[0] for fault in loaded.faults] == [
        'it is not a regular file',
        'cannot be read',
        'cannot be read',
    ]


def test_a_huge_file_is_refused(directory: Path) -> None:
    (directory / 'a.yaml').write_text(GOOD + '#' * 1_100_000)
    assert 'larger than' in load(directory).faults[0].reason


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters='\r\n'), max_size=9000))
def test_whatever_a_fault_quotes_the_report_is_made(text: str) -> None:
    fault = DefinitionError('/etc/x.yaml', text, text * 3)
    encode(make_report('web', 'web/0', [fault_result(fault)]))


ENTRIES = st.dictionaries(
    st.sampled_from([*COMMON, 'port', 'url', 'command', 'units', 'x']),
    st.none() | st.booleans() | st.integers(-1, 99) | st.sampled_from([*CHECKS, '*', 'a b', '']),
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(['disk', 'web', 'A', '']), ENTRIES, max_size=3))
def test_any_entry_is_a_definition_or_one_fault(
    tmp_path_factory: pytest.TempPathFactory, checks: dict[str, object]
) -> None:
    directory = tmp_path_factory.mktemp('checks.d')
    (directory / 'a.json').write_text(json.dumps({'checks': checks}))
    loaded = load(directory)
    assert len(loaded.definitions) + len(loaded.faults) == len(checks)

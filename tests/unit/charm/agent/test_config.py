"""What is wrong in a file is said with the file, the key and the nearest right word."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from charm.agent import config, units
from charm.agent.units import Push, Unit
from charm.cli import agent
from charm.kernel.errors import DefinitionError
from charm.kernel.paths import Place
from charm.kernel.push_contract import derive

CA = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
PUSH = Push('https://10.0.0.5:8642', CA, derive(b'k' * 32, 'web/0'), 'abc-1')


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_no_file_at_the_default_path_is_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Place(tmp_path)
    monkeypatch.setattr(config, 'HERE', here)
    assert config.load(here.agent_config) == config.Config()


@pytest.mark.parametrize('command', ['serve', 'check', 'report', 'log'])
def test_another_file_that_is_absent_is_an_error_that_says_what_to_do(
    tmp_path: Path, command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'agnet.yaml'
    assert agent.main([command, '--config', str(path)]) == 78
    told = capfd.readouterr()
    assert told.out == ''
    assert f'{path}: there is no such file; write it, or leave --config out' in told.err


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """\
interval: 30
intervals: {disk: 300, "http-*": 15}
report: 45
socket: /run/x.sock
socket_group: adm
definitions: /a
units: /b
state: /c
log: /d
log_bytes: 100000
log_files: 3
spool_bytes: 200000
spool_reports: 10
listen: {host: "::", port: 9, certificate: /e, key: /f, token_file: /g}
"""
    found = config.load(write(tmp_path / 'agent.yaml', text))
    assert found.interval_seconds('disk') == 300.0
    assert found.interval_seconds('http-front') == 15.0
    assert found.interval_seconds('load') == 30.0
    assert found.listen == config.Listen('::', 9, Path('/e'), Path('/f'), Path('/g'))
    assert (found.log_files, found.spool_reports, found.socket_group) == (3, 10, 'adm')
    assert set(config._READERS) == set(config.Config.__dataclass_fields__)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('intervall: 5', "intervall: no such key; did you mean 'interval'?"),
        ('interval: 0', 'interval: 0 is not a number from 1 to'),
        ('interval: soon', "interval: 'soon' is not a number"),
        ('interval: true', 'interval: True is not a number'),
        ('intervals: 5', 'intervals: it is not a mapping'),
        ('intervals: {disk: 0.1}', 'intervals.disk: 0.1 is not a number'),
        ('socket: agent.sock', "socket: 'agent.sock' does not begin with /"),
        ('log_files: 2.5', 'log_files: 2.5 is not a whole number'),
        ('listen: {host: x, prot: 1}', "listen.prot: no such key; did you mean 'port'?"),
        ('listen: {host: x}', 'listen.certificate: missing or not text'),
        ('- 1', 'it is not a mapping'),
        ('interval: 0644', 'line 1'),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path / 'agent.yaml', text)
    with pytest.raises(DefinitionError) as caught:
        config.load(path)
    assert str(caught.value).startswith(f'cannot use {path}')
    assert said in str(caught.value)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match='others may write it'):
        config.load(write(tmp_path / 'agent.yaml', 'interval: 5', 0o666))


def test_a_directory_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    units.enrol(tmp_path, Unit('web/0', 'health/0', PUSH))
    found, (fault,) = units.load(tmp_path)
    assert found == ()
    assert 'others may write it' in str(fault)


def test_a_pipe_in_its_place_holds_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'agent.yaml')
    with pytest.raises(DefinitionError, match='not a regular file'):
        config.load(tmp_path / 'agent.yaml')


def test_a_unit_that_was_enrolled_is_read_back_and_withdrawn(tmp_path: Path) -> None:
    unit = Unit('web/0', 'health/0', PUSH)
    path = units.enrol(tmp_path / 'units.d', unit)
    assert path.stat().st_mode & 0o777 == 0o600
    assert units.load(tmp_path / 'units.d') == ((unit,), ())
    units.withdraw(tmp_path / 'units.d', 'web/0')
    units.withdraw(tmp_path / 'units.d', 'web/0')
    assert units.load(tmp_path / 'units.d') == ((), ())


def test_a_credential_is_not_in_what_is_printed() -> None:
    assert PUSH.credential not in repr(Unit('web/0', 'health/0', PUSH))


def document(**push: Any) -> dict[str, Any]:
    good = {'url': PUSH.url, 'ca': CA, 'credential': PUSH.credential}
    return {'unit': 'web/0', 'push': {**good, **push}}


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        (document(url='http://10.0.0.5'), "push.url: 'http://10.0.0.5' is not an https://"),
        (document(url='https://a:b@c'), 'push.url: no user'),
        (document(url='https://a:99999'), 'push.url: Port out of range'),
        (document(ca='x'), 'push.ca: it is not a PEM certificate'),
        (document(credential='short'), 'push.credential: it is not 64'),
        (document(model='../x'), 'push.model'),
        (document(curl=''), "push.curl: no such key; did you mean 'url'?"),
        ({'unit': 'web'}, 'unit: cannot report for'),
        ({'unit': 'web/0', 'reportr': 'x/0'}, "did you mean 'reporter'?"),
        ([], 'it is not an object'),
    ],
)
def test_a_units_file_that_is_wrong_costs_only_itself(
    tmp_path: Path, content: Any, said: str
) -> None:
    write(tmp_path / 'bad.json', json.dumps(content))
    units.enrol(tmp_path, Unit('db/0', 'db/0'))
    found, faults = units.load(tmp_path)
    assert [unit.name for unit in found] == ['db/0']
    assert said in str(faults[0])
    assert PUSH.credential not in str(faults[0])


def test_a_credential_that_all_may_read_is_refused(tmp_path: Path) -> None:
    path = units.enrol(tmp_path, Unit('web/0', 'web/0', PUSH))
    path.chmod(0o644)
    found, faults = units.load(tmp_path)
    assert found == ()
    assert 'it holds a secret and all may read it' in str(faults[0])


def test_a_unit_cannot_be_there_twice(tmp_path: Path) -> None:
    path = units.enrol(tmp_path, Unit('web/0', 'web/0'))
    write(tmp_path / 'other.json', path.read_text())
    found, faults = units.load(tmp_path)
    assert len(found) == 1
    assert 'there twice' in str(faults[0])

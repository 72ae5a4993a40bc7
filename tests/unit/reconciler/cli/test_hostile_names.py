"""The command as a whole, with names that would run something: nothing runs, the rest is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import run
from tests.support.hostile_names import hostile_names

KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIBYK8CVIb6BCdgkNLqcqKpBWRXoZbwjyVsLOCPtf6iFq'
WELL = '10.0.0.5'
# The configuration says nonsense of this one.
ILL = '10.0.0.7'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home whose ssh and juju write down each name that they are given."""
    asked = tmp_path / 'asked'
    (tmp_path / '.ssh').mkdir()
    (tmp_path / '.ssh' / 'config').write_text(
        f'Host {ILL}\n  User "$(touch {tmp_path}/proof)"\n'
        f'Match exec "echo exec %h >>{asked}"\n  User ann\n'
        f'Host *\n  ProxyCommand sh -c "echo proxy %h %r >>{asked}"\n'
    )
    kept = tmp_path / 'juju-health'
    kept.mkdir()
    names = [f'lab:prod:{number}' for number in range(100)]
    (kept / 'known_hosts').write_text(''.join(f'{one} ssh-ed25519 {KEY}\n' for one in names))
    juju = tmp_path / 'juju'
    juju.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{asked}\nexit 1\n')
    juju.chmod(0o755)
    return tmp_path


def status(proof: Path) -> dict[str, Any]:
    """Return a status with one well unit, and beside it each hostile name in each place."""
    names = hostile_names(proof)
    there = {'machine': '0', 'workload-status': {'current': 'active'}}
    machines: dict[str, Any] = {
        '0': {'dns-name': WELL, 'ip-addresses': [ILL]},
        '99': {'dns-name': ILL},
    }
    units: dict[str, Any] = {'web/0': there, 'web/99': {'machine': '99'}}
    for number, name in enumerate(names, 1):
        machines[str(number)] = {'dns-name': name, 'ip-addresses': [name], 'instance-id': name}
        machines[name] = {'dns-name': WELL}
        units[f'web/{number}'] = {'machine': str(number)}
        units[f'web/{number}00'] = {'machine': name}
        units[name] = there
    return {
        'model': {'name': 'prod', 'controller': 'lab', 'version': '3.6.5'},
        'machines': machines,
        'applications': {'web': {'units': units}, **{name: {} for name in names}},
        'application-endpoints': {name: {} for name in names},
        'offers': {name: {'application': name} for name in names},
    }


def sweep(home: Path, *words: str) -> dict[str, Any]:
    saved = home / 'status.json'
    saved.write_text(json.dumps(status(home / 'proof')))
    done = run(
        *('--status', str(saved), '--juju', str(home / 'juju'), '--attempts', '1'),
        *('--ask', 'hook', '-q', '--format', 'json', *words),
        environment={'HOME': str(home), 'XDG_STATE_HOME': str(home), 'JUJU_DATA': str(home)},
    )
    assert done.returncode == 3, done.stderr
    assert b'Traceback' not in done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def outcomes(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        unit['unit']: (unit['outcome'], unit['message'])
        for service in document['services']
        for unit in service['units']
    }


@pytest.mark.parametrize('reach', ['direct', 'juju'])
def test_no_name_in_juju_status_runs_anything(home: Path, reach: str) -> None:
    document = sweep(home, '--reach', reach)
    assert not (home / 'proof').exists()
    names = hostile_names(home / 'proof')
    found = outcomes(document)
    assert set(found) == {
        *('web/0', 'web/99'),
        *(f'web/{n}{end}' for n in range(1, len(names) + 1) for end in ('', '00')),
    }
    told = '\n'.join(document['faults'])
    assert all(told.count(ascii(name)) or told.count(repr(name)) for name in names)
    asked = (home / 'asked').read_text()
    if reach == 'direct':
        assert set(asked.splitlines()) == {f'exec {ILL}', f'exec {WELL}', f'proxy {WELL} ann'}
        assert 'names no address' in found['web/1'][1]
        assert 'is not the name of a user' in found['web/99'][1]
    else:
        assert {'web/0', 'web/1'} <= set(asked.splitlines())
    assert not any(name in asked for name in names)


@pytest.mark.parametrize('jump', ['-oProxyCommand=touch PROOF', 'x$(touch PROOF)', 'a,`x`', '%h'])
def test_a_jump_that_is_no_host_is_wrong_usage(home: Path, jump: str) -> None:
    jump = jump.replace('PROOF', str(home / 'proof'))
    saved = home / 'status.json'
    saved.write_text(json.dumps(status(home / 'proof')))
    done = run(
        *('--status', str(saved), '--reach', 'direct', f'--jump={jump}'),
        environment={'HOME': str(home), 'XDG_STATE_HOME': str(home)},
    )
    assert (done.returncode, done.stdout) == (3, b'')
    assert b'[USER@]HOST[:PORT]' in done.stderr
    assert not (home / 'proof').exists()


def test_no_name_of_a_controller_or_a_model_becomes_an_option(home: Path) -> None:
    names = [*hostile_names(home / 'proof'), 'lab']
    controllers = json.dumps({'controllers': {name: {} for name in names}})
    models = json.dumps({'models': [{'name': f'admin/{name}'} for name in names]})
    (home / 'controllers').write_text(controllers)
    (home / 'models').write_text(models)
    (home / 'juju').write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >>{home}/asked\n'
        f'case $1 in controllers|models) cat "{home}/$1";; *) exit 1;; esac\n'
    )
    done = run(
        *('--all-models', '--juju', str(home / 'juju'), '-q', '--format', 'json'),
        environment={'HOME': str(home), 'XDG_STATE_HOME': str(home)},
    )
    assert done.returncode == 3, done.stderr
    assert not (home / 'proof').exists()
    document = json.loads(done.stdout)
    assert list(document['models']) == ['lab:admin/lab']
    told = '\n'.join(document['faults'])
    for name in names[:-1]:
        assert f'{name!r} is not the name of a controller' in told
        assert f'{f"admin/{name}"!r} is not the name of a model' in told
    asked = (home / 'asked').read_text()
    assert 'lab:admin/lab' in asked.splitlines()
    assert not any(name in asked for name in names[:-1])

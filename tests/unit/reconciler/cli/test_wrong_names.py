"""Wrong names of units and checks: what there is instead, before any machine is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import Done, run
from tests.support.tree import TESTS

STATUS = str(TESTS / 'data' / 'juju-status' / 'machines-3.6.json')


@pytest.mark.slow
@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['mysqll'], "machine of prod has that name; did you mean 'mysql'?"),
        (['--unit', 'mysql/9'], "has that name; did you mean 'mysql/0'?"),
        (['explain', 'mysqll'], "prod has no such service or unit; did you mean 'mysql'?"),
        (['explain', 'mysqll/0'], "prod has no such service or unit; did you mean 'mysql/0'?"),
        (['run', 'mysql/9', 'load'], "prod has no such unit; did you mean 'mysql/0'?"),
    ],
)
def test_a_name_that_the_model_has_not_asks_no_machine(
    words: list[str], said: str, tmp_path: Path
) -> None:
    done, asked = with_tripwire(tmp_path, *words)
    assert (done.returncode, done.stdout, asked) == (3, b'', False)
    assert said in done.stderr.decode()


@pytest.mark.slow
def test_a_name_that_it_has_asks_and_so_does_what_may_be_a_cause(tmp_path: Path) -> None:
    assert with_tripwire(tmp_path, 'explain', 'mysql')[1]
    done, asked = with_tripwire(tmp_path, 'explain', 'machine 99')
    assert (done.returncode, asked) == (3, True)


def with_tripwire(directory: Path, *words: str) -> tuple[Done, bool]:
    """Return what the command does, and whether it ran juju."""
    juju, trace = directory / 'juju', directory / 'asked'
    juju.write_text(f'#!/bin/sh\n: > {trace}\nexit 1\n')
    juju.chmod(0o755)
    name, own = (words[0], words[1:]) if words[0] in ('explain', 'run') else ('sweep', words)
    done = run(name, '--status', STATUS, '--juju', str(juju), '--attempts', '1', *own)
    return done, trace.exists()


@pytest.mark.slow
@pytest.mark.parametrize(('wrong', 'near'), [('lod', "; did you mean 'load'?"), ('zzzz', '')])
def test_a_check_that_the_unit_has_not_is_told_with_those_that_it_has(
    wrong: str, near: str
) -> None:
    here = json.loads(run('--reach', 'local', '--format', 'json').stdout)
    unit = here['services'][0]['units'][0]
    known = ', '.join(sorted(check['name'] for check in unit['report']['checks']))
    done = run('run', unit['unit'], 'load', wrong, '--reach', 'local')
    assert (done.returncode, done.stdout) == (3, b'')
    said = f"cannot run '{wrong}': {unit['unit']} has no such check{near}; it has {known}\n"
    assert done.stderr.decode() == f'reconcile-health: {said}'
    program = run('run', unit['unit'], wrong, '--reach', 'local', '--format', 'json')
    assert (program.returncode, program.stderr) == (3, done.stderr.replace(b'load ', b''))
    assert json.loads(program.stdout)['health'] == 'unknown', 'a program gets a document'

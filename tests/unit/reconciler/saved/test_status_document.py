"""A saved `juju status` in JSON and YAML, and YAML that no juju wrote."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from reconciler.juju import status
from reconciler.saved.replay import find
from reconciler.saved.status_document import decode
from reconciler.values.errors import StatusError
from tests.support.command_line import COMMAND, run
from tests.support.patience import PATIENCE
from tests.support.tree import TESTS

SAVED = sorted((TESTS / 'data' / 'juju-status').glob('*.json'))


def bomb(levels: int) -> str:
    """Return a few hundred bytes of YAML that stand for nine to the power of `levels` texts."""
    lines = ['model: {name: prod}', 'a0: &a0 [' + ', '.join(['"lol"'] * 9) + ']']
    for level in range(1, levels):
        lines.append(f'a{level}: &a{level} [{", ".join([f"*a{level - 1}"] * 9)}]')
    return '\n'.join(lines)


@pytest.mark.parametrize('path', SAVED, ids=lambda path: path.stem)
def test_yaml_of_every_saved_status_is_the_same_model_as_its_json(path: Path) -> None:
    document = json.loads(path.read_text())
    written = yaml.safe_dump(document).encode()
    assert b'&id' not in written
    assert (
        decode(written, 'x') == decode(path.read_bytes(), 'x') == status.decode(path.read_bytes())
    )


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('model:\n  name: prod\nb: &anchor 1\n', 'line 3: an anchor or alias'),
        ('model: &a {name: x}\nb: *a\n', 'line 1: an anchor or alias'),
        ('model: *a\n', 'line 1: an anchor or alias'),
        ('a: &a\n  - *a\n', 'line 1: an anchor or alias'),
        ('model: {}\nx: !!timestamp noon\n', 'line 2: a tag of YAML'),
        ('model: {}\nx: !!set {a, b}\n', 'line 2: a tag of YAML'),
        ('model: {}\nx: !!python/name:os.system y\n', 'line 2: a tag of YAML'),
        ('model: {}\nx: !!binary a\n', 'line 2: it is neither JSON nor YAML: '),
        ('model: {}\n? [a]\n: b\n', 'line 2: it is neither JSON nor YAML: found unhashable key'),
        ('model: {}\n---\nmodel: {}\n', 'line 2: it is neither JSON nor YAML: but found another'),
        ('model: {}\n\tx: 1\n', 'line 2: it is neither JSON nor YAML: found character'),
        ('model: {}\nx: [\n', 'line 3: it is neither JSON nor YAML: did not find expected node'),
        (
            'model: {}\nx: \x01\n',
            'line 2: it is neither JSON nor YAML: control characters are not allowed',
        ),
        ('[' * 5000, 'line 1: it is neither JSON nor YAML: exceeded maximum'),
        ('- 1\n', 'it is a list where an object belongs'),
        ('', 'it is null where an object belongs'),
        ('{"model": {},\n "x"}', 'it is not JSON: Expecting .* line 2'),
        ('{"schema": 1, "model": {}}', 'schema: this is a saved sweep, and no juju status'),
        ('schema: 1\nmodel: {}\n', 'schema: this is a saved sweep, and no juju status'),
    ],
)
def test_what_is_no_status_is_refused_with_file_line_and_reason(text: str, said: str) -> None:
    with pytest.raises(StatusError, match=f'^cannot read a/juju_status.yaml: {said}'):
        decode(text.encode(), 'a/juju_status.yaml')


TALK = 'WARNING: cgroup v2 is not fully supported yet'


@pytest.mark.parametrize('form', ['json', 'pretty', 'yaml'])
@pytest.mark.parametrize(
    ('before', 'after'), [([TALK], []), ([], [TALK]), ([TALK, 'error: x', '2026/11/30 y'], [TALK])]
)
def test_what_a_client_wrote_beside_the_status_is_left_out_and_told(
    form: str, before: list[str], after: list[str]
) -> None:
    document = {'model': {'name': 'prod', 'controller': 'lab'}, 'machines': {}, 'applications': {}}
    text = {
        'json': json.dumps(document),
        'pretty': json.dumps(document, indent=2),
        'yaml': yaml.safe_dump(document, sort_keys=False),
    }[form]
    log = [] if form == 'yaml' else ['{"level": "warn", "msg": "x"}']
    lines = '\n'.join([*before, *log, text.rstrip(), *after, ''])
    model = decode(lines.encode(), 'some.file')
    (fault,) = model.faults
    count = len(before) + len(log) + len(after)
    assert fault.startswith(f'some.file: {count} line{"s" if count > 1 else ""} beside the status')
    assert (before or log or after)[0][:8] in fault
    assert replace(model, faults=()) == decode(text.encode(), 'some.file')


@pytest.mark.parametrize('levels', range(1, 6))
def test_aliases_are_refused_before_anything_is_made_of_them(levels: int) -> None:
    with pytest.raises(StatusError, match='line 2: an anchor or alias of YAML'):
        decode(bomb(levels).encode(), 'x')


def test_only_null_true_false_and_numbers_are_no_text() -> None:
    text = (
        'model: {name: 2026-11-25, version: 4.0}\n'
        'applications:\n'
        '  "on":\n'
        '    scale: 3\n'
        '    units:\n'
        '      on/0: {leader: true, address: 1:30, workload-status: {message: !!binary w6nD}}\n'
        '      on/1: {leader: yes, address: null}\n'
    )
    model = decode(text.encode(), 'x')
    assert (model.name, model.version) == ('2026-11-25', '4.0')
    assert model.applications['on'].scale == 3
    first, second = model.applications['on'].units
    assert (first.leader, first.address, first.workload.message) == (
        True,
        '1:30',
        'é\N{REPLACEMENT CHARACTER}',
    )
    assert (second.leader, second.address) == (False, '')


def test_an_archive_with_a_status_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / 'juju_status.yaml').write_text(bomb(5))
    with pytest.raises(StatusError, match=r'juju_status\.yaml: line 2: an anchor or alias'):
        find([tmp_path])
    (tmp_path / 'juju_status.json').write_text('{"model": {"name": "prod"}}')
    assert find([tmp_path]).model.name == 'prod'


@pytest.mark.slow
def test_the_bomb_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / 'juju_status.yaml'
    path.write_text(bomb(10))
    assert path.stat().st_size < 600
    # 2 GB of addresses, of which the program and its threads take some.
    script = 'ulimit -v 2000000; exec "$@"'
    for words in (['replay', str(path)], ['replay', str(tmp_path)], ['--status', str(path)]):
        done = subprocess.run(
            ['bash', '-c', script, 'bash', COMMAND, *words],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (done.returncode, done.stdout) == (3, b'')
        assert b'juju_status.yaml: line 2: an anchor or alias' in done.stderr


@pytest.mark.slow
def test_every_command_that_reads_a_status_takes_yaml_too(tmp_path: Path) -> None:
    document = yaml.safe_dump(
        json.loads((TESTS / 'data/juju-status/machines-3.6.json').read_text())
    )
    path = tmp_path / 'saved'
    path.write_text(document)
    replayed = run('replay', str(path))
    assert b'lab:prod' in replayed.stdout
    assert run('replay', '--status', str(path)).stdout == replayed.stdout
    assert run('replay', '-', stdin=document.encode()).stdout == replayed.stdout
    swept = run('--status', str(path), '--juju', '/nonexistent/juju', '--format', 'summary')
    assert swept.stdout.startswith(b'lab:prod: ')
    config = tmp_path / 'health.yaml'
    config.write_text('services: {mysqll: {rollup: worst}}\n')
    checked = run(
        'config', 'check', '--config', str(config), '--status', '-', stdin=document.encode()
    )
    assert (checked.returncode, b"did you mean 'mysql'" in checked.stdout) == (1, True)

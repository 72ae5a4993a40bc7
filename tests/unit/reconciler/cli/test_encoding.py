"""Where stdout has no UTF-8: no crash, our marks in ASCII, and programs' formats as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from charm.kernel.report import CheckResult, Health
from reconciler.cli.main import COMMANDS
from reconciler.render import RENDERERS
from reconciler.saved.sweep_document import to_document
from reconciler.values.readings import Snapshot
from tests.support.command_line import run
from tests.support.snapshots import troubled

WITHOUT = {
    'ascii': {'PYTHONIOENCODING': 'ascii'},
    'C': {'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0', 'PYTHONIOENCODING': ''},
    'latin-1': {'PYTHONIOENCODING': 'latin-1'},
}
WITH = {'PYTHONIOENCODING': 'utf-8'}
FOR_PEOPLE = ('table', 'tree', 'summary', 'markdown', 'nagios')
# Of each sort: in latin-1, beyond it, and beyond what four digits of an escape can say.
WORDS = 'é € \U0001f600 …'


def told() -> Snapshot:
    """Return a sweep in which a check says what ASCII lacks."""
    found = troubled()
    service = found.services[0]
    reading = next(one for one in service.readings if one.report)
    assert reading.report is not None
    said = replace(reading.report, checks=(CheckResult('disk', Health.FAIL, None, WORDS),))
    own = tuple(replace(one, report=said) if one is reading else one for one in service.readings)
    return replace(found, services=(replace(service, readings=own), *found.services[1:]))


@pytest.fixture(scope='module')
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp('saved') / 'sweep.json'
    path.write_text(json.dumps(to_document(told())))
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize('environment', WITHOUT.values(), ids=WITHOUT)
@pytest.mark.parametrize('form', RENDERERS)
def test_every_format_is_printed(form: str, environment: Mapping[str, str], saved: str) -> None:
    words = ('replay', saved, '--format', form)
    done = run(*words, environment=environment)
    assert (done.returncode, done.stderr) == (2, b'')
    if form in FOR_PEOPLE:
        text = done.stdout.decode(environment['PYTHONIOENCODING'] or 'ascii')
        assert ('\\u20ac \\U0001f600 ...' in text) == (
            '€' in run(*words, environment=WITH).stdout.decode()
        )
        assert not {*'─│├└…–✓✗€'} & {*text}
    else:
        assert done.stdout == run(*words, environment=WITH).stdout


@pytest.mark.slow
@pytest.mark.parametrize('environment', WITHOUT.values(), ids=WITHOUT)
def test_a_tree_is_drawn_in_ascii(environment: Mapping[str, str], saved: str) -> None:
    done = run('replay', saved, '--format', 'tree', environment=environment)
    lines = done.stdout.splitlines()
    assert lines[1].startswith(b'|-- ')
    assert any(line.lstrip(b'| ').startswith(b'`-- ') for line in lines)
    assert b'\\u2' not in b''.join(line.split(b'  ')[0] for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize('environment', WITHOUT.values(), ids=WITHOUT)
@pytest.mark.parametrize('words', [(), *((name,) for name in COMMANDS)], ids=' '.join)
def test_help_is_printed(words: tuple[str, ...], environment: Mapping[str, str]) -> None:
    done = run(*words, '--help', environment=environment)
    assert (done.returncode, done.stderr) == (0, b'')
    assert done.stdout.startswith(b'Usage: ')


@pytest.mark.slow
@pytest.mark.parametrize('environment', WITHOUT.values(), ids=WITHOUT)
@pytest.mark.parametrize(
    'words', [('--format', 'é'), ('--deadline', 'é'), ('--reach', 'local', 'é'), ('help', 'é')]
)
def test_what_is_wrong_is_said(words: tuple[str, ...], environment: Mapping[str, str]) -> None:
    done = run(*words, environment=environment)
    assert (done.returncode, done.stdout) == (3, b'')
    assert done.stderr
    assert b'Traceback' not in done.stderr


@pytest.mark.slow
def test_what_is_explained_and_written_to_a_file(saved: str, tmp_path: Path) -> None:
    done = run('explain', 'db', '--saved', saved, environment=WITHOUT['C'])
    assert (done.returncode, done.stderr, done.stdout.isascii()) == (2, b'', True)
    path = tmp_path / 'tree'
    run('replay', saved, '--format', 'tree', '-o', str(path), environment=WITHOUT['C'])
    assert '└' in path.read_text('utf-8'), 'a file is UTF-8'

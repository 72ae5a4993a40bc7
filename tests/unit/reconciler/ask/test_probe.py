"""What looks at a machine, as it is sent and run: by real shells and every Python there is."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from charm.kernel import report_json
from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.ask.probe import BOOTSTRAP, ProbeOptions, archive, look_at
from reconciler.ask.script_asker import ScriptAsker
from reconciler.reach.local import LocalReach
from reconciler.values.time_budget import TimeBudget
from tests.support.authors import PYTHONS, pretended, python_of
from tests.support.patience import PATIENCE

# Those of pyenv that are too old.
OLD = sorted(
    path
    for minor in ('6', '7')
    for path in Path.home().glob(f'.pyenv/versions/3.{minor}.*/bin/python3')
)


def ask(*requests: Request, seconds: int = PATIENCE) -> tuple[UnitAnswer, ...]:
    asker = ScriptAsker(LocalReach(), TimeBudget(timeout_seconds=seconds))
    came = asker.ask('web/0', requests, Deadline.after(PATIENCE))
    assert came.fault is None
    return came.answers


DEFAULT = ProbeOptions()


def probe(*unless: Path, options: ProbeOptions = DEFAULT) -> Request:
    return look_at('web/0', [22], [str(path) for path in unless], PATIENCE, options)


def only(python: Path | None, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no other `python3` on PATH than this one, or none."""
    for name in ('sh', 'id', 'timeout', 'cat', 'dd', 'base64', 'sudo', 'systemctl'):
        found = next((p for p in ('/usr/bin', '/bin') if Path(p, name).exists()), None)
        if found:
            (directory / name).symlink_to(Path(found, name))
    if python is not None:
        (directory / 'python3').symlink_to(python)
    monkeypatch.setenv('PATH', str(directory))


def test_it_looks_where_a_hook_is_missing_beside_those_that_answer(tmp_path: Path) -> None:
    hook = tmp_path / 'hook'
    hook.write_text('#!/bin/sh\necho mine\ncat\n')
    hook.chmod(0o755)
    mine, missing, seen = ask(
        Request('web/0', str(hook)),
        Request('telegraf/0', str(tmp_path / 'none')),
        probe(hook, tmp_path / 'none'),
    )
    # A hook reads nothing of what came for the other.
    assert (mine.stdout, mine.exit_code, missing.exit_code) == (b'mine\n', 0, 127)
    report = report_json.decode(seen.stdout)
    assert (seen.exit_code, seen.complete, report.unit) == (0, True, 'web/0')


def test_where_every_hook_is_there_it_does_not_look(tmp_path: Path) -> None:
    hook = tmp_path / 'hook'
    hook.write_text('#!/bin/sh\n')
    hook.chmod(0o755)
    (answer,) = ask(probe(hook))
    assert answer == UnitAnswer(b'', b'', 0, True)


def test_a_hook_that_cannot_be_run_is_a_fault_and_no_reason_to_look(tmp_path: Path) -> None:
    (tmp_path / 'hook').write_text('#!/bin/sh\n')
    (answer,) = ask(probe(tmp_path / 'hook'))
    assert answer == UnitAnswer(b'', b'', 0, True)


def test_options_of_its_checks_travel_with_it(tmp_path: Path) -> None:
    wanted: dict[str, dict[str, Any]] = {
        'load': {'enabled': False},
        'failed-units': {'ignore': ["it's *", '$(false)']},
    }
    (answer,) = ask(probe(tmp_path / 'none', options=ProbeOptions(wanted)))
    checks = {check.name: check for check in report_json.decode(answer.stdout).checks}
    assert 'load' not in checks
    assert checks['failed-units'].health is not Health.UNKNOWN


@pytest.mark.parametrize('version', PYTHONS)
def test_every_python_from_3_8_on_looks(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(python_of(version), tmp_path, monkeypatch)
    (answer,) = ask(probe(tmp_path / 'none'))
    assert (answer.exit_code, answer.stderr) == (0, b'')
    assert {one.name for one in report_json.decode(answer.stdout).checks} >= {*BUILT_IN_CHECKS}


def test_an_older_one_says_that_it_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / 'fake'
    fake.write_text(pretended(sys.executable))
    fake.chmod(0o755)
    for number, python in enumerate((fake, *OLD)):
        directory = tmp_path / str(number)
        directory.mkdir()
        only(python, directory, monkeypatch)
        (answer,) = ask(probe(tmp_path / 'none'))
        assert answer.exit_code == 1
        assert answer.stderr in (
            b'its Python is 3.%d, and that wants 3.8 or newer\n' % minor for minor in (6, 7)
        )


def test_without_a_python_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(None, tmp_path, monkeypatch)
    (answer,) = ask(probe(tmp_path / 'none'))
    assert (answer.exit_code, answer.complete, answer.stdout) == (127, True, b'')


def test_it_is_run_from_memory_and_reads_nothing_of_the_machine_s_own(tmp_path: Path) -> None:
    # Neither PYTHON* nor the directory that it is run in changes what it is.
    for name in ('charm', 'json', 'reconciler'):
        (tmp_path / f'{name}.py').write_text('raise SystemExit("not me")\n')
    run = subprocess.run(
        [sys.executable, *probe().arguments],
        input=b''.join(probe().stdin),
        cwd=tmp_path,
        env={'PYTHONPATH': str(tmp_path), 'PYTHONSTARTUP': str(tmp_path / 'json.py')},
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    assert report_json.decode(run.stdout).unit == 'web/0'
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'charm.py',
        'json.py',
        'reconciler.py',
    ]


def test_one_that_comes_in_part_is_not_run() -> None:
    run = subprocess.run(
        [sys.executable, *probe().arguments],
        input=b''.join(probe().stdin)[:-1],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, b'')
    assert run.stderr == b'what was to look at it did not come whole\n'


def test_it_holds_the_unit_side_alone_and_always_the_same() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as packed:
        names = packed.namelist()
    assert {name.split('/')[0] for name in names} == {'charm'}
    rooms = {name.split('/')[1] for name in names if name.count('/') > 1}
    assert rooms == {'kernel', 'checks', 'sources', 'reporting', 'probe'}
    before = archive()
    archive.cache_clear()
    assert archive() == before


# As checks do, each thread imports what it needs when it runs, some of it the same.
_IN_THREADS = """
import sys, threading
def main(asked):
    faults = []
    def work(number):
        try:
            for name in ('slow%d' % (number % 2), 'slow2', 'own%d' % number):
                getattr(__import__('charm.' + name, fromlist=['made']), 'made')
        except Exception as error:
            faults.append(repr(error))
    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    print(sorted(set(faults)))
"""


@pytest.mark.parametrize('version', PYTHONS)
def test_threads_may_import_the_same_from_what_is_sent(version: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as file:
        texts = {f'slow{n}': 'import time\ntime.sleep(0.05)\nmade = 1\n' for n in range(3)}
        texts |= {f'own{n}': 'made = 1\n' * 2000 for n in range(16)}
        texts |= {'__init__': '', 'probe/__init__': '', 'probe/main': _IN_THREADS}
        for name, text in texts.items():
            file.writestr(f'charm/{name}.py', text)
    words = (str(python_of(version)), '-I', '-S', '-B', '-c', BOOTSTRAP)
    size = len(packed.getvalue())
    done = subprocess.run(
        [*words, str(size), '0'], input=packed.getvalue(), capture_output=True, timeout=PATIENCE
    )
    assert done.stdout == b'[]\n', done.stderr

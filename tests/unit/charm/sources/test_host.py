"""Nothing that an author's code starts outlives what it was started for, however it tries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.errors import OverrunError
from charm.kernel.report import Health
from charm.sources import callback_loading
from charm.sources.apart import hosted
from tests.support.called_apart import (
    GOOD,
    HEAD,
    HOST,
    KEEPER,
    answer,
    gone,
    hook,
    run_hook,
    table,
    write,
    write_launcher,
)
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

# How it may try to outlive its run.
ESCAPES = {
    'os.fork() or signal.pause()': False,
    'subprocess.Popen(["setsid", "sleep", "10000"])': False,
    'subprocess.Popen(["sleep", "10000"], preexec_fn=os.setpgrp)': False,
    'os.fork() or (os.setsid(), os.fork() or signal.pause(), os._exit(0))': False,
    'os.fork() or (os.setsid(), os.fork() or re.match("(a+)+b", "a" * 64))': False,
    'os.fork(); os.setsid(); os.fork(); signal.pause()': True,
    'os.environ.clear(); subprocess.Popen(["setsid", "sleep", "10000"]); signal.pause()': True,
    'signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()': True,
    'os.kill(os.getppid(), signal.SIGSTOP); signal.pause()': True,
    'os.kill(os.getppid(), signal.SIGKILL); signal.pause()': True,
    f'os.kill({HOST}, signal.SIGSTOP); signal.pause()': True,
    f'os.kill({KEEPER}, signal.SIGSTOP)': False,
    f'subprocess.Popen(["setsid", "sleep", "10000"]); os.kill({KEEPER}, signal.SIGSTOP)': False,
    f'os.kill({HOST}, signal.SIGKILL); re.match("(a+)+b", "a" * 64)': True,
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / 'callbacks.d'
    made.mkdir()
    return made


@pytest.mark.parametrize('body', ESCAPES)
def test_nothing_that_a_run_starts_outlives_it(directory: Path, body: str) -> None:
    write(directory / 'a.py', bad=body)
    seconds = '4' if ESCAPES[body] else '10'
    checks = {check['name']: check for check in hook(directory, '--deadline', seconds)['checks']}
    # A host that was stopped or killed takes its file's other callbacks along, and no more.
    assert checks['disk']['health'] != 'unknown'
    assert (checks['bad']['health'] == 'unknown') is ESCAPES[body]
    assert gone(directory)


def test_many_that_hang_are_ended_together_and_hold_nobody_up(directory: Path) -> None:
    write(directory / 'a.py', **{f'hang{number}': 'signal.pause()' for number in range(60)})
    report = hook(directory, '--deadline', '10')
    assert [one['name'] for one in report['checks'] if one['name'] == 'good']
    assert gone(directory)
    callbacks = table(directory)
    with ThreadPoolExecutor(60) as pool:
        hung = [pool.submit(answer, callbacks[f'hang{number}'], 1.0) for number in range(60)]
    assert all(isinstance(one.exception(), OverrunError) for one in hung)
    # While sixty are being ended, one that does not hang is answered for: it waits for none.
    assert answer(callbacks['good']).health is Health.PASSED
    # Who is told of an error may still hold what it came from.
    hung.clear()
    callbacks.clear()
    assert gone(directory)


IMPORTS = (
    'subprocess.Popen(["sleep", "10000"])',
    'subprocess.Popen(["setsid", "sleep", "10000"])',
    'os.fork() or signal.pause()',
    'os.fork() or (os.setsid(), os.fork() or re.match("(a+)+b", "a" * 64))',
    'from multiprocessing import Pool; pool = Pool(2)',
)


@pytest.mark.parametrize('body', IMPORTS)
def test_what_a_file_starts_when_it_is_read_ends_with_its_host(directory: Path, body: str) -> None:
    (directory / 'a.py').write_text(f'{HEAD}{body}\n{GOOD}CALLBACKS = good\n')
    assert 'good' in [check['name'] for check in hook(directory)['checks']]
    assert gone(directory)


@pytest.mark.parametrize('closed', ['<&-', '>&-', '2>&-', '<&- 2>&-', '<&- >&- 2>&-'])
def test_a_hook_without_standard_streams_runs_its_callbacks(directory: Path, closed: str) -> None:
    mark = directory / 'mark'
    write(directory / 'a.py', leaves=f'open({str(mark)!r}, "w").close(); print("words")')
    command = [
        *(sys.executable, '-I', str(ROOT / 'hooks/health'), '--unit', 'web/0'),
        *('--callbacks', str(directory), '--definitions', '/nowhere', '--check', 'leaves'),
    ]
    done = subprocess.run(
        ['sh', '-c', f'exec "$@" {closed}', 'sh', *command],
        env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(directory / 'state')},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert mark.exists()
    if '>&-' not in closed.replace('2>&-', ''):
        (check,) = json.loads(done.stdout)['checks']
        assert (check['health'], check['data']) == ('passed', {'printed': 'words'})
    assert gone(directory)


def test_nothing_of_the_current_directory_is_run(directory: Path) -> None:
    here = directory / 'here'
    here.mkdir()
    for name in ('json.py', 'sys.py', 'array.py', 'charm.py'):
        (here / name).write_text(f'open({str(directory / "owned")!r}, "w")\n')
    write(directory / 'a.py')
    launcher = write_launcher(
        directory / 'launcher',
        'import pathlib\nsys.path.insert(0, pathlib.Path("/nowhere"))\n'
        'from charm.cli import health\nsys.exit(health.main())\n',
    )
    done = subprocess.run(
        [sys.executable, str(launcher), '--callbacks', str(directory), '--unit', 'web/0'],
        cwd=here,
        env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(directory / 'state')},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    names = [check['name'] for check in json.loads(done.stdout)['checks']]
    assert ('good' in names, (directory / 'owned').exists()) == (True, False)


def test_without_descriptors_or_processes_the_rest_is_reported(directory: Path) -> None:
    for number in range(60):
        write(directory / f'{number}.py')
    launcher = write_launcher(
        directory / 'launcher',
        'from charm.cli import health\nsys.exit(health.main())\n',
        'import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n',
    )
    report = hook(directory, launcher=launcher)
    checks = {check['name']: check for check in report['checks']}
    assert checks['load']['health'] != 'unknown'
    assert 'no process could be started to read it' in checks['definition:7.py']['message']


def test_a_file_that_ends_before_it_is_asked_costs_only_itself(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / 'a.py').write_text('import os\nos._exit(3)\n')
    write(directory / 'b.py')
    start = hosted._executed

    def started(*given: Any) -> Any:
        hosts = start(*given)
        time.sleep(1)
        return hosts

    monkeypatch.setattr(hosted, '_executed', started)
    loaded, (fault,) = callback_loading.load(directory, Deadline.after(PATIENCE))
    assert 'ended' in fault.reason
    assert list(loaded) == ['*']


def test_signals_of_children_that_are_ignored_change_nothing(directory: Path) -> None:
    write(directory / 'a.py', bad='signal.pause()')
    launcher = directory / 'launcher'
    launcher.write_text(
        'import os, signal, sys\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n'
        f'os.execv(sys.executable, [sys.executable, "-I", {str(ROOT / "hooks/health")!r},'
        ' *sys.argv[1:]])\n'
    )
    done = run_hook(directory, '--deadline', '4', launcher=launcher)
    assert (done.returncode, done.stderr) == (0, b'')
    assert gone(directory)


def test_a_file_has_the_machine_s_packages_though_the_hook_starts_without(directory: Path) -> None:
    (directory / 'a.py').write_text(
        'import pytest\n'
        'def has(name):\n    return {"health": "passed", "message": pytest.__name__}\n'
        'CALLBACKS = [has]\n'
    )
    hook_path, own = ROOT / 'hooks' / 'health', ['--check', 'has', '--callbacks', str(directory)]
    assert hook_path.read_text().startswith('#!/usr/bin/python3 -IS\n')
    done = subprocess.run(
        [sys.executable, '-IS', str(hook_path), *own],
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    (check,) = json.loads(done.stdout)['checks']
    assert (check['health'], check['message']) == ('passed', 'pytest')

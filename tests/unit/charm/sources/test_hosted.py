"""Whatever an author's function does costs itself alone: the hook answers, and nothing stays."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError, OverrunError
from charm.kernel.report import Health
from charm.sources.callbacks import bind
from tests.support.called_apart import (
    GOOD,
    HEAD,
    HOST,
    answer,
    gone,
    hook,
    left,
    table,
    write,
    write_launcher,
)
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

# What a callback does, and what is said of it.
HOSTILE = {
    're.match("(a+)+b", "a" * 64)': 'it did not end',
    'time.sleep(10_000)': 'it did not end',
    'os.kill(os.getpid(), signal.SIGSTOP)': 'it did not end',
    'subprocess.run(["setsid", "sleep", "10000"])': 'it did not end',
    'os._exit(0)': 'it exited with 0 and gave no answer',
    'os.kill(os.getpid(), signal.SIGKILL)': 'it was killed by SIGKILL and gave no answer',
    'os.abort()': 'it was killed by SIGABRT and gave no answer',
    'ctypes.string_at(0)': 'it was killed by SIGSEGV and gave no answer',
    'os.closerange(0, 1000)': 'it exited with 0 and gave no answer',
    'sys.exit("enough")': "it exited with 'enough'",
    'raise KeyboardInterrupt("now")': 'KeyboardInterrupt: now',
    'good.__call__.__self__()': 'TypeError',
}
# What it may do without harm to anybody.
HARMLESS = (
    'print("x" * 100_000)',
    'os.write(1, b"{}\\n")',
    'os.system("echo {}")',
    'os.close(0); os.close(1); os.close(2)',
    'os.chdir("/proc"); os.environ.clear(); sys.modules.clear()',
    'threading.Thread(target=time.sleep, args=(10_000,)).start()',
    'subprocess.Popen(["sleep", "10000"])',
    'signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.stdin.read()',
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / 'callbacks.d'
    made.mkdir()
    return made


def test_whatever_callbacks_do_the_hook_answers_for_each_and_nothing_stays(
    directory: Path,
) -> None:
    bodies = {f'bad{number}': body for number, body in enumerate(HOSTILE)}
    fine = {f'fine{number}': body for number, body in enumerate(HARMLESS)}
    write(directory / 'a.py', **bodies, **fine)
    report = hook(directory, '--deadline', '10')
    checks = {check['name']: check for check in report['checks']}
    for name, said in zip(bodies, HOSTILE.values()):
        assert checks[name]['health'] == 'unknown', bodies[name]
        assert checks[name]['message'].startswith(said), bodies[name]
    for name in fine:
        assert checks[name]['health'] == 'passed', (fine[name], checks[name])
    assert checks['good']['message'] == 'web'
    assert checks['disk']['health'] != 'unknown'
    assert gone(directory)


def test_a_host_that_is_killed_costs_only_its_own_file(directory: Path) -> None:
    write(directory / 'a.py', bad=f'os.kill({HOST}, 9); signal.pause()')
    (directory / 'b.py').write_text('def other(s): return {"health": "warn"}\nCALLBACKS = other\n')
    checks = {check['name']: check for check in hook(directory)['checks']}
    assert checks['bad']['health'] == 'unknown'
    assert checks['other']['health'] == 'warn'
    assert gone(directory)


@pytest.mark.parametrize(
    ('body', 'said'),
    [
        ('re.match("(a+)+b", "a" * 64)', 'it was not read to its end within'),
        ('threading.Event().wait()', 'it was not read to its end within'),
        ('signal.signal(signal.SIGALRM, signal.SIG_IGN); signal.pause()', 'not read to its end'),
        ('os._exit(3)', 'its answer broke off: what it ran in has ended'),
        ('os.kill(os.getpid(), 9)', 'its answer broke off: what it ran in has ended'),
    ],
)
def test_whatever_a_file_does_when_it_is_read_the_others_are_run(
    directory: Path, body: str, said: str
) -> None:
    (directory / 'a.py').write_text(f'{HEAD}{body}\n')
    write(directory / 'b.py')
    checks = {check['name']: check for check in hook(directory, '--deadline', '10')['checks']}
    assert checks['good']['health'] == 'passed'
    assert said in checks['definition:a.py']['message']
    assert gone(directory)


def test_a_charm_s_own_callbacks_are_run_as_those_of_files_are(tmp_path: Path) -> None:
    launcher = write_launcher(
        tmp_path / 'hooks' / 'health',
        f'{HEAD}{GOOD}from charm import cli\n'
        'def loops(s):\n    print("loops")\n    re.match("(a+)+b", "a" * 64)\n'
        'def of_services(s): return {"health": "warn", "message": s}\n'
        'services = [{"service": "worker", "health": of_services}]\n'
        'callbacks = {"*": (each for each in [loops, good])}\n'
        'sys.exit(cli.main(callbacks=callbacks, services=services))\n',
    )
    report = hook(tmp_path, '--deadline', '4', launcher=launcher)
    checks = {check['name']: check for check in report['checks']}
    assert checks['loops']['message'].startswith('it did not end before the deadline')
    assert checks['good']['message'] == 'web'
    assert gone(tmp_path)


@pytest.mark.parametrize('number', ['SIGTERM', 'SIGKILL'])
def test_a_hook_that_is_killed_leaves_no_callback_running(directory: Path, number: str) -> None:
    mark = directory / 'begun'
    write(
        directory / 'a.py', bad=f'open({str(mark)!r}, "w").close(); re.match("(a+)+b", "a" * 64)'
    )
    command = [sys.executable, '-I', str(ROOT / 'hooks/health'), '--callbacks', str(directory)]
    with subprocess.Popen(
        [*command, '--unit', 'web/0'],
        env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(directory / 'state')},
        stdout=subprocess.DEVNULL,
    ) as process:
        until = Deadline.after(PATIENCE)
        while not mark.exists() and not until.passed:
            time.sleep(0.02)
        getattr(process, {'SIGTERM': 'terminate', 'SIGKILL': 'kill'}[number])()
    assert mark.exists()
    assert gone(directory)


# The near side, in this process.


def test_each_run_begins_with_what_the_file_made_and_its_changes_are_lost(
    directory: Path,
) -> None:
    (directory / 'a.py').write_text(
        'import os\nseen = []\n'
        'def counts(s):\n'
        '    seen.append(1)\n'
        '    return {"health": "passed", "data": {"count": len(seen), "pid": os.getpid()}}\n'
        'CALLBACKS = counts\n'
    )
    counts = table(directory)['counts']
    first, second = answer(counts), answer(counts)
    assert (first.data['count'], second.data['count']) == (1, 1)
    assert os.getpid() != first.data['pid'] != second.data['pid']


def test_many_are_run_at_once_and_each_has_its_own_answer(directory: Path) -> None:
    write(directory / 'a.py', **{f'f{number}': f's = "{number}"' for number in range(3)})
    callbacks = table(directory)
    answers: list[str] = []

    def ask(service: str) -> None:
        (result,) = callbacks['good'].answer(service, 'n', Deadline.after(PATIENCE))
        answers.append(f'{service}={result.message}')

    threads = [threading.Thread(target=ask, args=(f's{number}',)) for number in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(answers) == sorted(f's{number}=s{number}' for number in range(200))


def test_an_answer_is_what_the_same_function_returns_here(directory: Path) -> None:
    (directory / 'a.py').write_text(
        'def odd(s): return [{"health": "warn", "message": "grün\\n\\ud800", "qos": 0.5,\n'
        '    "data": {"a": [1, None, 2.5]}}, {"health": "no"}, 7, None]\n'
        'CALLBACKS = odd\n'
    )
    scope: dict[str, Any] = {}
    exec((directory / 'a.py').read_text(), scope)  # noqa: S102 - the same text, here
    (here,) = bind([scope['odd']], 'web')
    soon = Deadline.after(PATIENCE)
    assert table(directory)['odd'].answer('web', 'odd', soon) == here.run_all('odd', soon)


def test_one_that_overruns_is_ended_and_its_host_goes_on(directory: Path) -> None:
    mark = directory / 'mark'
    body = f'print(os.getpid(), file=open({str(mark)!r}, "w"), flush=True); '
    body += 're.match("(a+)+b", "a" * 64)'
    write(directory / 'a.py', bad=body)
    callbacks = table(directory)
    with pytest.raises(OverrunError):
        answer(callbacks['bad'], 1.0)
    until = Deadline.after(PATIENCE)
    process = Path(f'/proc/{mark.read_text().strip()}')
    while process.exists() and not until.passed:
        time.sleep(0.02)
    assert not process.exists()
    assert answer(callbacks['good']).health is Health.PASSED


def test_a_host_ends_when_it_is_forgotten(directory: Path) -> None:
    write(directory / 'a.py')
    callbacks = table(directory)
    assert answer(callbacks['good']).health is Health.PASSED
    assert left(directory)
    callbacks.clear()
    assert gone(directory)


def test_one_whose_host_is_gone_cannot_be_told(directory: Path) -> None:
    write(directory / 'a.py', bad=f'os.kill({HOST}, 9); signal.pause()')
    callbacks = table(directory)
    # All that the host leaves is killed, and whoever sees to a run may see it die before himself.
    with pytest.raises(CheckError, match=r'its answer broke off|it was killed by SIGKILL'):
        answer(callbacks['bad'])
    with pytest.raises(CheckError, match='the process for that has ended'):
        answer(callbacks['good'])


def test_a_hosted_callback_is_not_called_here(directory: Path) -> None:
    write(directory / 'a.py')
    with pytest.raises(TypeError):
        table(directory)['good']('web')

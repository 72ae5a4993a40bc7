"""Files of callbacks that a test writes, and how the hook, or this process, has them called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult
from charm.sources import callback_loading
from charm.sources.callbacks import Apart, bind
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

HEAD = 'import ctypes, os, re, signal, subprocess, sys, threading, time\n'
# Of a callback, the number of its host: the parent of who sees to its run.
HOST = 'int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])'
# And that of the process which its host is in.
KEEPER = f'int(open("/proc/%d/stat" % {HOST}).read().rpartition(")")[2].split()[1])'
GOOD = 'def good(service): return {"health": "passed", "message": service}\n'


def write_launcher(path: Path, program: str, before: str = '') -> Path:
    """Write a charm's own `hooks/health`, which ends as the program does; return its path."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'{before}import sys\nsys.path.insert(0, {str(ROOT)!r})\n{program}')
    return path


def write(path: Path, **bodies: str) -> None:
    """Write a file of callbacks, each of which does something and then passes."""
    ending = '    return {"health": "passed"}\n'
    functions = [f'def {name}(s):\n    {body}\n{ending}' for name, body in bodies.items()]
    names = ', '.join(('good', *bodies))
    path.write_text(f'{HEAD}{GOOD}{"".join(functions)}CALLBACKS = [{names}]\n')


def run_hook(
    directory: Path, *arguments: str, launcher: Path = ROOT / 'hooks/health'
) -> subprocess.CompletedProcess[bytes]:
    """Run the hook as a process that has the directory in its environment."""
    done = subprocess.run(
        [
            *(sys.executable, '-I', str(launcher), '--callbacks', str(directory)),
            *('--definitions', '/nowhere', '--unit', 'web/0', *arguments),
        ],
        env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(directory / 'state')},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # One line, whatever was printed.
    assert done.stdout.count(b'\n') == 1
    return done


def hook(directory: Path, *arguments: str, launcher: Path = ROOT / 'hooks/health') -> Any:
    """Run the hook so, and return the report."""
    return json.loads(run_hook(directory, *arguments, launcher=launcher).stdout)


def table(directory: Path) -> dict[str, Apart]:
    loaded, faults = callback_loading.load(directory, Deadline.after(PATIENCE))
    assert not faults
    return {bound.name: bound.callback for bound in bind(loaded['*'], 'web')}  # type: ignore[misc]


def answer(callback: Apart, seconds: float = PATIENCE) -> CheckResult:
    (result,) = callback.answer('web', 'name', Deadline.after(seconds))
    return result


def left(directory: Path) -> list[str]:
    """Return the commands of the processes that are there because of these files."""
    found = []
    for entry in Path('/proc').iterdir():
        if entry.name.isdecimal() and entry.name != str(os.getpid()):
            try:
                line = (entry / 'cmdline').read_bytes() + (entry / 'environ').read_bytes()
            except OSError:
                continue
            if os.fsencode(directory) in line:
                found.append(line.partition(b'\0')[0].decode())
    return found


def gone(directory: Path) -> bool:
    """Return whether everything is gone; what was killed may need a moment to be."""
    until = Deadline.after(PATIENCE)
    while left(directory) and not until.passed:
        time.sleep(0.05)
    return not left(directory)

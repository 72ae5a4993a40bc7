"""Files of callbacks that a test writes, and how the hook, or this process, has them called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult
from charm.sources.apart import hosted
from charm.sources.callbacks import Apart, bind
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

HEAD = 'import ctypes, os, re, signal, subprocess, sys, threading, time\n'
GOOD = 'def good(service): return {"health": "passed", "message": service}\n'


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
    loaded, faults = hosted.load(directory, Deadline.after(PATIENCE))
    assert not faults
    return {bound.name: bound.callback for bound in bind(loaded['*'], 'web')}  # type: ignore[misc]


def answer(callback: Apart, seconds: float = PATIENCE) -> CheckResult:
    (result,) = callback.answer('web', 'name', Deadline.after(seconds))
    return result

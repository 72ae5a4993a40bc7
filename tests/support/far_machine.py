"""A machine whose units are asked by the far script, run by a real shell on real programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from reconciler.ask import far_script, frames
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.values.time_budget import TimeBudget
from tests.support.patience import PATIENCE

PATIENT = TimeBudget(timeout_seconds=PATIENCE)
NONCE = '0123456789abcdef'
# Where those that are here are; each is a POSIX shell by the name `sh`.
SHELLS = [
    found for found in map(shutil.which, ('dash', 'bash', 'busybox', 'mksh')) if found is not None
]
# What the script itself runs, and tests' hooks do; of Python there is none.
_PROGRAMS = (
    'base64',
    'cat',
    'dd',
    'head',
    'id',
    'printf',
    'setsid',
    'sleep',
    'timeout',
    'touch',
    'yes',
)


class Machine:
    """A directory of hooks, and a shell to ask them."""

    def __init__(self, directory: Path, python: bool = True) -> None:
        """Make one with, or without, a Python; it has the shell `sh`."""
        self.directory = directory
        self.requests: list[Request] = []
        self.programs = directory / 'bin'
        self.programs.mkdir()
        for name in _PROGRAMS:
            self.install(name, shutil.which(name))
        self.install('sh', shutil.which('sh'))
        if python:
            self.install('python3', sys.executable)

    def install(self, name: str, program: str | None) -> None:
        """Have `name` on PATH be this program, and no other."""
        assert program is not None, name
        place = self.programs / name
        place.unlink(missing_ok=True)
        place.symlink_to(Path(program).resolve())

    def write(self, name: str, script: str) -> None:
        """Have `name` on PATH be this script."""
        place = self.programs / name
        place.unlink(missing_ok=True)
        place.write_text(f'#!/bin/sh\n{script}\n')
        place.chmod(0o755)

    def add(self, script: str, *arguments: str, mode: int = 0o755) -> int:
        """Have one more unit, whose hook is the script; return its number."""
        index = len(self.requests)
        path = self.directory / f"it's hook {index}"
        path.write_text(f'#!/bin/sh\n{script}\n')
        path.chmod(mode)
        self.requests.append(Request(f'web/{index}', str(path), arguments))
        return index

    def command(self, timeout_seconds: int = PATIENCE) -> str:
        time = TimeBudget(timeout_seconds=timeout_seconds)
        own = str(self.programs / 'python3')
        return far_script.command(self.requests, NONCE, time).replace(far_script.PYTHON, own)

    def environment(self, **more: str) -> Mapping[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith('LC_')}
        return {**kept, 'PATH': str(self.programs), **more}

    def run(
        self, command: str, stdin: bytes = b'', environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the command as the login shell does, on what is in this machine's PATH alone."""
        return subprocess.run(
            ['sh', '-c', command],
            input=stdin,
            env=environment or self.environment(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )

    def answers(self, output: bytes) -> list[UnitAnswer]:
        return list(frames.read(output, NONCE, len(self.requests)))

    def ask(self, timeout_seconds: int = PATIENCE, **more: str) -> list[UnitAnswer]:
        """Return the answers of all units, of which nothing else may have been said."""
        done = self.run(self.command(timeout_seconds), environment=self.environment(**more))
        assert (done.returncode, done.stderr) == (0, b'')
        return self.answers(done.stdout)

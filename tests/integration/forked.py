"""Processes that each do one thing on a disk that fails them, forked of one with all loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.tree import ROOT

from .agent_host import build

# Each line is what `keep` is called with, in a process of its own, beside where it says lines. It
# is answered by the exit code and those lines.
_FORKING = """
for line in sys.stdin:
    end, said = os.pipe()
    process = os.fork()
    if not process:
        keep(*json.loads(line), said)
        os._exit(0)
    os.close(said)
    with open(end) as file:
        text = file.read()
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    print(json.dumps([code, text.splitlines()]), flush=True)
"""


@dataclass(frozen=True)
class Forking:
    """The process that forks."""

    process: subprocess.Popen[str]

    def keep(self, *words: Any) -> tuple[int, list[str]]:
        """Have a new process call `keep`, and return its exit code and what it said."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(words) + '\n')
        self.process.stdin.flush()
        code, said = json.loads(self.process.stdout.readline())
        return code, said


@contextmanager
def forking(script: str, into: Path) -> Generator[Forking]:
    """Yield the process of a script that defines `keep`, with our failing disk loaded."""
    preload = ':'.join(str(build(name, into)) for name in ('dies_at', 'failing_disk'))
    environment = {'PATH': '/usr/bin:/bin', 'LD_PRELOAD': preload, 'PYTHONDONTWRITEBYTECODE': '1'}
    process = subprocess.Popen(
        [sys.executable, '-c', script + _FORKING],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Forking(process)

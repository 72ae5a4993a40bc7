"""Commands of a few words that tests run, and what became of processes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from charm.kernel import command, report_json
from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult
from tests.support.patience import PATIENCE, passing_once
from tests.support.tree import ROOT


def run(script: str, cap_bytes: int = 1000) -> command.Completed:
    """Run a shell's script that ends by itself."""
    return command.run(['sh', '-c', script], Deadline.after(PATIENCE), cap_bytes=cap_bytes)


def overrun(script: str, begun: Path) -> command.Completed:
    """Run a script whose time is up once it has made the file `begun`, which is its `$0`."""
    return command.run(['sh', '-c', script, str(begun)], passing_once(begun.exists))


def hung_until_the_deadline(definitions: Path) -> CheckResult:
    """Run the health hook with its check `hung` to its deadline of three seconds."""
    hook = [sys.executable, '-I', str(ROOT / 'hooks' / 'health'), '--check', 'hung']
    done = subprocess.run(
        [*hook, '--definitions', str(definitions), '--deadline', '3'],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    (check,) = report_json.decode(done.stdout).checks
    return check


def gone(pid: int) -> bool:
    """Return whether the process ended; one that nobody reaped yet has ended too."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] == 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_gone(pid: int) -> bool:
    """Return whether the process ended while our patience lasted."""
    until = Deadline.after(PATIENCE)
    while not gone(pid) and not until.passed:
        time.sleep(0.01)
    return gone(pid)


def children() -> set[str]:
    """Return the processes that are ours to reap; a test run may have others beside the test's."""
    tasks = Path('/proc/self/task').glob('*/children')
    return {pid for task in tasks for pid in task.read_text().split()}

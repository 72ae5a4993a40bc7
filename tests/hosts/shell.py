"""Run the commands that test machines are made of, and wait for what they bring about."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence

from tests.support.patience import PATIENCE

POLL_SECONDS = 0.02


class HostError(Exception):
    """A test machine cannot be made, reached or changed."""


def run(argv: Sequence[str], stdin: str = '', timeout_seconds: float = PATIENCE) -> str:
    """Run a command that has to succeed and return its stdout.

    Raises:
        HostError: it is missing, failed or took too long; with what it said.
    """
    what = ' '.join(argv)
    try:
        done = subprocess.run(
            list(argv),
            input=stdin,
            capture_output=True,
            text=True,
            errors='replace',
            timeout=timeout_seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostError(f'cannot run {what}: {error}') from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise HostError(f'cannot run {what}: exit code {done.returncode}: {said}')
    return done.stdout


def attempt(argv: Sequence[str], stdin: str = '') -> bool:
    """Run a command that may fail, as in cleaning up; return whether it succeeded."""
    try:
        run(argv, stdin)
    except HostError:
        return False
    return True


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Return as soon as `ready()` holds.

    Raises:
        HostError: it did not hold while our patience lasted; `what` names it.
    """
    end = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            raise HostError(f'cannot wait longer than {PATIENCE} s for {what}')
        time.sleep(POLL_SECONDS)

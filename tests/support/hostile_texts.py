"""Run patterns on texts that are made to take them long, in a process that can be ended.

As a program it reads such jobs and says the number of each before it runs it.
"""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.support.ambiguity import EVERY, pumps
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

# Milliseconds if it takes linear time; minutes, if square, at one nanosecond a step.
LENGTH = 300_000
# The end of the text, and what next to no pattern asks for.
_SUFFIXES = ('', '\0')


@dataclass(frozen=True)
class Job:
    """A use of a pattern on `prefix`, many times `pump`, and `suffix`; Latin-1 if it is bytes."""

    pattern: re.Pattern[str] | re.Pattern[bytes]
    method: str
    prefix: str
    pump: str
    suffix: str

    def run(self) -> None:
        text = self.prefix + self.pump * (LENGTH // len(self.pump) + 1) + self.suffix
        whole = text if isinstance(self.pattern.pattern, str) else text.encode('latin-1')
        if self.method in EVERY:
            self.pattern.sub(whole[:0], whole)  # type: ignore[arg-type]
        else:
            getattr(self.pattern, self.method)(whole)


def jobs(pattern: re.Pattern[str] | re.Pattern[bytes], used: Iterable[str]) -> Iterator[Job]:
    """Yield hostile uses of a pattern, for each of its repeats; each once."""
    methods = {'sub' if method in EVERY else method for method in used}
    for prefix, pump in sorted(set(pumps(pattern))):
        for method in sorted(methods):
            for suffix in _SUFFIXES:
                yield Job(pattern, method, prefix, pump, suffix)


def first_to_hang(jobs: Sequence[Job], limit_seconds: float = PATIENCE) -> Job | None:
    """Return the job that did not end within the limit for all of them; `None` if each did."""
    try:
        done = subprocess.run(
            [sys.executable, '-m', __name__],
            input=pickle.dumps(list(jobs)),
            capture_output=True,
            timeout=limit_seconds,
            cwd=ROOT,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        return jobs[int((error.stdout or b'0').split()[-1])]
    assert len(done.stdout.split()) == len(jobs)
    return None


def _main() -> None:
    # Unpickled, the class is that of the module by its name, not of `__main__`.
    for number, job in enumerate(pickle.load(sys.stdin.buffer)):  # noqa: S301 - from our parent
        print(number, flush=True)
        job.run()


if __name__ == '__main__':
    _main()

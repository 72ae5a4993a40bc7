"""Measure what asking costs the machine that is asked: its units' hooks, plain and framed.

    .venv/bin/python -m bench.far_side [--rounds 10] [--units 1,2,5,10,20] [--shell dash]

Prints one JSON object: for each hook, number of units and way the median of CPU and wall-clock
time in milliseconds, and the number of processes where strace can count them. The hooks print a
report of 1.6 KB, and one of them sleeps before. Ways are to run the hooks one after another,
plain, and to run what a sweep sends, framed by one process of Python or, as on a machine without
one, by the shell. Ratios are to the first at as many units, and of each way to itself at the
fewest. All take turns, so that whatever else the computer does falls on all alike. There is no
ssh in it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.ask import far_script, frames
from reconciler.ask.frames import Request
from reconciler.values.time_budget import TimeBudget

from .spent import children_seconds

NONCE = '0123456789abcdef'
BASE = 'plain, one after another'
HOOKS = {'cat': '', 'sleep and cat': 'sleep 0.3; '}
_SYSTEM = '/usr/sbin:/usr/bin:/sbin:/bin'
_WITHOUT_PYTHON = ('timeout', 'cat', 'dd', 'base64', 'id', 'sleep')
_STARTED = re.compile(r'(?:clone3?|v?fork)\b.*= [1-9][0-9]*$', re.MULTILINE)
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Way:
    """One way to run the hooks of so many units, and what that took so far, in milliseconds."""

    script: str
    path: str
    framed: int = 0
    processes: int | None = None
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def run(self, *before_it: str) -> None:
        """Run it once, with every process that it starts counted in."""
        before, began = children_seconds(), time.perf_counter()
        done = subprocess.run(
            [*before_it, f'{self.path.split(":")[0]}/sh', '-c', self.script],
            env={'PATH': self.path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
        )
        self.wall.append((time.perf_counter() - began) * 1000)
        while _reaped():
            pass
        self.cpu.append((children_seconds() - before) * 1000)
        answers = frames.read(done.stdout, NONCE, self.framed)
        assert all(one.complete and len(one.stdout) > 1000 for one in answers), done.stdout[:500]


def _reaped() -> bool:
    try:
        os.wait()
    except ChildProcessError:
        return False
    return True


def ways(hook: Path, units: int, place: Path) -> dict[str, Way]:
    requests = [Request(f'web/{unit}', str(hook)) for unit in range(units)]
    script = far_script.script(requests, NONCE, TimeBudget())
    plain = '\n'.join([str(hook)] * units)
    with_python = f'{place}/sh:{_SYSTEM}'
    return {
        BASE: Way(plain, with_python),
        'framed by Python': Way(script, with_python, units),
        'framed by the shell': Way(
            script.replace(far_script.PYTHON, f'{place}/without/python3'),
            f'{place}/without',
            units,
        ),
    }


def count(way: Way) -> None:
    """Count the processes that it starts, if there is an strace."""
    strace = shutil.which('strace')
    if strace is None:
        return
    calls = 'trace=clone,clone3,fork,vfork'
    with tempfile.NamedTemporaryFile('r') as file:
        options = ('-f', '-qq', '-e', 'signal=none', '-e', calls, '-o', file.name)
        spare = Way(way.script, way.path, way.framed)
        spare.run(strace, *options)
        way.processes = len(_STARTED.findall(file.read()))


def measured(
    hook: Path, numbers: list[int], rounds: int, place: Path
) -> Iterator[dict[str, object]]:
    """Yield a row for each number of units and each way."""
    todo = {units: ways(hook, units, place) for units in numbers}
    for by_name in todo.values():
        for way in by_name.values():
            count(way)
    for _ in range(rounds):
        for by_name in todo.values():
            for way in by_name.values():
                way.run()
    for units, by_name in todo.items():
        base = statistics.median(by_name[BASE].cpu)
        for name, way in by_name.items():
            cpu, least = statistics.median(way.cpu), statistics.median(todo[numbers[0]][name].cpu)
            yield {
                'units': units,
                'way': name,
                'cpu_ms': round(cpu, 1),
                'cpu_ms_a_unit': round(cpu / units, 1),
                'wall_ms': round(statistics.median(way.wall), 1),
                'processes_a_unit': way.processes and round(way.processes / units, 1),
                'cpu_ratio': round(cpu / base, 2),
                'cpu_ratio_to_fewest_units': round(cpu / least, 2),
            }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--units', default='1,2,5,10,20')
    parser.add_argument('--shell', default='dash', help='such as bash or busybox')
    arguments = parser.parse_args()
    numbers = sorted(map(int, arguments.units.split(',')))
    # What outlives its parent comes to us, so that its CPU time does as well.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / 'report').write_text('x' * 1600)
        for directory, programs in (('sh', ()), ('without', _WITHOUT_PYTHON)):
            (place / directory).mkdir()
            (place / directory / 'sh').symlink_to(shutil.which(arguments.shell) or '')
            for program in programs:
                found = shutil.which(program, path=_SYSTEM)
                (place / directory / program).symlink_to(found or program)
        rows = {}
        for title, before in HOOKS.items():
            hook = place / title.replace(' ', '-')
            hook.write_text(f'#!/bin/sh\n{before}cat {place}/report\n')
            hook.chmod(0o755)
            rows[title] = list(measured(hook, numbers, arguments.rounds, place))
    print(json.dumps({'shell': arguments.shell, 'rounds': arguments.rounds, 'hooks': rows}))
    return 0


if __name__ == '__main__':
    raise SystemExit(main())

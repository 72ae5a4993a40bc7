"""Measure what a `juju ssh` call costs beside what juju itself costs.

    .venv/bin/python -m bench.juju_call [--calls 200] [--rounds 5] [--at-once 16]

`juju` is a stand-in in C that costs next to nothing (`hung_juju.c`). It is called as a sweep calls
it, with all that bounds it, and as `subprocess.run` does, each in as many threads, taking turns.
Prints JSON: CPU milliseconds a call, children counted in, as median, least and most, and what ours
has more than the other.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from charm.kernel.deadline import Deadline
from reconciler.ask import far_script
from reconciler.ask.frames import Request
from reconciler.juju.command import Juju
from reconciler.reach.base import RemoteCommand
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.values.time_budget import TimeBudget

from .spent import all_seconds

HERE = Path(__file__).resolve().parent
NONCE = '0123456789abcdef'
SECONDS = 60.0


def ours(juju: str) -> Callable[[int], bytes]:
    reach = JujuSSH(Juju(juju))
    command = RemoteCommand(script(), 1 << 20)
    return lambda number: reach.run(f'web/{number}', command, Deadline.after(SECONDS)).stdout


def plain(juju: str) -> Callable[[int], bytes]:
    def call(number: int) -> bytes:
        argv = [juju, 'ssh', f'web/{number}', script()]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True).stdout

    return call


def script() -> str:
    return far_script.command([Request('web/0', '/hook')], NONCE, TimeBudget())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--calls', type=int, default=200)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--at-once', type=int, default=16)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        juju = Path(name, 'juju')
        subprocess.run(['gcc', '-O2', '-o', juju, HERE / 'hung_juju.c'], check=True)
        Path(name, 'status').write_text('{}')
        os.environ['HUNG_STATUS'] = str(Path(name, 'status'))
        ways = {'subprocess.run': plain(str(juju)), 'ours': ours(str(juju))}
        took: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(given.rounds + 1):
            for way, call in ways.items():
                before = all_seconds()
                with ThreadPoolExecutor(given.at_once) as workers:
                    answers = list(workers.map(call, range(given.calls)))
                assert all(NONCE.encode() in answer for answer in answers), answers[0]
                # What is done only once is done in the first round.
                if number:
                    took[way].append((all_seconds() - before) * 1000 / given.calls)
    found = {
        way: [round(one, 2) for one in (statistics.median(all_), min(all_), max(all_))]
        for way, all_ in took.items()
    }
    more = round(found['ours'][0] - found['subprocess.run'][0], 2)
    print(json.dumps({'cpu_ms_a_call': found, 'more_ms': more}, indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main())

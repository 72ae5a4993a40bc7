"""Measure what more units on a machine cost whoever asks it, by a real sshd, from here to there.

    .venv/bin/python -m bench.one_machine [--rounds 20] [--units 1,5,10,20]

One machine is asked by direct reach as a sweep does, the hooks of its units each a `cat` of a
report of 1.6 KB: cold, by a connection that is made for it, and warm, by one that is open. All
take turns. Client and machine share this computer, so that what the machine does counts. Prints
JSON: milliseconds on the clock by client and units, as median, least and most, and the ratio of
each to that of the fewest units.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from charm.kernel.deadline import Deadline
from reconciler.ask import far_script, frames
from reconciler.ask.frames import Request
from reconciler.reach.base import RemoteCommand
from reconciler.reach.ssh.client import SshClient
from reconciler.reach.ssh.link import ParamikoClient
from reconciler.reach.ssh.loop.link import LoopClient
from reconciler.values.time_budget import TimeBudget

from .direct_clients import reach_of
from .far_sides import ANSWER_BYTES, Field, address, openssh

NONCE = '0123456789abcdef'
SECONDS = 60.0
CLIENTS: dict[str, Callable[[], SshClient]] = {'paramiko': ParamikoClient, 'asyncssh': LoopClient}
MACHINE = address(0)


class Asked:
    """A machine with so many units, and a client that asks it."""

    def __init__(self, ground: Field, hook: Path, units: int, client: SshClient) -> None:
        self._ground, self._client, self._units = ground, client, units
        requests = [Request(f'web/{unit}', str(hook)) for unit in range(units)]
        command = far_script.command(requests, NONCE, TimeBudget())
        self._command = RemoteCommand(command, 1 << 20)
        self._kept = reach_of(ground, [MACHINE], True, client)
        self.took: dict[str, list[float]] = {'cold': [], 'warm': []}

    def ask(self) -> None:
        """Ask it once, cold and warm."""
        alone = reach_of(self._ground, [MACHINE], False, self._client)
        for name, reach in (('cold', alone), ('warm', self._kept)):
            began = time.perf_counter()
            output = reach.run(MACHINE, self._command, Deadline.after(SECONDS)).stdout
            self.took[name].append((time.perf_counter() - began) * 1000)
            answers = frames.read(output, NONCE, self._units)
            assert all(one.complete and len(one.stdout) > 1000 for one in answers), output[:500]

    def told(self, fewest: Asked) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for name, took in self.took.items():
            took, middle = took[1:], statistics.median(took[1:])
            least = statistics.median(fewest.took[name][1:])
            rows[f'{name}_ms'] = [round(one, 1) for one in (middle, min(took), max(took))]
            rows[f'{name}_to_fewest'] = round(middle / least, 2)
        return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=20)
    parser.add_argument('--units', default='1,5,10,20')
    given = parser.parse_args()
    numbers = sorted(map(int, given.units.split(',')))
    with tempfile.TemporaryDirectory() as name, openssh(Path(name)) as ground:
        hook = Path(name, 'health')
        Path(name, 'report').write_text('x' * ANSWER_BYTES)
        hook.write_text(f'#!/bin/sh\ncat {name}/report\n')
        hook.chmod(0o755)
        made = {client: make() for client, make in CLIENTS.items()}
        asked = {
            client: {units: Asked(ground, hook, units, one) for units in numbers}
            for client, one in made.items()
        }
        # What is done only once is done in the first round, which does not count.
        for number in range(given.rounds + 1):
            print(f'round {number}', file=sys.stderr)
            for by_units in asked.values():
                for one in by_units.values():
                    one.ask()
    rows = {
        client: {units: one.told(by_units[numbers[0]]) for units, one in by_units.items()}
        for client, by_units in asked.items()
    }
    print(json.dumps({'rounds': given.rounds, 'clients': rows}, indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main())

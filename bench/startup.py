"""Measure what a command costs before it has done anything, beside what it cannot do without.

    .venv/bin/python -m bench.startup [--rounds 5] [--services 12]

Instructions are those of valgrind's cachegrind (`I refs`), which do not depend on what else the
machine does; they are left out where it is not installed. CPU is the median of the rounds, which
go through all commands in turn. Modules are those that `-X importtime` tells. Printed as JSON,
each figure with its ratio to that of `import click`.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from charm.kernel.report import Health
from reconciler.judge.collate import collate
from reconciler.saved.sweep_document import to_document
from tests.support.command_line import COMMAND
from tests.support.render_cases import application, check, reported, snapshot_of
from tests.support.tree import ROOT

from .counted import instructions, modules

PEER = 'import click'


@dataclass(frozen=True)
class Start:
    """One command: the words after the interpreter, and what is in its environment."""

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def argv(self) -> Sequence[str]:
        """Return all of its words."""
        return (sys.executable, *self.words)

    @property
    def more(self) -> Mapping[str, str]:
        """Return what its environment has beside ours."""
        return {'COLUMNS': '100', **self.environment}

    def cpu_seconds(self) -> float:
        """Run it, and return the CPU time that it took."""
        process = subprocess.Popen(
            self.argv,
            env={**os.environ, **self.more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0  # It is reaped.
        return used.ru_utime + used.ru_stime


def starts(saved: Path) -> dict[str, Start]:
    """Return the commands by name; the first is the bare interpreter, the second the peer."""
    asked = {'_RECONCILE_HEALTH_COMPLETE': 'bash_complete', 'COMP_CWORD': '1'}
    asked['COMP_WORDS'] = 'reconcile-health --'
    return {
        'pass': Start(['-c', 'pass']),
        PEER: Start(['-c', PEER]),
        '--help': Start([COMMAND, '--help']),
        '--version': Start([COMMAND, '--version']),
        'explain --help': Start([COMMAND, 'explain', '--help']),
        'wrong usage': Start([COMMAND, '--no-such-option']),
        'completion': Start([COMMAND], asked),
        'replay': Start([COMMAND, 'replay', str(saved)]),
        'replay --format json': Start([COMMAND, 'replay', str(saved), '--format', 'json']),
    }


def sweep(services: int) -> str:
    """Return a saved sweep of so many services of two units; every third has a trouble."""
    found = []
    for number in range(services):
        health = Health.PASSED if number % 3 else Health.FAIL
        app = application(f'service-{number}', 2)
        checks = [check('load', Health.PASSED), check('disk', health, '/ is 97 % full')]
        found.append(collate(app, [reported(unit, checks) for unit in app.units]))
    return json.dumps(to_document(snapshot_of(found)))


def measured(known: Mapping[str, Start], rounds: int) -> dict[str, dict[str, float]]:
    """Return the figures of each command."""
    seconds: dict[str, list[float]] = {name: [] for name in known}
    for _ in range(rounds):
        for name, start in known.items():
            seconds[name].append(start.cpu_seconds())
    figures: dict[str, dict[str, float]] = {}
    for name, start in known.items():
        figures[name] = {
            'modules': modules(start.argv, start.more),
            'cpu_ms': round(1000 * statistics.median(seconds[name]), 1),
        }
        counted = instructions(start.argv, start.more)
        if counted is not None:
            figures[name]['instructions'] = counted
    return figures


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--services', type=int, default=12)
    told = parser.parse_args()
    # What is installed has its bytecode; a working tree may not have it yet.
    for side in ('charm', 'reconciler'):
        compileall.compile_dir(ROOT / side, quiet=1)
    with tempfile.TemporaryDirectory() as place:
        saved = Path(place) / 'sweep.json'
        saved.write_text(sweep(told.services))
        figures = measured(starts(saved), told.rounds)
    peer = figures[PEER]
    document = {
        name: {**own, 'ratio': {what: round(own[what] / peer[what], 2) for what in own}}
        for name, own in figures.items()
    }
    print(json.dumps(document, indent=2))


if __name__ == '__main__':
    main()

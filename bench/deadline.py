"""Measure how many healthy units report in time while others hang, with the whole command.

    .venv/bin/python -m bench.deadline [--seconds 40] [--units 1000] [--row NAME …]

`juju` is a stand-in in C that costs next to nothing (`hung_juju.c`, built here by gcc), or as much
as the real client, 0.14 s of CPU for each call. With `--reach direct` the far side is an ssh
server in C (`canned_sshd.c`, which needs libssh-dev), whose machines that hang accept connections
and say nothing. Prints one JSON object: for each row the share of the healthy units that reported
within `--seconds`, a third of the default deadline; the seconds that the sweep took, those that
hang included; the most `juju ssh` at once; and the seconds that all healthy units take at least:
for the client's CPU on all cores of this computer, for as many workers as wait for one each, or
for the rate of new logins.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.collect.fanout import FanoutLimits
from reconciler.juju.logins import LOGINS_PER_SECOND

from .far_sides import address, canned

HERE = Path(__file__).resolve().parent
CLIENT_CPU_MS = 140


@dataclass(frozen=True)
class Row:
    """One situation.

    Attributes:
        every: each so manieth unit hangs; 0 for none.
        how: `hang`, `ignore` or `refused`; see hung_juju.c.
        cpu_ms, wait_ms: what each call costs, and takes beside.
        direct: over ssh of our own.
    """

    every: int
    how: str = 'hang'
    cpu_ms: int = 0
    wait_ms: int = 0
    direct: bool = False


ROWS = {
    'none hangs': Row(0),
    '5 % hang': Row(20),
    '10 % hang': Row(10),
    '50 % hang': Row(2),
    '10 % hang and ignore SIGTERM': Row(10, 'ignore'),
    '10 % are not reached': Row(10, 'refused'),
    '10 % hang, others take 1 s': Row(10, wait_ms=1000),
    'none hangs, a real client': Row(0, cpu_ms=CLIENT_CPU_MS),
    '10 % hang, a real client': Row(10, cpu_ms=CLIENT_CPU_MS),
    'direct, none hangs': Row(0, direct=True),
    'direct, 5 % hang': Row(20, direct=True),
    'direct, 10 % hang': Row(10, direct=True),
    'direct, 50 % hang': Row(2, direct=True),
}


def status_of(units: int) -> dict[str, Any]:
    """Return a status of one service with a unit on each machine."""
    return {
        'model': {'name': 'm', 'controller': 'c', 'type': 'iaas', 'version': '3.6.5'},
        'machines': {
            str(n): {
                'juju-status': {'current': 'started'},
                'machine-status': {'current': 'running'},
                'dns-name': address(n),
                'instance-id': f'i{n}',
            }
            for n in range(units)
        },
        'applications': {
            'web': {
                'charm': 'ch:web-1',
                'application-status': {'current': 'active'},
                'units': {
                    f'web/{n}': {
                        'machine': str(n),
                        'workload-status': {'current': 'active'},
                        'juju-status': {'current': 'idle'},
                    }
                    for n in range(units)
                },
            }
        },
    }


@contextmanager
def counted(parent: int) -> Iterator[list[int]]:
    """Yield the most children that a process had at once, looked at fifty times a second."""
    most, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            count = 0
            for task in Path(f'/proc/{parent}/task').glob('*/children'):
                try:
                    count += len(task.read_text().split())
                except OSError:
                    continue
            most[0] = max(most[0], count)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


@contextmanager
def far_side(row: Row, units: int, place: Path) -> Iterator[dict[str, str]]:
    """Run the machines that are reached directly; yield what the environment has more for it."""
    if not row.direct:
        yield {}
        return
    home = place / f'home-{row.every}'
    home.mkdir()
    with canned(home, HUNG_EVERY=str(row.every)) as ground:
        kind, key = Path(f'{ground.host}.pub').read_text().split()[:2]
        (home / '.ssh').mkdir()
        (home / '.ssh/config').write_text(f'Port {ground.port}\n')
        state = home / 'state/juju-health'
        state.mkdir(parents=True)
        lines = (f'c:m:{number} {kind} {key} i{number}\n' for number in range(units))
        (state / 'known_hosts').write_text(''.join(lines))
        own = {'JUJU_DATA': str(ground.own.parents[1]), 'XDG_STATE_HOME': str(state.parent)}
        yield {'HOME': str(home), 'SSH_AUTH_SOCK': '', **own}


def measure(row: Row, units: int, seconds: float, place: Path) -> dict[str, Any]:
    """Sweep once, and return what became of it."""
    out = place / 'sweep.json'
    told = {
        'HUNG_STATUS': str(place / 'status.json'),
        'HUNG_EVERY': str(row.every),
        'HUNG_HOW': row.how,
        'HUNG_CPU_MS': str(row.cpu_ms),
        'HUNG_WAIT_MS': str(row.wait_ms),
    }
    argv = [str(Path(sys.executable).parent / 'reconcile-health'), '-q']
    argv += ['--juju', str(place / 'juju')]
    argv += ['--deadline', f'{seconds:g}', '--format', 'json', '-o', str(out)]
    argv += ['--reach', 'direct'] if row.direct else []
    with far_side(row, units, place) as more:
        began = time.monotonic()
        process = subprocess.Popen(argv, env={**os.environ, **told, **more})
        with process, counted(process.pid) as most:
            process.wait()
        took = time.monotonic() - began
    sweep = json.loads(out.read_text())
    found = [unit for service in sweep['services'] for unit in service['units']]
    reported = [unit for unit in found if unit['outcome'] == 'reported']
    healthy = units - (
        sum(n % row.every == 7 % row.every for n in range(units)) if row.every else 0
    )
    return {
        'reported_of_healthy': round(len(reported) / healthy, 4),
        'reported_of_all': round(len(reported) / units, 4),
        'sweep_seconds': round(took, 1),
        'most_juju_at_once': 0 if row.direct else most[0],
        'bound_seconds': round(_bound_seconds(row, healthy), 1),
    }


def _bound_seconds(row: Row, healthy: int) -> float:
    """Return how long all healthy units take at least."""
    if row.direct:
        return 0.0
    by_cpu = healthy * row.cpu_ms / 1000 / (os.cpu_count() or 1)
    by_workers = healthy * row.wait_ms / 1000 / FanoutLimits().workers
    return max(by_cpu, by_workers, healthy / LOGINS_PER_SECOND)


def main() -> None:
    parser = argparse.ArgumentParser(description='how many report in time while others hang')
    parser.add_argument('--seconds', type=float, default=40.0)
    parser.add_argument('--units', type=int, default=1000)
    parser.add_argument('--row', action='append', choices=list(ROWS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        source = HERE / 'hung_juju.c'
        subprocess.run(['gcc', '-O2', '-o', str(place / 'juju'), str(source)], check=True)
        (place / 'status.json').write_text(json.dumps(status_of(asked.units)))
        rows = {
            name: measure(ROWS[name], asked.units, asked.seconds, place)
            for name in asked.row or ROWS
        }
    print(json.dumps({'units': asked.units, 'seconds': asked.seconds, 'rows': rows}, indent=2))


if __name__ == '__main__':
    main()

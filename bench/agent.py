"""Measure the agent at 20 checks a minute, beside what else watches machines: memory and CPU.

    sudo make bench-packages
    .venv/bin/python -m bench.agent [--seconds 300] [--python /usr/bin/python3]

All run at the same time, for the same window. NRPE is asked for 20 plugins of the same kinds as
the agent's checks, once a minute each; the node exporter is scraped 4 times a minute, as
Prometheus is usually told to. Everything that a program starts is counted as its own. A peer that
is not installed is left out, and said.

Prints one JSON object. The limits are 40 MB of resident memory and 0.5 % of one CPU.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.sources.nrpe import commands

LAUNCHER = Path(__file__).resolve().parents[1] / 'hooks' / 'health-agent'
MOST_MEMORY_BYTES = 40_000_000
MOST_CPU_RATIO = 0.005
# Importing, the first round of all checks, and the step from there onto the grid.
SETTLE_SECONDS = 95.0


def configure(root: Path) -> Path:
    """Write a configuration of twenty checks, each once a minute, and return its path.

    Those that are built in, and as many as are left of every other kind that a unit is likely to
    have, two of which start a process.
    """
    checks = root / 'checks.d'
    checks.mkdir()
    kinds: dict[str, object] = {
        **{f'tcp-{n}': {'kind': 'tcp', 'host': '127.0.0.1', 'port': 9 + n} for n in range(2)},
        **{
            f'age-{n}': {'kind': 'file-age', 'path': '/etc/hostname', 'warn_seconds': 1e9}
            for n in range(2)
        },
        'web': {'kind': 'http', 'url': 'http://127.0.0.1:9/'},
        **{f'plugin-{n}': {'kind': 'nagios', 'command': ['/bin/true']} for n in range(2)},
    }
    # NRPE's own examples would make it more than twenty.
    kinds.update({spec.name: {'enabled': False} for spec in commands.find().specs})
    (checks / 'bench.json').write_text(json.dumps({'checks': kinds}))
    config = root / 'agent.yaml'
    lines = {
        'interval': 60,
        'report': 60,
        'socket': str(root / 'agent.sock'),
        'definitions': str(checks),
        'units': str(root / 'units.d'),
        'state': str(root / 'state'),
        'log': str(root / 'log'),
    }
    config.write_text(''.join(f'{key}: {json.dumps(value)}\n' for key, value in lines.items()))
    for path in (config, checks / 'bench.json'):
        path.chmod(0o600)
    return config


# Reaps whatever is left to it, so that nothing a program starts gets away uncounted.
_KEEPER = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.Popen(sys.argv[1:])
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


@dataclass(frozen=True)
class Kept:
    """A program under a keeper.

    Attributes:
        name: for people.
        keeper: the process that all it starts ends up with.
    """

    name: str
    keeper: subprocess.Popen[bytes]

    def pids(self) -> list[int]:
        """Return the program and all that it has started and that still runs."""
        found, todo = [], [self.keeper.pid]
        while todo:
            tasks = Path(f'/proc/{todo.pop()}/task').glob('*/children')
            children = [int(pid) for one in tasks for pid in one.read_text().split()]
            found += children
            todo += children
        return found

    def cpu_seconds(self) -> float:
        """Return the CPU time of all that runs, and of all that has ended."""
        live = sum(_ticks(pid, 11, 15) for pid in self.pids())
        return (live + _ticks(self.keeper.pid, 13, 15)) / os.sysconf('SC_CLK_TCK')

    def memory_bytes(self) -> dict[str, int]:
        """Return the resident memory now and at its highest, and what of it is its own alone."""
        sums = {'resident_bytes': 0, 'resident_peak_bytes': 0, 'proportional_bytes': 0}
        for pid in self.pids():
            status = Path(f'/proc/{pid}/status').read_text()
            rollup = Path(f'/proc/{pid}/smaps_rollup').read_text()
            sums['resident_bytes'] += _kilobytes(status, 'VmRSS')
            sums['resident_peak_bytes'] += _kilobytes(status, 'VmHWM')
            sums['proportional_bytes'] += _kilobytes(rollup, 'Pss')
        return sums

    def end(self) -> None:
        """End it, and the keeper with it."""
        for pid in self.pids():
            os.kill(pid, 15)
        self.keeper.wait(30)


def _ticks(pid: int, first: int, end: int) -> int:
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return sum(map(int, fields[first:end]))


def _kilobytes(text: str, name: str) -> int:
    line = next(line for line in text.splitlines() if line.startswith(f'{name}:'))
    return int(line.split()[1]) * 1024


def keep(name: str, *argv: str) -> Kept:
    """Start a program under a keeper."""
    keeper = subprocess.Popen(
        ['/usr/bin/python3', '-I', '-c', _KEEPER, *argv],
        env={'PATH': '/usr/bin:/bin'},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    return Kept(name, keeper)


def free_port() -> int:
    with socket.create_server(('127.0.0.1', 0)) as free:
        port: int = free.getsockname()[1]
        return port


# Of the same kinds as the agent's: thirteen of the machine, two of TCP, two of files, one of HTTP.
_OF_THE_MACHINE = (
    *('check_disk -w 10% -c 5% -p /', 'check_load -w 50 -c 90', 'check_swap -w 1% -c 0%'),
    *('check_procs -w 9999', 'check_users -w 99 -c 999', 'check_procs -s Z -w 99'),
)
_PLUGINS = (
    *itertools.islice(itertools.cycle(_OF_THE_MACHINE), len(BUILT_IN_CHECKS)),
    *(f'check_tcp -H 127.0.0.1 -p {9 + n}' for n in range(2)),
    *('check_file_age -w 999999999 -c 999999999 -f /etc/hostname' for _ in range(2)),
    'check_http -I 127.0.0.1 -p 9',
    *('check_dummy 0' for _ in range(2)),
)


def start_nrpe(root: Path) -> tuple[Kept, Callable[[int], None]]:
    """Start NRPE; return it, and what asks it for the plugin of that number."""
    port = free_port()
    lines = [f'server_port={port}', 'server_address=127.0.0.1', 'allowed_hosts=127.0.0.1']
    lines += [f'pid_file={root}/nrpe.pid', 'nrpe_user=nagios', 'nrpe_group=nagios']
    lines += [f'command[c{n}]={_CHECK_NRPE.parent}/{words}' for n, words in enumerate(_PLUGINS)]
    (root / 'nrpe.cfg').write_text('\n'.join(lines) + '\n')
    kept = keep('nrpe', '/usr/sbin/nrpe', '-c', str(root / 'nrpe.cfg'), '-f', '-n')

    def ask(number: int) -> None:
        check = [str(_CHECK_NRPE), '-n', '-H', '127.0.0.1', '-p', str(port)]
        subprocess.run(
            [*check, '-c', f'c{number % len(_PLUGINS)}'], capture_output=True, check=False
        )

    return kept, ask


def start_exporter() -> tuple[Kept, Callable[[int], None]]:
    """Start the node exporter; return it, and what scrapes it at every fifth number."""
    where = f'127.0.0.1:{free_port()}'
    kept = keep('node-exporter', shutil.which(_EXPORTER) or '', f'--web.listen-address={where}')

    def scrape(number: int) -> None:
        if number % 5 == 0:
            urllib.request.urlopen(f'http://{where}/metrics', timeout=30).read()

    return kept, scrape


_EXPORTER = 'prometheus-node-exporter'
_CHECK_NRPE = Path('/usr/lib/nagios/plugins/check_nrpe')


def runs(config: Path, python: str) -> dict[str, int]:
    """Return how often each check has ended."""
    command = [python, '-I', str(LAUNCHER), 'checks', '--config', str(config)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    (checks,) = json.loads(done.stdout)['units'].values()
    return {check['name']: check['runs'] for check in checks}


def drive(asks: list[Callable[[int], None]], stop: threading.Event) -> None:
    """Ask the peers 20 times a minute, as a server would."""
    number = 0
    while not stop.wait(3.0):
        for one in asks:
            one(number)
        number += 1


def measure(seconds: float, python: str) -> dict[str, object]:
    """Run all of them for so long, and return what each took."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        config = configure(root)
        root.chmod(0o755)
        kept = [keep('agent', python, '-I', str(LAUNCHER), 'serve', '--config', str(config))]
        peers = []
        if _CHECK_NRPE.exists() and Path('/usr/sbin/nrpe').exists():
            peers.append(start_nrpe(root))
        if shutil.which(_EXPORTER):
            peers.append(start_exporter())
        kept += [one for one, _ in peers]
        stop = threading.Event()
        driver = threading.Thread(target=drive, args=([ask for _, ask in peers], stop))
        driver.start()
        try:
            # The start is paid once, and until then there are fewer runs than 20 a minute.
            time.sleep(SETTLE_SECONDS)
            start_seconds = kept[0].cpu_seconds()
            before = sum(runs(config, python).values())
            begun, spent = time.monotonic(), {one.name: one.cpu_seconds() for one in kept}
            time.sleep(seconds)
            window = time.monotonic() - begun
            found: dict[str, object] = {
                one.name: {
                    'cpu_ratio': round((one.cpu_seconds() - spent[one.name]) / window, 5),
                    **one.memory_bytes(),
                }
                for one in kept
            }
            after = runs(config, python)
        finally:
            stop.set()
            driver.join()
            for one in kept:
                one.end()
        return {
            'python': python,
            'seconds': round(window, 1),
            'checks': len(after),
            'checks_per_minute': round((sum(after.values()) - before) * 60 / window, 1),
            'start_cpu_seconds': round(start_seconds, 3),
            **found,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=300.0)
    parser.add_argument('--python', default='/usr/bin/python3')
    arguments = parser.parse_args()
    found = measure(arguments.seconds, arguments.python)
    for name in ('nrpe', 'node-exporter'):
        if name not in found:
            print(f'{name} is not installed, and left out', file=sys.stderr)
    agent = found['agent']
    assert isinstance(agent, dict)
    memory, cpu = agent['resident_peak_bytes'], agent['cpu_ratio']
    within = memory < MOST_MEMORY_BYTES and cpu < MOST_CPU_RATIO
    ratios = {
        name: {key: round(agent[key] / value, 2) for key, value in peer.items() if value}
        for name, peer in found.items()
        if name != 'agent' and isinstance(peer, dict)
    }
    print(json.dumps({**found, 'agent_to_peer': ratios, 'within_limits': within}, indent=1))
    return 0 if within else 1


if __name__ == '__main__':
    sys.exit(main())

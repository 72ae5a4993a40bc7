"""Measure the agent: memory, and CPU at 20 checks a minute, its checks' children included.

    .venv/bin/python bench/agent.py [--seconds 120] [--python /usr/bin/python3]

Prints one JSON object. The limits are 40 MB of resident memory and 0.5 % of one CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LAUNCHER = Path(__file__).resolve().parents[1] / 'hooks' / 'health-agent'
MOST_MEMORY_BYTES = 40_000_000
MOST_CPU_RATIO = 0.005
# Importing, the first round of all checks, and the step from there onto the grid.
SETTLE_SECONDS = 95.0


def configure(root: Path) -> Path:
    """Write a configuration of twenty checks, each once a minute, and return its path.

    Six are built in; the rest are of every other kind that a unit is likely to have, three of
    which start a process.
    """
    checks = root / 'checks.d'
    checks.mkdir()
    kinds: dict[str, object] = {
        f'tcp-{number}': {'kind': 'tcp', 'host': '127.0.0.1', 'port': 9 + number}
        for number in range(4)
    }
    kinds.update(
        {
            f'age-{n}': {'kind': 'file-age', 'path': '/etc/hostname', 'warn_seconds': 1e9}
            for n in range(4)
        }
    )
    kinds.update(
        {f'web-{n}': {'kind': 'http', 'url': f'http://127.0.0.1:{9 + n}/'} for n in range(3)}
    )
    kinds.update({f'plugin-{n}': {'kind': 'nagios', 'command': ['/bin/true']} for n in range(3)})
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


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of the process and of the children that it has waited for."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return sum(int(fields[index]) for index in (11, 12, 13, 14)) / os.sysconf('SC_CLK_TCK')


def memory_bytes(pid: int) -> dict[str, int]:
    """Return the resident memory now and at its highest, and what of it is its own alone."""
    status = Path(f'/proc/{pid}/status').read_text()
    rollup = Path(f'/proc/{pid}/smaps_rollup').read_text()
    found = {}
    for text, name, key in (
        (status, 'VmRSS', 'resident_bytes'),
        (status, 'VmHWM', 'resident_peak_bytes'),
        (rollup, 'Pss', 'proportional_bytes'),
    ):
        line = next(line for line in text.splitlines() if line.startswith(f'{name}:'))
        found[key] = int(line.split()[1]) * 1024
    return found


def runs(config: Path, python: str) -> dict[str, int]:
    """Return how often each check has ended."""
    command = [python, '-I', str(LAUNCHER), 'checks', '--config', str(config)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    (checks,) = json.loads(done.stdout)['units'].values()
    return {check['name']: check['runs'] for check in checks}


def measure(seconds: float, python: str) -> dict[str, object]:
    """Run the agent for so long, and return what it took."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        config = configure(root)
        started = time.monotonic()
        process = subprocess.Popen(
            [python, '-I', str(LAUNCHER), 'serve', '--config', str(config)],
            env={'PATH': '/usr/bin:/bin'},
        )
        try:
            # The start is paid once, and until then there are fewer runs than 20 a minute.
            time.sleep(SETTLE_SECONDS)
            start_cpu = cpu_seconds(process.pid)
            before = sum(runs(config, python).values())
            begun_cpu, begun = cpu_seconds(process.pid), time.monotonic()
            time.sleep(seconds)
            spent_cpu, spent = cpu_seconds(process.pid) - begun_cpu, time.monotonic() - begun
            memory = memory_bytes(process.pid)
            after = runs(config, python)
            return {
                'python': python,
                'seconds': round(spent, 1),
                'checks': len(after),
                'checks_per_minute': round((sum(after.values()) - before) * 60 / spent, 1),
                'cpu_ratio': round(spent_cpu / spent, 5),
                'start_cpu_seconds': round(start_cpu, 3),
                'uptime_seconds': round(time.monotonic() - started, 1),
                'log_bytes': sum(path.stat().st_size for path in (root / 'log').glob('a*-*')),
                **memory,
            }
        finally:
            process.terminate()
            process.wait(30)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=120.0)
    parser.add_argument('--python', default='/usr/bin/python3')
    arguments = parser.parse_args()
    found = measure(arguments.seconds, arguments.python)
    within = (
        int(str(found['resident_peak_bytes'])) < MOST_MEMORY_BYTES
        and float(str(found['cpu_ratio'])) < MOST_CPU_RATIO
    )
    print(json.dumps({**found, 'within_limits': within}, indent=1))
    return 0 if within else 1


if __name__ == '__main__':
    sys.exit(main())

"""Measure what `hooks/health` and the probe cost, beside an empty Python and a Nagios plugin.

    .venv/bin/python bench/hook.py [--rounds 20] [--python /usr/bin/python3]

Prints one JSON object: of each program the median of its wall-clock time and of its CPU time, its
children's included, in milliseconds; both as multiples of `python -c pass`; and the bytes that the
probe is sent as. The programs take turns, so that whatever else the machine does is shared out
fairly. Bytecode is compiled before.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reconciler.ask.probe import look_at

HOOK = Path(__file__).resolve().parents[1] / 'hooks' / 'health'
PLUGINS = Path('/usr/lib/nagios/plugins')
# Twenty definitions beside the built-in checks, as a busy unit may have; none waits for anything.
DEFINED = {
    **{f'age-{n}': {'kind': 'file-age', 'path': '/etc/hostname'} for n in range(10)},
    **{f'tcp-{n}': {'kind': 'tcp', 'port': 9 + n} for n in range(10)},
}


PROBE = look_at('web/0', [], [], 30.0)
STDIN = b''.join(PROBE.stdin)


def programs(python: str, place: Path) -> dict[str, list[str]]:
    """Return what to run, by name; the first is what the others are multiples of."""
    hook = [python, '-I', str(HOOK)]
    found = {
        'python -c pass': [python, '-I', '-c', 'pass'],
        'hooks/health --list': [*hook, '--list'],
        'hooks/health --check load': [*hook, '--check', 'load'],
        'hooks/health': hook,
        'hooks/health, 20 definitions': [*hook, '--definitions', str(place)],
        'the probe': [python, *PROBE.arguments],
    }
    plugin = PLUGINS / 'check_load'
    if plugin.exists():
        found['check_load'] = [str(plugin), '-w', '99,99,99', '-c', '99,99,99']
    return found


def run(argv: list[str]) -> tuple[float, float]:
    """Run it once; return its wall-clock and its CPU time, in milliseconds."""
    before, started = os.times(), time.perf_counter()
    # All but the probe read nothing of it.
    done = subprocess.run(argv, input=STDIN, capture_output=True, check=False, timeout=60)
    spent = time.perf_counter() - started
    after = os.times()
    if done.returncode not in (0, 1, 2):
        raise SystemExit(f'{argv}: exit code {done.returncode}: {done.stderr.decode()}')
    cpu = (
        after.children_user - before.children_user + after.children_system - before.children_system
    )
    return spent * 1000, cpu * 1000


def measure(rounds: int, python: str) -> dict[str, object]:
    """Run all of them in turn, so many times, and return what they took."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / 'a.json').write_text(json.dumps({'checks': DEFINED}))
        todo = programs(python, place)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in todo}
        for argv in todo.values():
            run(argv)
        for _ in range(rounds):
            for name, argv in todo.items():
                taken[name].append(run(argv))
    wall = {name: statistics.median(one for one, _ in runs) for name, runs in taken.items()}
    # CPU times come in ticks of ten milliseconds, hence the mean.
    cpu = {name: statistics.fmean(one for _, one in runs) for name, runs in taken.items()}
    first = next(iter(todo))
    return {
        'python': subprocess.check_output([python, '-V'], text=True).split()[1],
        'rounds': rounds,
        'probe_bytes': len(STDIN),
        'programs': {
            name: {
                'wall_ms': round(wall[name], 1),
                'cpu_ms': round(cpu[name], 1),
                'wall_ratio': round(wall[name] / wall[first], 2),
                'cpu_ratio': round(cpu[name] / cpu[first], 2) if cpu[first] else None,
            }
            for name in todo
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=20)
    parser.add_argument('--python', default='/usr/bin/python3')
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.rounds, arguments.python), indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main())

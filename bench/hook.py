"""Measure what a unit's programs cost, beside an empty Python and a Nagios plugin.

    .venv/bin/python -m bench.hook [--rounds 20] [--python /usr/bin/python3]

Prints one JSON object: of each program the median of its wall-clock time and of its CPU time, its
children's included, in milliseconds; its own instructions in user space, without its children's,
as valgrind(1) counts them; the modules that it loads beyond an empty Python; all as multiples of
`python -c pass` too; and the bytes that the probe is sent as. `health-agent report` asks an agent
that runs. The programs take turns, so that whatever else the machine does is shared out fairly.
Bytecode is compiled before. Without valgrind there are no instructions. Where there is NRPE, root
hides it, whose commands a hook would run as well.
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.ask.probe import look_at

from .counted import instructions, modules
from .spent import children_seconds

HOOKS = Path(__file__).resolve().parents[1] / 'hooks'
_START_SECONDS = 60.0
NRPE = Path('/etc/nagios')
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
    hook = [python, '-IS', str(HOOKS / 'health')]
    client = [python, '-IS', str(HOOKS / 'health-agent'), 'report']
    found = {
        'python -c pass': [python, '-I', '-c', 'pass'],
        'hooks/health --list': [*hook, '--list'],
        'hooks/health --check load': [*hook, '--check', 'load'],
        'hooks/health': hook,
        'hooks/health, 20 definitions': [*hook, '--definitions', str(place)],
        'health-agent report': [*client, '--config', str(place / 'agent.yaml')],
        'the probe': [python, *PROBE.arguments],
    }
    plugin = PLUGINS / 'check_load'
    if plugin.exists():
        found['check_load'] = [str(plugin), '-w', '99,99,99', '-c', '99,99,99']
    return found


def run(argv: list[str]) -> tuple[float, float]:
    """Run it once; return its wall-clock and its CPU time, in milliseconds."""
    before, started = children_seconds(), time.perf_counter()
    # All but the probe read nothing of it.
    done = subprocess.run(argv, input=STDIN, capture_output=True, check=False, timeout=60)
    spent = time.perf_counter() - started
    if done.returncode not in (0, 1, 2):
        raise SystemExit(f'{argv}: exit code {done.returncode}: {done.stderr.decode()}')
    return spent * 1000, (children_seconds() - before) * 1000


@contextmanager
def agent(python: str, place: Path) -> Iterator[None]:
    """Run an agent whose first report is there."""
    paths = {key: place / key for key in ('definitions', 'units', 'state', 'log')}
    lines = {**paths, 'socket': place / 'agent.sock'}
    config = place / 'agent.yaml'
    config.write_text(''.join(f'{key}: {path}\n' for key, path in lines.items()))
    config.chmod(0o600)
    launcher = [python, '-I', str(HOOKS / 'health-agent')]
    environment = {**os.environ, 'JUJU_HEALTH_STATE': str(place / 'states')}
    daemon = subprocess.Popen([*launcher, 'serve', '--config', str(config)], env=environment)
    try:
        until = time.monotonic() + _START_SECONDS
        ask = [*launcher, 'report', '--config', str(config)]
        while subprocess.run(ask, capture_output=True, check=False).returncode:
            if time.monotonic() > until or daemon.poll() is not None:
                raise SystemExit('the agent does not answer')
            time.sleep(0.2)
        yield
    finally:
        daemon.terminate()
        daemon.wait()


def measure(rounds: int, python: str) -> dict[str, object]:
    """Run all of them in turn, so many times, and return what they took."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / 'a.json').write_text(json.dumps({'checks': DEFINED}))
        todo = programs(python, place)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in todo}
        with agent(python, place):
            for argv in todo.values():
                run(argv)
            for _ in range(rounds):
                for name, argv in todo.items():
                    taken[name].append(run(argv))
            counted = {name: instructions(argv, stdin=STDIN) for name, argv in todo.items()}
            loaded = {
                name: modules(argv, stdin=STDIN)
                for name, argv in todo.items()
                if Path(argv[0]).name.startswith('python')
            }
    wall = {name: statistics.median(one for one, _ in runs) for name, runs in taken.items()}
    cpu = {name: statistics.median(one for _, one in runs) for name, runs in taken.items()}
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
                'cpu_ratio': _ratio(cpu[name], cpu[first]),
                'instructions': counted[name],
                'instructions_ratio': _ratio(counted[name], counted[first]),
                'modules_more': _more(loaded.get(name), loaded[first]),
            }
            for name in todo
        },
    }


def _ratio(one: float | None, first: float | None) -> float | None:
    return round(one / first, 2) if one is not None and first else None


def _more(one: int | None, first: int | None) -> int | None:
    return None if one is None or first is None else one - first


def hide_nrpe() -> None:
    """Go on where nobody sees NRPE's configuration, if it is here and this is root."""
    if NRPE.exists() and any(NRPE.iterdir()) and os.geteuid() == 0:
        words = ['mount -t tmpfs none "$0" && exec "$@"', str(NRPE)]
        again = [sys.executable, '-m', 'bench.hook', *sys.argv[1:]]
        os.execvp('unshare', ['unshare', '--mount', 'sh', '-c', *words, *again])  # noqa: S606


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=20)
    parser.add_argument('--python', default='/usr/bin/python3')
    arguments = parser.parse_args()
    hide_nrpe()
    print(json.dumps(measure(arguments.rounds, arguments.python), indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main())

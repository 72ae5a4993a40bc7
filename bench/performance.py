"""Measure all that docs/performance.md tells, and write the page anew.

    .venv/bin/python -m bench.performance [NAME …]      measure these, or all, and write the page
    .venv/bin/python -m bench.performance --page        write it of what was measured before

What each bench found is kept in bench/results/, with the computer's load before it. On a busy
computer nothing is measured: end what runs first, or say `--whatever-load`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from .aims import rows
from .markdown import table
from .tables import PLOTS, TABLES

HERE = Path(__file__).resolve().parent
RESULTS = HERE / 'results'
DOCS = HERE.parent / 'docs'
TEMPLATE = HERE / 'performance.md.j2'
# What is measured one after another, none of them beside another.
BENCHES: Mapping[str, str] = {
    'hook': 'bench.hook',
    'startup': 'bench.startup',
    'far_side': 'bench.far_side',
    'one_machine': 'bench.one_machine',
    'juju_call': 'bench.juju_call',
    'weave': 'bench.weave --json',
    'scale': 'bench.scale --units 1000 10000 100000',
    'deadline': 'bench.deadline',
    'direct': 'bench.direct --machines 10,100,1000,2000,10000',
    'openssh': 'bench.direct --openssh 200 --at-once 16',
    'receive': 'bench.receive',
    'fanout': 'bench.fanout',
    'agent': 'bench.agent --seconds 120',
}
MOST_LOAD = 0.7
_WAIT_SECONDS = 300


def measure(name: str) -> None:
    """Run a bench, and keep what it found.

    Raises:
        subprocess.CalledProcessError: it could not measure.
    """
    load = os.getloadavg()[0]
    print(f'{name}: {command(name)}', file=sys.stderr, flush=True)
    began = time.monotonic()
    argv = [sys.executable, '-m', *shlex.split(BENCHES[name])]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE)
    kept = {
        'load_before': round(load, 2),
        'seconds': round(time.monotonic() - began),
        'python': platform.python_version(),
        'cpus': os.cpu_count(),
        'found': json.loads(done.stdout),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f'{name}.json').write_text(json.dumps(kept, indent=1) + '\n')


def command(name: str) -> str:
    """Return what measures it, as one types it."""
    root = 'sudo ' if name in ('fanout', 'agent') else ''
    return f'{root}.venv/bin/python -m {BENCHES[name]}'


def results() -> dict[str, Any]:
    """Return what was measured, by the names of benches."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob('*.json'))}


def page(known: Mapping[str, Any]) -> str:
    """Return docs/performance.md; of what was not measured it says so."""
    environment = jinja2.Environment(  # noqa: S701 - Markdown of our own figures
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )

    def told(name: str) -> str:
        bench, render = TABLES[name]
        if bench not in known:
            return f'Not measured yet: `{command(bench)}`.'
        return render(known[bench]['found'])

    def how(name: str) -> str:
        kept = known.get(name)
        seconds = f'    # {kept["seconds"]} s' if kept else ''
        return f'    {command(name)}{seconds}'

    template = environment.from_string(TEMPLATE.read_text())
    found = {name: kept['found'] for name, kept in known.items()}
    aims = table(('what', 'aim', 'measured', 'met'), rows(found))
    return template.render(table=told, command=how, aims=aims)


def drawings(known: Mapping[str, Any]) -> dict[str, str]:
    """Return the plots, by the names of their files."""
    return {
        f'{name}.svg': draw(known[bench]['found'])
        for name, (bench, draw) in PLOTS.items()
        if bench in known
    }


def write() -> None:
    """Write the page and its plots."""
    known = results()
    (DOCS / 'performance.md').write_text(page(known))
    figures = DOCS / 'figures'
    figures.mkdir(exist_ok=True)
    for name, drawing in drawings(known).items():
        (figures / name).write_text(drawing)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', metavar='NAME', help=', '.join(BENCHES))
    parser.add_argument('--page', action='store_true', help='measure nothing')
    parser.add_argument('--whatever-load', action='store_true', help='measure on a busy computer')
    given = parser.parse_args()
    unknown = set(given.names) - {*BENCHES}
    if unknown:
        parser.error(
            f'no bench is called {", ".join(sorted(unknown))}; there are {", ".join(BENCHES)}'
        )
    failed = []
    for name in () if given.page else given.names or BENCHES:
        until = time.monotonic() + _WAIT_SECONDS
        while os.getloadavg()[0] > MOST_LOAD and not given.whatever_load:
            if time.monotonic() > until:
                print(f'cannot measure {name}: load {os.getloadavg()[0]:.1f}', file=sys.stderr)
                return 1
            time.sleep(5)
        try:
            measure(name)
        except (subprocess.CalledProcessError, ValueError) as error:
            print(f'{name}: {error}', file=sys.stderr)
            failed.append(name)
    write()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

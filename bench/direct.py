"""Measure what the direct reach costs with a far side that costs next to nothing, beside others.

    .venv/bin/python -m bench.direct [--machines 1000,10000] [--rounds 3] [--at-once 64]
        [--idle 200] [--only 'direct, paramiko;direct, asyncssh']
    .venv/bin/python -m bench.direct --openssh 200 [--at-once 16]

Machines are addresses of the loopback, all of them one ssh server with a canned answer
(`canned_sshd.c`), so that what is measured is who asks: real machines have CPUs of their own. With
`--openssh` all of them are one real sshd instead, which shares the CPUs of who asks.
Every client is a process of its own and checks host keys and that each answer is from the machine
that was asked; its CPU time and peak memory are the kernel's word. Clients take turns, so that
what else the computer does falls on all of them alike. `libssh, C` is the floor (`ssh_floor.c`).

Needed are gcc and libssh-dev (CPPFLAGS and LDFLAGS may say where it is); asyncssh and ssh2-python
take part if they are installed. It prints JSON: seconds, and CPU milliseconds a machine, of
connections that are made for it (`cold`) and of kept ones (`warm`), as median, least and most; the
ratios to the floor; threads and share of a core of kept connections that nobody uses.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .far_sides import ANSWER_BYTES, Field, address, build, canned, openssh

FLOOR = 'libssh, C'
# By the name that `bench.direct_clients` knows them by, and the library that each needs.
CLIENTS = {
    'direct, paramiko': 'paramiko',
    'direct, asyncssh': 'asyncssh',
    'asyncssh alone': 'asyncssh',
    'ssh2-python': 'ssh2',
}
# The first makes the connections, and the second finds what is only done once.
WARM_ROUNDS = 4
IDLE_SECONDS = 20
SECONDS = 1800


@dataclass
class Found:
    """What one client did, by what was measured, one figure for each round."""

    figures: dict[str, list[float]] = field(default_factory=dict)

    def add(self, **figures: float) -> None:
        for name, figure in figures.items():
            self.figures.setdefault(name, []).append(figure)

    def told(self) -> dict[str, Any]:
        return {
            name: {
                'median': round(statistics.median(found), 4),
                'least': round(min(found), 4),
                'most': round(max(found), 4),
            }
            for name, found in self.figures.items()
        }


def rounds_of(ground: Field, client: str, machines: int, at_once: int, rounds: int) -> list[Any]:
    """Return what a client says of each round; the last thing that it says is of it all."""
    stdin = ''.join(f'{address(number)}\n' for number in range(machines))
    if client == FLOOR:
        argv = [str(ground.directory / 'ssh_floor'), str(ground.port), ground.user]
        argv += [str(ground.own), f'{ground.host}.pub', str(at_once), str(rounds)]
    else:
        argv = [sys.executable, '-m', 'bench.direct_clients', client, str(ground.directory)]
        argv += [str(ground.port), ground.user, str(at_once), str(rounds)]
    environment = {name: value for name, value in os.environ.items() if name != 'SSH_AUTH_SOCK'}
    done = subprocess.run(
        argv, input=stdin, capture_output=True, text=True, timeout=SECONDS, env=environment
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told, done.stderr
    return told


def measure(
    ground: Field, clients: list[str], machines: int, at_once: int, rounds: int
) -> dict[str, Found]:
    found = {client: Found() for client in clients}
    for number in range(rounds):
        for client in clients:
            (cold, whole) = rounds_of(ground, client, machines, at_once, 1)
            assert cold['right'] == machines, (client, cold)
            cpu = cold['cpu_seconds'] * 1000 / machines
            found[client].add(
                cold_seconds=cold['seconds'], cold_cpu_ms=cpu, peak_mb=whole['peak_kb'] / 1024
            )
            print(f'{number + 1}: {machines}: {client}: {cold}', file=sys.stderr)
    return found


def measure_kept(ground: Field, clients: list[str], given: argparse.Namespace, found: Any) -> None:
    """Add what commands cost on kept connections, and what those cost that nobody uses."""
    for _ in range(given.rounds):
        for client in clients:
            told = rounds_of(ground, client, given.idle, given.at_once, WARM_ROUNDS)
            warm, whole = told[WARM_ROUNDS - 1], told[-1]
            assert warm['right'] == given.idle, (client, warm)
            found[client].add(
                warm_seconds=warm['seconds'],
                warm_cpu_ms=warm['cpu_seconds'] * 1000 / given.idle,
                idle_threads=whole['threads'],
                idle_core_percent=whole['idle_core_percent'],
            )
            print(f'kept: {client}: {warm} {whole}', file=sys.stderr)


def told(found: dict[str, Found]) -> dict[str, Any]:
    """Return the figures, each client's beside those of the floor."""
    figures = {client: one.told() for client, one in found.items()}
    for name in ('cold_cpu_ms', 'cold_seconds', 'warm_cpu_ms'):
        for client, own in figures.items():
            if name in own:
                ratio = own[name]['median'] / figures[FLOOR][name]['median']
                figures[client][f'{name}_to_floor'] = round(ratio, 2)
    return figures


def answer_as_machines(directory: Path) -> str:
    """Return the command that a real sshd is to run: it answers as `canned_sshd` does."""
    (directory / 'answer').write_text('x' * ANSWER_BYTES)
    command = directory / 'report'
    command.write_text(f'#!/bin/sh\nset -- $SSH_CONNECTION\necho "$3"\ncat {directory}/answer\n')
    command.chmod(0o755)
    return str(command)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--machines', default='1000')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--at-once', type=int, default=64)
    parser.add_argument('--idle', type=int, default=200, help='kept connections')
    parser.add_argument('--openssh', type=int, help='machines of a real sshd')
    parser.add_argument(
        '--only', default='', help='clients, with semicolons; the floor comes along'
    )
    given = parser.parse_args()
    only = [one.strip() for one in given.only.split(';') if one]
    clients = [FLOOR]
    for name, library in CLIENTS.items():
        if importlib.util.find_spec(library) is None:
            print(f'left out: {name}: there is no {library} here', file=sys.stderr)
        elif not only or name in only:
            clients.append(name)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        try:
            build('ssh_floor', home)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, 'stderr', b'').decode().partition('\n')[0]
            print(f'cannot build what it is measured with: {error}: {said}', file=sys.stderr)
            return 1
        result: dict[str, Any] = {'cpus': os.cpu_count(), 'at_once': given.at_once, 'machines': {}}
        if given.openssh:
            sizes, idle = [given.openssh], 0
            report = f'ForceCommand={answer_as_machines(home)}'
            far_side = openssh(home, report)
        else:
            sizes, idle = [int(one) for one in given.machines.split(',')], given.idle
            far_side = canned(home)
        with far_side as ground:
            for machines in sizes:
                found = measure(ground, clients, machines, given.at_once, given.rounds)
                result['machines'][machines] = told(found)
            if idle:
                kept = {client: Found() for client in clients}
                measure_kept(ground, clients, given, kept)
                result[f'kept: {idle}'] = told(kept)
        result['load'] = round(os.getloadavg()[0], 1)
    print(json.dumps(result, indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main())

"""Measure what asking many machines costs: our ways beside others', in one run.

    sudo .venv/bin/python -m bench.fanout [--hosts 40] [--units 5] [--rounds 3] [--at-once 16]

Every client asks the same real machines (systemd-nspawn, OpenSSH) the same: one shell script per
machine that runs the health hooks of all its units, each a `cat` of a 1.6 KB report. Every client
checks host keys. Rounds go through all clients in turn, so that what else the computer does falls
on all of them alike; ratios are to `threads + ssh`, the plainest way. An answer that is not whole
ends the measurement. `juju ssh` is the tests' stand-in: it starts ssh as juju does, but asks no
controller, so the real one costs more. pssh and clush take part if they are installed:

    sudo apt-get install pssh clustershell
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from charm.kernel.deadline import Deadline
from reconciler.ask import far_script, frames
from reconciler.ask.errands import MachineRequest, plan_errands
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.fanout import FanoutLimits, run_errands
from reconciler.juju import status
from reconciler.juju.command import Juju
from reconciler.reach.base import Reach
from reconciler.reach.direct import DirectReach, places_of
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.ssh.client import SshClient
from reconciler.reach.ssh.hostkeys import KnownHosts
from reconciler.reach.ssh.link import ParamikoClient
from reconciler.reach.ssh.login import Logins
from reconciler.reach.ssh.pool import Pool, SshSettings
from reconciler.values.model import Model
from reconciler.values.time_budget import TimeBudget
from tests.hosts.layout import add_unit
from tests.hosts.park import Park, why_not
from tests.standin.builder import JUJU, Application, Machine, Unit, World

from .one_machine import CLIENTS
from .spent import all_seconds

NONCE = 'fanout-bench'
SECONDS = 300.0
# What systemd and its services hold open in one machine; all machines are root's here.
INOTIFY_EACH = 6
CURVE = 'KexAlgorithms=curve25519-sha256'
BASE = 'threads + ssh'


@dataclass
class Bench:
    """The machines, and what is asked of them.

    Attributes:
        model: as juju shows it.
        errands: what to ask, one for each machine.
        addresses: of each errand's machine.
        at_once: machines asked at once.
        ssh: the words that every OpenSSH client is given.
        ways: what the direct reach connects with.
        directory: for what the clients write.
    """

    model: Model
    errands: tuple[MachineRequest, ...]
    addresses: tuple[str, ...]
    at_once: int
    ssh: tuple[str, ...]
    ways: SshSettings
    directory: Path

    def check(self, outputs: list[bytes], units: int) -> None:
        for output in outputs:
            answers = frames.read(output, NONCE, units)
            assert all(one.complete and len(one.stdout) > 1000 for one in answers), output[:500]


Client = Callable[[Bench], None]


def with_reach(bench: Bench, reach: Reach) -> None:
    """Ask as a sweep does."""
    limits = FanoutLimits(bench.at_once)
    asker = ScriptAsker(reach)
    returns = list(run_errands(bench.errands, asker, limits, Deadline.after(SECONDS)))
    assert len(returns) == len(bench.errands)
    for one in returns:
        assert one.fault is None, one.fault
        assert all(answer.complete for answer in one.answers)


def through_juju(*options: str) -> Client:
    return lambda bench: with_reach(bench, JujuSSH(Juju(str(JUJU)), options=options))


def direct_cold(client: SshClient) -> Client:
    def ask(bench: Bench) -> None:
        pool = Pool(replace(bench.ways, client=client))
        try:
            with_reach(bench, DirectReach(places_of(bench.model), pool))
        finally:
            pool.close()

    return ask


@dataclass
class DirectWarm:
    """The direct reach with connections that are open before the clock starts."""

    client: SshClient
    pool: Pool | None = field(default=None)

    def __call__(self, bench: Bench) -> None:
        if self.pool is None:
            self.pool = Pool(replace(bench.ways, client=self.client))
            with_reach(bench, DirectReach(places_of(bench.model), self.pool))
        with_reach(bench, DirectReach(places_of(bench.model), self.pool))


def threads_and_ssh(*options: str, by_unit: bool = False) -> Client:
    """Return the client that starts one ssh per machine, or per unit, from threads."""

    def ask(bench: Bench) -> None:
        calls = []
        for errand, address in zip(bench.errands, bench.addresses, strict=True):
            requests = [asked.request for asked in errand.asked]
            groups = [[one] for one in requests] if by_unit else [requests]
            for group in groups:
                words = [word for one in options for word in ('-o', one)]
                command = far_script.command(group, NONCE, TimeBudget())
                argv = ['ssh', *bench.ssh, *words, f'ubuntu@{address}', command]
                calls.append((argv, len(group)))

        def run(call: tuple[list[str], int]) -> None:
            done = subprocess.run(call[0], stdin=subprocess.DEVNULL, capture_output=True)
            bench.check([done.stdout], call[1])

        with ThreadPoolExecutor(bench.at_once) as workers:
            list(workers.map(run, calls))

    return ask


# pssh and clush give every machine the same command, so its shell finds the hooks.
_EVERY_HOOK = (
    'for h in /var/lib/juju/agents/unit-*/charm/hooks/health; '
    'do timeout 30 "$h" </dev/null & done; wait'
)


def pssh(bench: Bench) -> None:
    with tempfile.TemporaryDirectory(dir=bench.directory) as out:
        words = ['parallel-ssh', '-l', 'ubuntu', '-p', str(bench.at_once), '-t', '60', '-o', out]
        hosts = [word for one in bench.addresses for word in ('-H', one)]
        options = ['-x', ' '.join(bench.ssh)]
        argv = [*words, *hosts, *options, _EVERY_HOOK]
        subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        outputs = [(Path(out) / one).read_bytes() for one in bench.addresses]
    _count_reports(bench, b''.join(outputs))


def clush(bench: Bench) -> None:
    argv = ['clush', '-q', '-l', 'ubuntu', '-f', str(bench.at_once), '-u', '60']
    argv += ['-o', ' '.join(bench.ssh), '-w', ','.join(bench.addresses), '-N']
    done = subprocess.run(
        [*argv, _EVERY_HOOK], check=True, capture_output=True, stdin=subprocess.DEVNULL
    )
    _count_reports(bench, done.stdout)


def _count_reports(bench: Bench, output: bytes) -> None:
    wanted = sum(len(errand.asked) for errand in bench.errands)
    assert output.count(b'"schema"') == wanted, (output.count(b'"schema"'), wanted)


def clients() -> dict[str, Client]:
    found: dict[str, Client] = {
        BASE: threads_and_ssh(),
        f'{BASE}, curve25519': threads_and_ssh(CURVE),
        f'{BASE}, one per unit': threads_and_ssh(by_unit=True),
        '--reach juju': through_juju(),
        '--reach juju -o curve25519': through_juju(CURVE),
    }
    for name, make in CLIENTS.items():
        found[f'--reach direct, {name}, cold'] = direct_cold(make())
        found[f'--reach direct, {name}, warm'] = DirectWarm(make())
    if shutil.which('parallel-ssh'):
        found['pssh'] = pssh
    if shutil.which('clush'):
        found['clush'] = clush
    return found


@contextmanager
def set_up(hosts: int, units: int, at_once: int) -> Iterator[Bench]:
    """Bring the machines up, and lay their units out."""
    report = json.dumps({'schema': 1, 'checks': [], 'padding': 'x' * 1600}).encode()
    with Park(hosts) as park, tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        laid_out = []
        for index, host in enumerate(park.hosts):
            for number in range(units):
                unit = f'app{number}/{index}'
                charm = add_unit(host, unit, b'#!/bin/sh\ncat "${0%/*}/../report"\n')
                (charm / 'report').write_bytes(report + b'\n')
                laid_out.append((number, Unit(unit, str(index))))
        applications = tuple(
            Application(f'app{n}', tuple(unit for number, unit in laid_out if number == n))
            for n in range(units)
        )
        machines = tuple(Machine.of(host, str(n)) for n, host in enumerate(park.hosts))
        environment = World(machines, applications).write(directory / 'juju', park.identity)
        os.environ['JUJU_DATA'] = environment['JUJU_DATA']
        model = status.decode(Juju(str(JUJU)).status(Deadline.after(60)))
        known = directory / 'known'
        known.write_text(''.join(f'{host.address} {host.host_key}\n' for host in park.hosts))
        ssh = f'-F none -i {park.identity} -o BatchMode=yes -o UserKnownHostsFile={known}'
        vouching = JujuSSH(Juju(str(JUJU)))
        ways = SshSettings(
            Logins(directory / 'juju', directory / 'ssh'),
            KnownHosts(directory / 'state' / 'known_hosts'),
            vouching.run,
            ParamikoClient(),
        )
        errands = plan_errands(model, model.units(), TimeBudget().hook_seconds)
        addresses = tuple(model.machines[errand.place].addresses[0] for errand in errands)
        yield Bench(model, errands, addresses, at_once, tuple(ssh.split()), ways, directory)


def measure(bench: Bench, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return each client's (seconds, CPU seconds), one for each round."""
    taking_part = clients()
    for name, client in taking_part.items():
        print(f'warming up: {name}', file=sys.stderr)
        client(bench)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in taking_part}
    for number in range(rounds):
        for name, client in taking_part.items():
            cpu, started = all_seconds(), time.monotonic()
            client(bench)
            spent = time.monotonic() - started, all_seconds() - cpu
            found[name].append(spent)
            print(f'{number + 1}: {name}: {spent[0]:.2f} s, {spent[1]:.2f} CPU s', file=sys.stderr)
    return found


def told(found: dict[str, list[tuple[float, float]]], machines: int) -> dict[str, Any]:
    """Return the figures by client, the fastest first."""
    middles = {name: statistics.median(one for one, _ in found[name]) for name in found}
    return {
        name: {
            'seconds': [round(one, 3) for one in (middle, *_ends(one for one, _ in found[name]))],
            'ratio': round(middle / middles[BASE], 2),
            'cpu_ms': round(statistics.median(one for _, one in found[name]) * 1000 / machines, 1),
        }
        for name, middle in sorted(middles.items(), key=lambda item: item[1])
    }


def _ends(values: Iterable[float]) -> tuple[float, float]:
    known = sorted(values)
    return known[0], known[-1]


def too_many(hosts: int) -> str:
    """Return why so many machines would not boot here; empty if they would."""
    limit = int(Path('/proc/sys/fs/inotify/max_user_instances').read_text())
    if hosts * INOTIFY_EACH <= limit:
        return ''
    command = f'sysctl fs.inotify.max_user_instances={hosts * INOTIFY_EACH}'
    return f'{hosts} machines need more inotify instances than {limit}: sudo {command}'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--hosts', type=int, default=40)
    parser.add_argument('--units', type=int, default=5)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--at-once', type=int, default=16)
    given = parser.parse_args()
    reason = why_not() or too_many(given.hosts)
    if reason:
        print(f'cannot: {reason}', file=sys.stderr)
        return 1
    with set_up(given.hosts, given.units, given.at_once) as bench:
        found = measure(bench, given.rounds)
    clients = told(found, given.hosts)
    print(
        json.dumps({'machines': given.hosts, 'units': given.units, 'clients': clients}, indent=1)
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())

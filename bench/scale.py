"""Measure how what a sweep does here grows with its units, from the status to the document.

    .venv/bin/python -m bench.scale [--units 1000 10000 100000] [--rounds 200]

Each size is a process of its own, which ends with its highest memory. Its steps are those of a
sweep, without the way to the machines: read the status, read each unit's report of ten checks as
it was printed, conclude, render. Figures are microseconds of processor time a unit, so that what
grows faster than the units shows. Beside them stands what others take to make plain values of the
same report: `json.loads`, and `msgspec.json.decode`, taken in turn. The document is JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import msgspec

from charm.kernel import report_json
from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from reconciler.ask.errands import UnitRequest
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.causes.cause_or_victim import explain_causes
from reconciler.causes.graph import DeclaredDependencies
from reconciler.cli.main import COLLECT_AFTER
from reconciler.collect.interpret import decoder, read_answer
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju import status
from reconciler.render import RenderOptions
from reconciler.render.pieces import pieces
from reconciler.values import typed_report
from reconciler.values.model import Model, Unit
from reconciler.values.readings import Reading

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
HOOK = '/var/lib/juju/agents/unit-health-0/charm/hooks/health'
UNITS_OF_SERVICE, UNITS_OF_MACHINE, SERVICES_OF_GROUP = 50, 4, 5
CHECKS = 10
# One unit in so many fails a check.
FAILING = 100
# What others take beside it, and a part of another step.
_BESIDE, _PART = 'json_loads_of_the_reports', 'of_that_causes'


def _info(current: str, number: int = 0) -> dict[str, str]:
    since = f'2026-11-{1 + number % 20:02d} 08:{number // 60 % 60:02d}:{number % 60:02d}Z'
    return {'current': current, 'message': '', 'since': since}


def status_of(units: int) -> bytes:
    """Return a juju status of so many units, whose services are related in groups of five."""
    services = -(-units // UNITS_OF_SERVICE)
    machines = {
        str(n): {
            'juju-status': _info('started', n),
            'machine-status': _info('running', n + 30),
            'dns-name': f'10.{n >> 16}.{n >> 8 & 255}.{n & 255}',
            'ip-addresses': [f'10.{n >> 16}.{n >> 8 & 255}.{n & 255}'],
            'instance-id': f'i-{n}',
            'hardware': f'arch=amd64 cores=2 mem=4096M availability-zone=az{n % 3}',
        }
        for n in range(-(-units // UNITS_OF_MACHINE))
    }
    applications = {f'app-{n}': _application(n, services, units) for n in range(services)}
    about = {'name': 'big', 'controller': 'lab', 'type': 'iaas', 'version': '3.6.5'}
    document = {'model': about, 'machines': machines, 'applications': applications}
    return json.dumps(document).encode()


def _application(index: int, services: int, units: int) -> dict[str, Any]:
    first = index - index % SERVICES_OF_GROUP
    group = [n for n in range(first, min(first + SERVICES_OF_GROUP, services)) if n != index]
    needs = [{'related-application': f'app-{first}', 'interface': 'sql', 'scope': 'global'}]
    used = [
        {'related-application': f'app-{n}', 'interface': 'sql', 'scope': 'global'} for n in group
    ]
    return {
        'charm-name': f'app-{index}',
        'application-status': _info('active'),
        'relations': {'server': used} if index == first else {'db': needs},
        'units': {
            f'app-{index}/{n}': {
                'machine': str((index * UNITS_OF_SERVICE + n) // UNITS_OF_MACHINE),
                'leader': n == 0,
                'workload-status': _info('active', index + n),
                'juju-status': _info('idle', index * n),
                'public-address': '10.0.0.1',
                'open-ports': ['80/tcp'],
            }
            for n in range(min(UNITS_OF_SERVICE, units - index * UNITS_OF_SERVICE))
        },
    }


def report_of(unit: str, number: int) -> bytes:
    """Return a report as a hook prints it, the first check of one in a hundred units failing."""
    used = 97 if number % FAILING == 0 else number % 80
    data: list[tuple[str, dict[str, Any]]] = [
        (f'fullest of 1: / at {used} %', _mount(number)),
        ('98 % of 23.5 GiB available', {'total_bytes': 25276510208, 'available_ratio': 0.9776}),
        ('0.23 per CPU (0.47 on 2 CPUs)', {'load_1': 1.08, 'load_5': 0.47, 'cpus': 2}),
        ('stalled 0.1 % of the time', {'cpu': 0.1, 'io': 0.0, 'memory': 0.0}),
        ('nothing was killed for want of memory', {'since_boot': 0}),
        ('no disk complains', {'disks': ['vda']}),
        ('no unit has failed', {'systemd': True, 'failed': []}),
        ('synchronised', {'container': False, 'synchronised': True, 'max_error_seconds': 0.03}),
        ('no reboot is required', {'packages': [], 'kernel': '6.8.0', 'installed_kernel': None}),
        ('nothing is half installed', {'packages': {}, 'updates': 0, 'busy': False, 'snaps': []}),
    ]
    checks = [
        {
            'name': name,
            'health': 'fail' if used > 90 and not index else 'passed',
            'qos': None,
            'message': message,
            'data': {'scope': 'machine', **figures},
            'at': f'2026-11-23T08:59:{number % 60:02d}.{index:03d}Z',
            'duration': 0.0019,
        }
        for index, (name, (message, figures)) in enumerate(zip(BUILT_IN_CHECKS, data))
    ]
    assert len(checks) == CHECKS
    document = {
        'schema': 1,
        'service': unit.partition('/')[0],
        'unit': unit,
        'health': checks[0]['health'],
        'qos': None,
        'state': {'name': 'up', 'duration': 93.5, 'since': None, 'message': '', 'blockers': []},
        'checks': checks,
        'rollup': None,
        'requires': ['db'],
        'provides': ['website'],
        'reporter': {'unit': unit, 'version': '0.1.0'},
        'boot_id': f'5d10f98c-2af3-4ef2-87e8-{number:012x}',
        'sequence': 426485 + number,
        'reported_at': '2026-11-23T08:59:59.500Z',
    }
    return json.dumps(document, separators=(',', ':')).encode()


def _mount(number: int) -> dict[str, Any]:
    about = {'mount': '/', 'device': '/dev/vda', 'type': 'ext4', 'read_only': False}
    sizes = {'size_bytes': 270553174016, 'free_bytes': 84606447616 + number, 'used_ratio': 0.1348}
    return {'mounts': {'/': {**about, **sizes, 'inodes_used_ratio': 0.0254}}}


class Meter:
    """The processor time of each step, by its name, in seconds."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent[step] = self.spent.get(step, 0.0) + time.process_time() - began


def _readings(model: Model, meter: Meter) -> dict[str, Reading]:
    """Return each unit's reading, of reports that come a few at a time, as in a sweep."""
    units = list(model.units())
    decode, found = decoder(len(units)), {}
    for first in range(0, len(units), 100):
        came = [
            (unit, UnitAnswer(report_of(unit.name, first + n) + b'\n', exit_code=0, complete=True))
            for n, unit in enumerate(units[first : first + 100])
        ]
        with meter.of(_BESIDE):
            for _, answer in came:
                json.loads(answer.stdout)
        with meter.of('read_reports'):
            for unit, answer in came:
                found[unit.name] = read_answer(
                    model, _asked(unit), answer, 'juju ssh, hook', NOW, decode=decode
                )
    return found


def _asked(unit: Unit) -> UnitRequest:
    return UnitRequest(unit, Request(unit.name, HOOK), shipped=True)


def measure(units: int) -> dict[str, Any]:
    """Return the figures of one size; its memory is this whole process's."""
    meter = Meter()
    text = status_of(units)
    with meter.of('status'):
        model = status.decode(text)
    del text
    readings = _readings(model, meter)
    after_reading = _peak_bytes()
    with meter.of('conclude'):
        snapshot = conclude(Evidence(model, readings, NOW, 1.0))
    with meter.of(_PART):
        explain_causes(model, snapshot.services, DeclaredDependencies())
    options, sizes = RenderOptions(now=NOW), {}
    for form in ('table', 'json'):
        with meter.of(f'render_{form}'):
            sizes[form] = sum(map(len, pieces(snapshot, form, options)))
    steps = ('status', 'read_reports', 'conclude')
    total = sum(meter.spent[step] for step in steps)
    return {
        'units': units,
        'us_a_unit': {step: _us(spent, units) for step, spent in meter.spent.items()},
        'us_a_unit_in_all': {
            form: _us(total + meter.spent[f'render_{form}'], units) for form in sizes
        },
        'peak_kib_after_reading': after_reading >> 10,
        'peak_kib': _peak_bytes() >> 10,
        'peak_bytes_a_unit': _peak_bytes() // units,
        'characters': sizes,
    }


def _us(seconds: float, times: int) -> float:
    return round(seconds / times * 1e6, 1)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def decoding(rounds: int) -> dict[str, Any]:
    """Return what one report costs to read, in turn with those who make plain values of it."""
    reports = [report_of(f'web/{number}', number) for number in range(100)]
    readers: dict[str, Callable[[bytes], object]] = {
        'json_loads': json.loads,
        'msgspec_json_decode': msgspec.json.decode,
        'report_json_decode': report_json.decode,
        'typed_report_decode': typed_report.decode,
    }
    taken: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, read in readers.items():
            began = time.process_time()
            for report in reports:
                read(report)
            taken[name].append(_us(time.process_time() - began, len(reports)))
    middle = {name: statistics.median(times) for name, times in taken.items()}
    ratios = {
        name: round(middle[name] / middle['json_loads'], 2)
        for name in ('report_json_decode', 'typed_report_decode')
    }
    return {'us_a_report': middle, 'bytes': len(reports[0]), 'to_json_loads': ratios}


def _in_own_process(units: int) -> Any:
    words = (sys.executable, '-m', 'bench.scale', '--one', str(units))
    # Memory and hash order are the same in every run.
    environment = {**os.environ, 'PYTHONHASHSEED': '0'}
    ended = subprocess.run(words, check=True, stdout=subprocess.PIPE, env=environment)
    return json.loads(ended.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--units', type=int, nargs='+', default=[1000, 10_000, 100_000])
    parser.add_argument('--rounds', type=int, default=200)
    parser.add_argument('--one', type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    gc.set_threshold(*COLLECT_AFTER)
    if asked.one:
        print(json.dumps(measure(asked.one)))
        return
    read = decoding(asked.rounds)
    gc.collect()
    found = [_in_own_process(units) for units in asked.units]
    print(json.dumps({'decoding': read, 'sizes': found}, indent=2))


if __name__ == '__main__':
    main()

"""Measure what it costs to conclude, beside reading the same status: as ratios, in one run.

    .venv/bin/python -m bench.conclude [--units 1500] [--services 150] [--rounds 7]

A model of so many units, each with a report of six checks, of which some fail. The ratios are to
`json.loads` of its juju status, the least that anything which reads one has to do. Rounds go
through all steps in turn, so that what else the computer does falls on all of them alike.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health
from reconciler.config import health_yaml
from reconciler.config.settings import NOTHING, Config
from reconciler.config.suppressions import ACKNOWLEDGED, SuppressionEntry
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju import status
from reconciler.render import RENDERERS, RenderOptions
from reconciler.values.model import Model, Unit
from reconciler.values.readings import Outcome, Reading

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
RULES = ('worst', 'majority', 'at-least 2', 'degraded', 'weighted', 'zone', 'leader', 'best')


def status_of(units: int, services: int) -> bytes:
    """Return a juju status of so many units; each service is related to the next."""
    machines = {
        str(n): {
            'juju-status': {'current': 'started'},
            'hardware': f'cores=2 availability-zone=az{n % 3}',
        }
        for n in range(units)
    }
    applications: dict[str, Any] = {}
    for index in range(services):
        numbers = range(index, units, services)
        applications[f'app-{index}'] = {
            'charm': f'app-{index}',
            'application-status': {'current': 'active', 'since': '2026-11-01 08:00:00Z'},
            'relations': {
                'next': [
                    {'related-application': f'app-{(index + 1) % services}', 'interface': 'x'}
                ]
            },
            'units': {
                f'app-{index}/{n}': {
                    'machine': str(n),
                    'leader': n == index,
                    'workload-status': {'current': 'active', 'since': '2026-11-01 08:00:00Z'},
                    'juju-status': {'current': 'idle', 'since': '2026-11-01 08:00:00Z'},
                    'public-address': f'10.0.{n // 250}.{n % 250 + 1}',
                }
                for n in numbers
            },
        }
    document = {
        'model': {'name': 'big', 'controller': 'lab', 'type': 'iaas'},
        'machines': machines,
        'applications': applications,
    }
    return json.dumps(document).encode()


def reading(unit: Unit, chance: random.Random) -> Reading:
    """Return a reading of six checks; one in fifty fails."""
    checks = [
        CheckResult(f'check-{n}', Health.FAIL if chance.random() < 0.02 else Health.PASSED, 0.9)
        for n in range(6)
    ]
    report = make_report(unit.application, unit.name, checks)
    return Reading(unit, Outcome.REPORTED, report.health, report.qos, None, report)


def configured(services: int) -> Config:
    """Return a configuration with every rule, and a view of each ten services."""
    lines = ['services:']
    lines += [f'  app-{n}: {{rollup: {RULES[n % len(RULES)]}}}' for n in range(services)]
    lines += ['views:', *(f'  v{n}: {{services: app-{n}*}}' for n in range(1, 10))]
    return health_yaml.read('\n'.join(lines), 'bench.yaml')


def steps(text: bytes, model: Model, services: int) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name; the first is what the others are compared with."""
    chance = random.Random(7)  # noqa: S311 - the same troubles in every run
    readings = {unit.name: reading(unit, chance) for unit in model.units()}
    evidence = Evidence(model, readings, NOW, 1.0)
    config = configured(services)
    until = NOW + timedelta(hours=1)
    known = [SuppressionEntry(ACKNOWLEDGED, f'app-{n}', until, 'known', '*') for n in range(100)]
    snapshot = conclude(evidence)
    options = RenderOptions(now=NOW)
    return {
        'json.loads of the status': lambda: json.loads(text),
        'status.decode': lambda: status.decode(text),
        'conclude': lambda: conclude(evidence, (), NOTHING),
        'conclude, configured': lambda: conclude(evidence, (), config),
        'conclude, 100 acknowledged': lambda: conclude(evidence, (), config, known),
        'render as table': lambda: RENDERERS['table'](snapshot, options),
        'render as json': lambda: RENDERERS['json'](snapshot, options),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--units', type=int, default=1500)
    parser.add_argument('--services', type=int, default=150)
    parser.add_argument('--rounds', type=int, default=7)
    asked = parser.parse_args()
    text = status_of(asked.units, asked.services)
    model = status.decode(text)
    assert len(list(model.units())) == asked.units
    measured = steps(text, model, asked.services)
    taken: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(asked.rounds):
        for name, step in measured.items():
            began = time.perf_counter()
            step()
            taken[name].append(time.perf_counter() - began)
    base = statistics.median(next(iter(taken.values())))
    print(f'{asked.units} units, {asked.services} services, {len(text) // 1024} KiB of status')
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f'{name:28} {middle * 1000:8.1f} ms  {middle / base:6.1f} x')


if __name__ == '__main__':
    main()

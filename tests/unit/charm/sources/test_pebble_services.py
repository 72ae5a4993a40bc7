"""Services of a Pebble that crash again and again, and such as may end."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.report import Health
from charm.sources.pebble import PebbleHealth
from tests.support.checking import run
from tests.support.pebble import listening, pebble

RUNNING = {'startup': 'enabled', 'current': 'active'}
# Recorded from Pebble as of July 2026: a service that crashes every two seconds, one that ends
# well and may, and one that stays.
RECORDED_PLAN = """services:
    good:
        startup: enabled
        override: replace
        command: sleep 1000
    loop:
        startup: enabled
        override: replace
        command: sh -c 'sleep 2; exit 1'
    once:
        startup: enabled
        override: replace
        command: sh -c 'sleep 2; exit 0'
        on-success: ignore
"""
RECORDED_METRICS = b"""# HELP pebble_service_start_count Number of times the service has started
# TYPE pebble_service_start_count counter
pebble_service_start_count{service="good"} 1

# HELP pebble_service_active Whether the service is currently active (1) or not (0)
# TYPE pebble_service_active gauge
pebble_service_active{service="loop"} 1

# HELP pebble_service_start_count Number of times the service has started
# TYPE pebble_service_start_count counter
pebble_service_start_count{service="loop"} 4
"""
GOOD = {**RUNNING, 'name': 'good', 'current-since': '2026-11-30T07:20:42.514836297Z'}
LOOP = {**RUNNING, 'name': 'loop', 'current-since': '2026-11-30T07:20:52.5Z'}
ONCE = {**RUNNING, 'name': 'once', 'current': 'inactive'}
BY_HAND = {'name': 'by-hand', 'startup': 'disabled', 'current': 'backoff'}
JUST_NOW = datetime(2026, 11, 30, 7, 20, 53, tzinfo=timezone.utc)
LATER = datetime(2026, 11, 30, 8, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ('services', 'now', 'health', 'said'),
    [
        (
            [GOOD, LOOP],
            JUST_NOW,
            Health.WARN,
            'loop was started 4 times, the last time 500 ms ago',
        ),
        ([GOOD, LOOP], LATER, Health.PASSED, 'services that run: 2'),
        ([GOOD], JUST_NOW, Health.PASSED, 'services that run: 1'),
        ([{**LOOP, 'current': 'backoff'}], JUST_NOW, Health.FAIL, 'loop is backoff'),
        ([GOOD, ONCE], JUST_NOW, Health.PASSED, 'services that run: 1'),
        ([ONCE], JUST_NOW, Health.UNKNOWN, 'services that run: 0'),
        ([{**ONCE, 'current': 'error'}], JUST_NOW, Health.FAIL, 'once is error'),
        ([{**GOOD, 'current': 'inactive'}, ONCE], LATER, Health.FAIL, 'good is inactive'),
        ([GOOD, {**LOOP, 'startup': 'disabled'}], LATER, Health.PASSED, 'services that run: 2'),
        ([BY_HAND], JUST_NOW, Health.FAIL, 'by-hand is backoff'),
        ([GOOD, {**BY_HAND, 'current': 'error'}], JUST_NOW, Health.FAIL, 'by-hand is error'),
        ([GOOD, {**BY_HAND, 'current': 'inactive'}], LATER, Health.PASSED, 'that run: 1'),
        ([{**LOOP, 'current-since': 'soon'}], JUST_NOW, Health.PASSED, 'services that run: 1'),
    ],
)
def test_what_restarts_and_what_may_end_are_told_from_what_stopped(
    tmp_path: Path, services: Any, now: datetime, health: Health, said: str
) -> None:
    serve = pebble(services=services, plan=RECORDED_PLAN, metrics=RECORDED_METRICS)
    with listening(tmp_path / 's', serve) as path:
        verdict = run(PebbleHealth(path, lambda: now))
    assert verdict.health is health, verdict.message
    assert said in verdict.message


@pytest.mark.parametrize(
    ('kind', 'begun', 'done', 'health'),
    [
        ('restart', '52.1Z', '53.6Z', Health.PASSED),
        ('replan', '52.4Z', '52.5Z', Health.PASSED),
        ('exec', '52.1Z', '53.6Z', Health.WARN),
        ('restart', '51.1Z', '52.1Z', Health.WARN),
        ('restart', '51.1Z', '', Health.PASSED),
    ],
)
def test_what_a_charm_has_restarted_is_no_crash(
    tmp_path: Path, kind: str, begun: str, done: str, health: Health
) -> None:
    minute = '2026-11-30T07:20:'
    change = {'kind': kind, 'spawn-time': minute + begun, 'ready-time': done and minute + done}
    serve = pebble(services=[LOOP], metrics=RECORDED_METRICS, changes=[change])
    with listening(tmp_path / 's', serve) as path:
        assert run(PebbleHealth(path, lambda: JUST_NOW)).health is health


def test_an_older_pebble_that_counts_no_starts_is_believed(tmp_path: Path) -> None:
    with listening(tmp_path / 's', pebble(services=[LOOP])) as path:
        assert run(PebbleHealth(path, lambda: JUST_NOW)).health is Health.PASSED


def test_a_plan_that_cannot_be_read_excuses_nothing(tmp_path: Path) -> None:
    for number, plan in enumerate(('services: &anchor', 'services: [once]', '- once', '')):
        with listening(tmp_path / str(number), pebble(services=[ONCE], plan=plan)) as path:
            assert run(PebbleHealth(path)).health is Health.FAIL

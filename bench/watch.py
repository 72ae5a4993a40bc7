"""Measure how many bytes `watch` sends to a terminal: what a slow line has to carry.

    .venv/bin/python -m bench.watch [--seconds 60] [--services 12]

A window of 100 columns and 24 rows shows a model of so many services with two units each, none
of which can be reached; a shell script stands for juju.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.standin.builder import Application, Machine, Unit, World
from tests.support.command_line import COMMAND
from tests.support.screen import Screen, Terminal, terminal


def model(services: int) -> World:
    """Return so many applications, with two units on machines of their own."""
    machines = tuple(Machine(str(n), (f'10.0.0.{n + 1}',)) for n in range(2))
    applications = tuple(
        Application(f'service-{n}', tuple(Unit(f'service-{n}/{m}', str(m)) for m in range(2)))
        for n in range(services)
    )
    return World(machines, applications)


def juju(place: Path, services: int) -> Path:
    """Return a juju that tells the status of that model, and gets to no machine of it."""
    status, command = place / 'status', place / 'juju'
    status.write_text(json.dumps(model(services).status()))
    command.write_text(f'#!/bin/sh\n[ "$1" = status ] && exec cat {status}\nexit 1\n')
    command.chmod(0o755)
    return command


def sent(seen: Terminal, until: Callable[[Screen], bool]) -> int:
    """Return how many bytes come until that holds."""
    before = seen.screen.received
    return seen.until(until).received - before


def for_seconds(seconds: float) -> Callable[[Screen], bool]:
    """Return what holds after so many seconds."""
    end = time.monotonic() + seconds
    return lambda _screen: time.monotonic() >= end


def ours(command: Path, seconds: float) -> None:
    """Print the figures of our live table."""
    words = [COMMAND, 'watch', '--juju', str(command), '--attempts', '1']
    with terminal([*words, '--every', '1h']) as seen:
        first = sent(seen, lambda screen: 'next sweep' in screen.lines[1])
        print(f'watch, the first table: {first} bytes')
        idle = sent(seen, for_seconds(seconds))
        print(f'watch, {seconds:.0f} s without a sweep: {idle} bytes')
    with terminal([*words, '--every', '10s']) as seen:
        seen.until(lambda screen: 'next sweep' in screen.lines[1])
        busy = sent(seen, for_seconds(seconds))
        print(f'watch --every 10s, {seconds:.0f} s in which nothing changed: {busy} bytes')


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=60.0)
    parser.add_argument('--services', type=int, default=12)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        ours(juju(Path(place), told.services), told.seconds)


if __name__ == '__main__':
    main()

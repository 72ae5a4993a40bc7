"""The agent is killed before every single call that changes a file, and nothing is lost by it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from charm.agent.ship.spool import Spool
from charm.kernel.log_files import read_since
from charm.kernel.report import Health, Report
from charm.kernel.report_json import decode
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

from .agent_host import build

# What the loop does with a check that has changed: log it, keep the report, and only then show it.
_KEEP = """
import dataclasses, sys
from pathlib import Path
from charm.agent.config import Config
from charm.agent.reported_unit import ReportedUnit
from charm.kernel.log_files import LogWriter
from charm.agent.schedule import seconds_since_boot
from charm.agent.units import Push, Unit
from charm.kernel.report import CheckResult, Health
from charm.reporting.runner import Job
from charm.reporting.plan import Plan
from charm.kernel.report_json import to_json
state, health = Path(sys.argv[1]), Health(sys.argv[2])
push = Push('https://127.0.0.1:9', 'nobody believes it', '0' * 64, 'model')
plan = Plan('web/0', 'web/0', (Job('c', 1.0, lambda _deadline: ()),), states=state / 'states')
config = dataclasses.replace(Config(), state=state, spool_reports=4)
log = LogWriter(state / 'log', 4096, 3)
desk = ReportedUnit(Unit('web/0', 'web/0', push), plan, config, seconds_since_boot)
for _ in range(3):
    desk.watch.take('c', (CheckResult('c', health, message='x' * 900),))
    report, changed = desk.watch.prepare()
    log.write({'kind': 'report', 'report': to_json(report)})
    desk.keep(report, changed)
    desk.watch.show(report)
    print('shown', flush=True)
"""


@pytest.fixture(scope='module')
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build('dies_at', tmp_path_factory.mktemp('library'))


def keep(state: Path, health: Health, **environment: str) -> tuple[int, int]:
    """Run it in a process of its own; return its exit code, and how many reports it has shown."""
    done = subprocess.run(
        [sys.executable, '-c', _KEEP, str(state), health.value],
        env={'PATH': '/usr/bin:/bin', 'PYTHONDONTWRITEBYTECODE': '1', **environment},
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout.count(b'shown')


def spooled(state: Path) -> list[Report]:
    spool = Spool(state / 'spool' / 'web-0', 10**9, 10**6, 'model')
    return [decode(entry.report) for entry in spool.oldest(10**9, 10**6)]


def deaths(base: Path, library: Path, scratch: Path) -> Iterator[tuple[int, Path, int]]:
    """Yield each moment of death, what the process left, and how many reports it had shown."""
    for moment in range(1, 1000):
        state = scratch / str(moment)
        shutil.copytree(base, state, symlinks=True)
        environment = {'LD_PRELOAD': str(library), 'DIES_AT': str(moment)}
        code, shown = keep(state, Health.FAIL, **environment)
        if code == 0:
            return
        assert code == -signal.SIGKILL
        yield moment, state, shown
        shutil.rmtree(state)
    raise AssertionError('it never came to its end')


def test_before_every_call_that_changes_a_file(tmp_path: Path, library: Path) -> None:
    base = tmp_path / 'base'
    assert keep(base, Health.PASSED) == (0, 3)
    before = [report.sequence for report in spooled(base)]
    moments = 0
    for moment, state, shown in deaths(base, library, tmp_path):
        moments = moment
        last = decode((state / 'last' / 'web-0.json').read_bytes())
        found = spooled(state)
        order = [report.sequence or 0 for report in found]
        assert order == sorted(set(order))
        # Of what was there, only what had changed nothing may have made way.
        assert before[0] in order
        # Either the change is in the spool, or it will be found anew.
        changed = any(report.health is Health.FAIL for report in found)
        assert changed or last.health is Health.PASSED, moment
        if shown:
            assert changed, moment
            assert last.health is Health.FAIL, moment
        logged = [json.loads(line) for line in read_since(state / 'log', None).lines]
        assert len(logged) >= shown
        # Whoever comes next goes on, and has the change and the order.
        assert keep(state, Health.FAIL) == (0, 3)
        after = spooled(state)
        assert [one.health for one in after][-1] is Health.FAIL
        assert (after[-1].sequence or 0) > order[-1]
        assert not list((state / 'spool' / 'web-0').glob('.0*'))
        for line in read_since(state / 'log', None).lines:
            json.loads(line)
    # Fewer would mean that the library is not in the way of what it shall end.
    assert moments > 40
    assert os.access(library, os.R_OK)

"""The sweep that cron runs, as docs/cron.md has it."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.patience import PATIENCE
from tests.support.tree import DOCS

SWEEP = DOCS / 'examples' / 'cron' / 'sweep'


def sweep(place: Path) -> subprocess.CompletedProcess[str]:
    path = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    return subprocess.run(
        [str(SWEEP), str(place), '--reach', 'local'],
        env={**os.environ, 'PATH': path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_it_prints_what_has_changed_and_nothing_else(tmp_path: Path) -> None:
    first = sweep(tmp_path)
    assert (first.stdout, first.stderr) == ('', '')
    second = sweep(tmp_path)
    assert (second.stdout, second.stderr) == ('', '')
    assert first.returncode == second.returncode
    kept = tmp_path / 'now.json'
    seen = json.loads(kept.read_text())
    for service in seen['services']:
        service['health'] = 'fail' if service['health'] == 'passed' else 'passed'
    kept.write_text(json.dumps(seen))
    third = sweep(tmp_path)
    assert seen['services'][0]['name'] in third.stdout
    assert third.returncode == second.returncode


def test_it_lets_the_next_one_go_while_one_runs(tmp_path: Path) -> None:
    with (tmp_path / 'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = sweep(tmp_path)
    assert done.returncode == 3
    assert 'still runs' in done.stderr
    assert not (tmp_path / 'now.json').exists()

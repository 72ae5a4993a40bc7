"""What is said again of the same target counts once, and the command says what it replaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.deadline import Deadline
from reconciler.config.suppressions import (
    ACKNOWLEDGED,
    MAINTENANCE,
    SuppressionEntry,
    annotate,
    without_repeated,
)
from reconciler.config.suppressions_file import SuppressionsFile
from tests.support.patience import PATIENCE
from tests.support.snapshots import NOW
from tests.support.suppressed import DISK, entry, sweep

COMMAND = Path(sys.executable).with_name('reconcile-health')
LATER = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
KNOWN = SuppressionEntry(ACKNOWLEDGED, 'web', LATER, 'ticket', 'disk', None, 'ops', 'lab:prod')


def test_a_file_of_before_that_has_one_twice_is_read_as_having_the_newest(tmp_path: Path) -> None:
    path = tmp_path / 'm.json'
    file, soon = SuppressionsFile(path), Deadline.after(PATIENCE)
    file.add(KNOWN, soon)
    document = json.loads(path.read_text())
    document['entries'] += [{**document['entries'][0], 'id': '2', 'reason': 'newer'}]
    path.write_text(json.dumps(document))
    assert [one.reason for one in file.read(soon).entries] == ['newer']
    removed = file.clear(['web:disk'], soon).entries
    assert [one.id for one in removed] == ['2']
    assert file.read(soon).entries == ()


ENTRIES = st.lists(
    st.builds(
        SuppressionEntry,
        st.sampled_from([ACKNOWLEDGED, MAINTENANCE]),
        st.sampled_from(['web', 'db']),
        st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours)),
        st.sampled_from(['r', 's']),
        st.sampled_from(['', 'disk']),
        model=st.sampled_from(['', 'prod']),
    )
)


@given(ENTRIES)
def test_each_is_counted_once_and_the_newest_of_each_is_there(
    entries: list[SuppressionEntry],
) -> None:
    kept = without_repeated(entries, NOW)
    holding = [one.about for one in kept if one.until > NOW]
    assert len(holding) == len(set(holding))
    assert without_repeated(kept, NOW) == kept
    assert [one for one in kept if one.until <= NOW] == [
        one for one in entries if one.until <= NOW
    ]
    newest = {one.about: one for one in entries}
    assert {about for about, one in newest.items() if one.until > NOW} <= set(holding)


def test_a_sweep_shows_one_whoever_said_it_and_of_which_model() -> None:
    said = [
        entry('mysql/0:disk', reason='first'),
        entry('mysql/0:disk', reason='of this model', model='prod'),
        entry('mysql/0:disk', reason='last', until=NOW + timedelta(minutes=1)),
    ]
    services = sweep(DISK, said=said).services
    (mysql,) = (service for service in services if service.name == 'mysql')
    assert [one.reason for one in mysql.suppressed] == ['last']


def test_the_one_that_has_ended_hides_none_that_holds() -> None:
    snapshot = sweep(DISK)
    said = [entry('mysql/0:disk', reason='long'), entry('mysql/0:disk', until=NOW)]
    services = annotate(snapshot.services, snapshot.model, said, NOW)
    (mysql,) = (service for service in services if service.name == 'mysql')
    assert [one.reason for one in mysql.suppressed] == ['long']


@pytest.mark.slow
def test_the_command_says_what_it_replaces(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            env={**os.environ, 'XDG_STATE_HOME': str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )

    words = ('ack', 'web:disk', 'web:disk', '--for', '2h', '-m', 'prod', '--by', 'ops')
    first = run(*words, '--reason', 'first')
    assert (len(first.stdout.splitlines()), first.stderr) == (1, '')
    second = run(*words, '--reason', 'second')
    (line,) = second.stdout.splitlines()
    assert line.startswith('2 active acknowledged web:disk in prod')
    assert second.stderr.startswith('reconcile-health: it replaces 1 active acknowledged web:disk')
    assert second.stderr.endswith(': first (ops)\n')
    listed = run('suppressions').stdout.splitlines()
    assert [one.split()[0] for one in listed] == ['2']

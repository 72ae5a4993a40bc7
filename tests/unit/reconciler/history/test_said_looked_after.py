"""What operators said is checked, pruned and exported with the rest of a history."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from charm.kernel.deadline import Deadline
from reconciler.cli.main import command
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry
from reconciler.history.database import Database
from reconciler.history.examine import examine
from reconciler.history.moments import to_number
from reconciler.history.said import SuppressionsTable
from reconciler.history.tables import suppressions
from tests.support.patience import PATIENCE
from tests.support.recorded import Sweeps, rows

NOW = datetime.now(timezone.utc).replace(microsecond=0)
ENDED = NOW - timedelta(days=2)


def said(target: str, model: str, start: datetime | None, until: datetime) -> SuppressionEntry:
    return SuppressionEntry(ACKNOWLEDGED, target, until, 'known', 'disk', start, 'ops', model)


SAID = (
    said('mysql', 'lab:prod', None, NOW + timedelta(days=1)),
    said('web', 'lab:*', NOW + timedelta(days=1), NOW + timedelta(days=2)),
    said('api', '', ENDED - timedelta(days=1), ENDED),
    said('old', 'other:prod', None, ENDED),
)


@pytest.fixture
def spoken(database: Database, sweeps: Sweeps) -> Database:
    """Give a history of one model, and of what was said of several."""
    sweeps.see(0)
    table = SuppressionsTable(f'sqlite:///{database.path}')
    for entry in SAID:
        table.add(entry, _soon())
    return database


def output(database: Database, *words: str) -> str:
    place = ('--history', str(database.path))
    done: Any = CliRunner().invoke(command, ['history', *words, *place], standalone_mode=False)
    assert done.exception is None
    return str(done.output)


def exported(database: Database, *words: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in output(database, 'export', *words).splitlines()]
    return [one for one in found if one['type'] == 'suppression']


def targets(database: Database, *words: str) -> list[str]:
    return [one['target'] for one in exported(database, *words)]


def test_an_export_has_all_of_it_also_of_models_that_no_sweep_saw(spoken: Database) -> None:
    first, second, *_ = found = exported(spoken)
    assert [one['target'] for one in found] == ['mysql', 'web', 'api', 'old']
    assert first == {
        **{'type': 'suppression', 'model': 'lab:prod', 'uuid': '', 'id': 1},
        **{'kind': ACKNOWLEDGED, 'target': 'mysql', 'check': 'disk', 'since': None},
        **{'until': f'{SAID[0].until:%Y-%m-%dT%H:%M:%SZ}', 'reason': 'known', 'by': 'ops'},
    }
    assert second['since'] == f'{SAID[1].start:%Y-%m-%dT%H:%M:%SZ}'


def test_an_export_of_a_model_or_a_time_has_what_is_of_it(spoken: Database) -> None:
    assert targets(spoken, '-m', 'lab:prod') == ['mysql', 'web', 'api']
    assert targets(spoken, '--until', f'{NOW:%Y-%m-%dT%H:%M:%SZ}') == ['mysql', 'api', 'old']
    assert targets(spoken, '--since', f'{NOW:%Y-%m-%dT%H:%M:%SZ}') == ['mysql', 'web']


def test_what_has_ended_is_pruned_with_the_rest_and_not_with_one_model(spoken: Database) -> None:
    assert 'suppression' not in output(spoken, 'prune', '--older-than', '0', '-m', 'lab:prod')
    assert 'suppression' not in output(spoken, 'prune', '--future')
    assert 'suppression' not in output(spoken, 'prune', '--older-than', '3d')
    dry = output(spoken, 'prune', '--older-than', '1d', '--dry-run')
    assert dry.startswith('would remove 2 suppressions of ')
    assert output(spoken, 'prune', '--older-than', '1d').startswith('removed 2 suppressions of ')
    assert targets(spoken) == ['mysql', 'web']


def test_a_check_tells_of_it_and_finds_what_ends_before_it_begins(spoken: Database) -> None:
    assert '4 suppressions of operators' in output(spoken, 'check')
    now = to_number(NOW)
    # What is planned is of the future, as it should be.
    assert examine(spoken, now).faults == ()
    backwards = update(suppressions).where(suppressions.c.target == 'web').values(until=now)
    spoken.write(lambda connection: connection.execute(backwards), Deadline.after(PATIENCE))
    (fault,) = examine(spoken, now).faults
    assert fault.what == '1 suppressions end before they begin'


def test_a_history_where_something_was_said_and_nothing_recorded_is_sound(
    database: Database,
) -> None:
    table = SuppressionsTable(f'sqlite:///{database.path}')
    table.add(SuppressionEntry(MAINTENANCE, 'a', NOW + timedelta(days=1), 'r'), _soon())
    said = output(database, 'check')
    assert 'no model is in it\n1 suppression of operators\nnothing is wrong with it' in said
    assert targets(database) == ['a']
    assert output(database, 'prune', '--older-than', '0').startswith('removed nothing of ')
    assert len(rows(database, suppressions)) == 1


def _soon() -> Deadline:
    return Deadline.after(PATIENCE)

"""Enrolling: each unit gets a credential of its own, on stdin and nowhere else."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from charm.agent.units import load
from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.push_contract import derive
from reconciler.inbox.enrolment import _WRITE, EnrolResult, EnrolTerms, enrol_units
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.values.errors import UsageError
from reconciler.values.model import Application, Model, StatusInfo, Unit
from reconciler.values.readings import Outcome
from tests.support.asked import model
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

MASTER = bytes(range(32))
CA = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'
TERMS = EnrolTerms('https://10.0.0.5:8642', CA, MASTER, 'b0b5-uuid')


@dataclass
class Feeds:
    """A reach that takes note of what it is given; some machines fail."""

    broken: dict[str, ReachError] = field(default_factory=dict)
    given: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    name: str = 'feeds'

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        self.commands.append(command.line)
        if target in self.broken:
            raise self.broken[target]
        self.given.setdefault(target, []).extend(json.loads(command.stdin))
        return Completed(0, b'enrolled\n', b'')


def with_health(inventory: Model) -> Model:
    """Return the model with a health subordinate beside each unit of web."""
    beside = [
        Unit(f'health/{number}', 'health', unit.machine, principal=unit.name)
        for number, unit in enumerate(inventory.applications['web'].units)
    ]
    health = Application('health', charm='juju-health', units=tuple(beside))
    return replace(inventory, applications={**inventory.applications, 'health': health})


def enrolled(inventory: Model, reach: Feeds) -> dict[str, str]:
    units = [unit for unit in inventory.units() if unit.application != 'health']
    found: list[EnrolResult] = list(
        enrol_units(inventory, units, TERMS, reach, Deadline.after(PATIENCE))
    )
    assert len(found) == len(units)
    return {one.unit: one.error for one in found}


def test_each_unit_gets_a_credential_that_is_good_for_it_alone() -> None:
    reach = Feeds()
    inventory = with_health(model(['web/0'], ['web/1']))
    assert enrolled(inventory, reach) == {'web/0': '', 'web/1': ''}
    (first,), (second,) = reach.given['web/0'], reach.given['web/1']
    assert (first['unit'], first['reporter']) == ('web/0', 'health/0')
    assert first['push']['credential'] == derive(MASTER, 'web/0', 'b0b5-uuid')
    assert first['push']['credential'] != second['push']['credential']


def test_nothing_secret_is_in_a_command_or_a_text() -> None:
    reach = Feeds()
    enrolled(with_health(model(['web/0'])), reach)
    told = ''.join(reach.commands) + repr(TERMS)
    for secret in (MASTER.hex(), derive(MASTER, 'web/0', 'b0b5-uuid'), repr(MASTER)):
        assert secret not in told


def test_one_bad_machine_costs_only_itself_and_each_trouble_is_named() -> None:
    lost = ReachError(Outcome.UNREACHABLE, 'cannot reach it', Completed(255, b'', b''))
    said = ReachError(
        Outcome.JUJU_FAILED, 'cannot', Completed(1, b'', b'noise\ncannot write /etc/x: full\n')
    )
    inventory = with_health(model(['web/0'], ['web/1'], ['web/2', 'db/0']))
    found = enrolled(inventory, Feeds({'web/0': lost, 'web/1': said}))
    assert found == {
        'web/0': 'cannot reach it',
        'web/1': 'cannot write /etc/x: full',
        'web/2': '',
        'db/0': 'no health charm is beside it: juju integrate -m lab:prod juju-health db',
    }


def test_pods_have_no_agent_and_a_unit_without_a_machine_is_named() -> None:
    with pytest.raises(UsageError, match='agents run on machines'):
        enrolled(replace(model(['web/0']), type='caas'), Feeds())
    inventory = model(['web/0'])
    web = inventory.applications['web']
    homeless = replace(web, units=(replace(web.units[0], machine=''),))
    inventory = replace(inventory, applications={'web': homeless})
    assert enrolled(inventory, Feeds()) == {'web/0': 'it has no machine yet'}
    failed = StatusInfo('status-error', 'cannot read it', failed=True)
    untold = replace(homeless, units=(replace(homeless.units[0], agent=failed),))
    inventory = replace(inventory, applications={'web': untold})
    said = 'juju could not tell which machine it is on: cannot read it'
    assert enrolled(inventory, Feeds()) == {'web/0': said}


def test_what_is_written_over_there_is_what_the_agent_reads(tmp_path: Path) -> None:
    charm = ROOT
    directory = tmp_path / 'units.d'
    # The real file's place is fixed; here the configuration that names it is another one.
    there = f'from pathlib import Path\ndirectory = Path({str(directory)!r})'
    moved = _WRITE.replace('    directory = config.load().units', '    pass')
    moved = moved.replace('import json, sys', f'import json, sys\n{there}')
    assert moved != _WRITE
    documents = json.dumps([TERMS.document('web/0', 'health/0')])
    done = subprocess.run(
        [sys.executable, '-I', '-c', moved, str(charm)],
        input=documents.encode(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b'')
    (unit,), faults = load(directory)
    assert faults == ()
    assert unit.push is not None
    assert (unit.name, unit.reporter, unit.push.url) == ('web/0', 'health/0', TERMS.url)
    assert unit.push.credential == derive(MASTER, 'web/0', 'b0b5-uuid')
    assert (directory / 'web-0.json').stat().st_mode & 0o777 == 0o600


def test_terms_that_the_agent_would_refuse_are_refused_over_there() -> None:
    wrong = replace(TERMS, url='http://10.0.0.5').document('web/0', 'health/0')
    done = subprocess.run(
        [sys.executable, '-I', '-c', _WRITE, str(ROOT)],
        input=json.dumps([wrong]).encode(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, 'LANG': 'C.UTF-8'},
    )
    assert done.returncode == 1
    assert b'reports never travel in the clear' in done.stderr


def test_the_far_script_is_one_shell_word_that_shells_accept() -> None:
    reach = Feeds()
    enrolled(with_health(model(['web/0'])), reach)
    (command,) = reach.commands
    _sh, _c, script = shlex.split(command)
    checked = subprocess.run(['sh', '-n', '-c', script], capture_output=True, timeout=PATIENCE)
    assert (checked.returncode, checked.stderr) == (0, b'')

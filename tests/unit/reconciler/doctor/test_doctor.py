"""Why nothing can be collected is told once, with what mends it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from charm import __version__
from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.errands import MachineRequest, plan_errands
from reconciler.doctor.examine import Doctor
from reconciler.doctor.facts import DoctorFinding, LookResult, MachineFacts, ask_facts, over_there
from reconciler.juju import status
from reconciler.juju.command import Juju
from reconciler.reach.base import Reach, ReachError
from reconciler.reach.local import LocalReach
from reconciler.render import RenderOptions
from reconciler.render.people.doctor import FINDINGS
from reconciler.values.advice import Advice
from reconciler.values.model import Model
from reconciler.values.outcomes import NOT_REACHED, Outcome
from tests.standin.builder import JUJU, Application, Machine, Unit, World
from tests.support.advising import assert_names
from tests.support.command_line import run
from tests.support.golden import check_golden
from tests.support.patience import PATIENCE
from tests.support.snapshots import NOW, PROD

Examine = Callable[..., dict[str, DoctorFinding]]


def world(count: int = 3) -> World:
    machines = tuple(Machine(str(n), ('10.0.0.5',)) for n in range(count))
    units = tuple(
        Unit(f'web/{n}', str(n), subordinates=(Unit(f'health/{n}'),)) for n in range(count)
    )
    health = Application('health', subordinate_to=('web',), charm='juju-health')
    return World(machines, (Application('web', units), health))


class Refusing:
    """A reach that refuses the machines of some units, and runs the rest here."""

    name = 'refusing'

    def __init__(self, outcome: Outcome, *units: str) -> None:
        self._outcome = outcome
        self._units = units
        self.asked: list[str] = []

    def run(self, target: str, *asked: Any, **bounds: Any) -> Completed:
        self.asked.append(target)
        if not self._units or target in self._units:
            raise ReachError(self._outcome, 'cannot reach it: told so', Completed(255, b'', b''))
        return LocalReach().run(target, *asked, **bounds)


@dataclass(frozen=True)
class Altering(LocalReach):
    """A reach that runs all of it here, and alters what it prints."""

    alter: Callable[[bytes], bytes] = bytes

    def run(self, target: str, *asked: Any, **bounds: Any) -> Completed:
        whole = super().run(target, *asked, **bounds)
        return replace(whole, stdout=self.alter(whole.stdout))


@pytest.fixture
def examine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    def run(
        one: World,
        reach: Reach | None = None,
        model: str = '',
        binary: str = str(JUJU),
        most: int = 12,
    ) -> dict[str, DoctorFinding]:
        for key, value in one.write(tmp_path / 'juju').items():
            monkeypatch.setenv(key, value)
        door = Juju(binary, model)

        def inventory(until: Deadline) -> Model:
            return status.decode(door.status(until))

        doctor = Doctor(door, lambda _: reach or LocalReach(), inventory, 4, most)
        found = list(doctor.examine(Deadline.after(PATIENCE)))
        assert all(one.mend for one in found if one.result in (LookResult.WARN, LookResult.FAIL))
        return {one.name: one for one in found}

    return run


def failed(found: dict[str, DoctorFinding]) -> list[str]:
    return [name for name, one in found.items() if one.result is LookResult.FAIL]


@pytest.mark.slow
@pytest.mark.parametrize(
    ('change', 'name', 'mend'),
    [
        ({'fault': 'logged-out'}, 'login', 'juju login'),
        ({'fault': 'login-expired'}, 'model', 'juju login'),
        ({'fault': 'unreachable'}, 'model', 'juju show-controller'),
    ],
)
def test_a_fault_is_told_once_and_what_rests_on_it_is_skipped(
    examine: Examine, change: dict[str, str], name: str, mend: str
) -> None:
    found = examine(replace(world(), **change))  # type: ignore[arg-type]
    assert failed(found) == [name]
    assert found[name].mend.command.startswith(mend)
    after = list(found)[list(found).index(name) + 1 :]
    assert after
    assert {found[one].result for one in after} == {LookResult.SKIPPED}


def test_without_juju_it_is_told_how_to_get_it(examine: Examine) -> None:
    found = examine(world(), binary='/nonexistent/juju')
    assert failed(found) == ['juju']
    assert str(found['juju'].mend) == 'sudo snap install juju; or name it: --juju /snap/bin/juju'


def test_a_snap_that_is_started_outside_of_a_session_is_known(
    examine: Examine, tmp_path: Path
) -> None:
    juju = tmp_path / 'snapped'
    said = '/user.slice/cron.service is not a snap cgroup for tag snap.juju.juju'
    juju.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
    juju.chmod(0o755)
    assert 'systemd-run --user' in examine(world(), binary=str(juju))['juju'].mend.command


@pytest.mark.slow
def test_a_model_or_a_controller_that_is_not_there_is_named(examine: Examine) -> None:
    assert failed(examine(world(), model='lab:nothing')) == ['model']
    found = examine(world(), model='moon:prod')
    assert failed(found) == ['controller']
    assert "'moon': there are lab" in found['controller'].message


@pytest.mark.slow
@pytest.mark.parametrize('outcome', [one for one in Outcome if one in NOT_REACHED])
@pytest.mark.parametrize('model', ['', 'lab:prod'])
def test_whatever_mends_is_told_of_the_very_model(
    examine: Examine, outcome: Outcome, model: str
) -> None:
    bare = replace(world(1), applications=(Application('web', (Unit('web/0', '0'),)),))
    found = examine(bare, Refusing(outcome), model)
    assert found['ssh'].result is LookResult.FAIL
    for one in found.values():
        assert_names(one.mend, 'lab:prod')


@pytest.mark.slow
@pytest.mark.parametrize(
    ('outcome', 'mend'),
    [
        (Outcome.REFUSED_KEY, 'juju add-ssh-key -m lab:prod "$(cat ~/.ssh/id_ed25519.pub)"'),
        (Outcome.NO_PERMISSION, 'juju grant -c lab USER admin prod'),
        (Outcome.UNREACHABLE, 'juju show-machine -m lab:prod 0'),
        (Outcome.HOST_KEY, 'juju show-machine -m lab:prod 0'),
    ],
)
def test_what_keeps_all_machines_away_is_one_finding(
    examine: Examine, outcome: Outcome, mend: str
) -> None:
    found = examine(world(), Refusing(outcome))
    assert failed(found) == ['ssh']
    assert found['ssh'].message == 'machine 0, 1, 2: cannot reach it: told so'
    assert str(found['ssh'].mend) == mend


@pytest.mark.slow
def test_a_big_model_is_asked_in_samples_from_all_over_it(examine: Examine) -> None:
    reach = Refusing(Outcome.UNREACHABLE, 'nobody/0')
    found = examine(world(40), reach, most=4)
    assert sorted(reach.asked) == ['web/0', 'web/10', 'web/20', 'web/30']
    assert found['ssh'].message == '4 answered, of 4 of 40 machines asked'


@pytest.mark.slow
def test_only_units_that_juju_has_no_more_are_named_as_gone(examine: Examine) -> None:
    def forget(stdout: bytes) -> bytes:
        nonce = re.findall(rb'([0-9a-f]{16}) end', stdout)[0]
        return b'%s - g unit-web-1\n%s - g unit-web-7\n%s' % (nonce, nonce, stdout)

    found = examine(world(), Altering(alter=forget))['orphans']
    assert 'web/7 is gone from Juju' in found.message
    assert 'web/1' not in found.message + str(found.mend)


@pytest.mark.slow
def test_applications_without_a_health_charm_are_named(examine: Examine) -> None:
    bare = world()
    alone = Application('db', (Unit('db/0', '0'),))
    found = examine(replace(bare, applications=(*bare.applications, alone)))
    assert found['health charm'].result is LookResult.WARN
    assert str(found['health charm'].mend) == 'juju integrate -m lab:prod health db'
    found = examine(replace(bare, applications=(alone,)))
    assert 'juju deploy' in found['health charm'].mend.line


def errand(hook: Path, unit: str = 'web/0') -> MachineRequest:
    model = status.decode(json.dumps(world(1).status()).encode())
    (one,) = plan_errands(model, [u for u in model.units() if u.name == unit], 0.0)
    asked = tuple(
        replace(each, request=replace(each.request, path=str(hook))) for each in one.asked
    )
    return replace(one, asked=asked)


def hook(path: Path, text: str) -> Path:
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)
    return path


def test_a_machine_says_what_it_has(tmp_path: Path) -> None:
    own = hook(tmp_path / 'health', f'echo juju-health {__version__}')
    found = ask_facts(LocalReach(), errand(own), Deadline.after(PATIENCE))
    assert found.hooks == (('web/0', 'yes'),)
    assert found.version == __version__
    assert found.user
    assert tuple(map(int, found.python.split('.'))) >= (3, 8)
    missing = ask_facts(LocalReach(), errand(tmp_path / 'absent'), Deadline.after(PATIENCE))
    assert missing.hooks == (('web/0', 'no'),)
    assert missing.version == ''


def test_an_answer_that_ends_early_is_none(tmp_path: Path) -> None:
    cutting = Altering(alter=lambda stdout: stdout.rpartition(b'end')[0])
    with pytest.raises(ReachError, match='it ended early'):
        ask_facts(cutting, errand(tmp_path / 'absent'), Deadline.after(PATIENCE))


FINE = MachineFacts('ubuntu', True, '3.10', (('web/0', 'yes'),), __version__, 'active')


@pytest.mark.parametrize(
    ('change', 'name', 'word'),
    [
        ({'sudo': False}, 'sudo', 'NOPASSWD'),
        ({'python': '3.6'}, 'python', 'apt-get install -y python3'),
        ({'python': ''}, 'python', 'apt-get install -y python3'),
        ({'version': '0.0.1'}, 'version', 'juju refresh -m lab:prod checks'),
        ({'agent': 'failed'}, 'agent', 'systemctl restart juju-health-agent'),
        ({'orphans': ('health/3',)}, 'orphans', 'unit-health-3/current/hooks/health-agent remove'),
    ],
)
def test_what_a_machine_lacks_is_told(change: dict[str, object], name: str, word: str) -> None:
    machines = {'web/0': replace(FINE, **change), 'web/1': FINE}  # type: ignore[arg-type]
    found = {one.name: one for one in over_there(PROD, machines, 'checks')}
    assert [one.name for one in found.values() if one.result is not LookResult.OK] == [name]
    assert word in str(found[name].mend)
    assert 'web/0:' in found[name].message


def test_pods_need_no_sudo_and_machines_without_agents_miss_none() -> None:
    pods = over_there(replace(PROD, type='caas'), {'web/0': replace(FINE, sudo=False)})
    found = {one.name: one for one in pods}
    assert found['sudo'].result is LookResult.OK
    without = over_there(PROD, {'web/0': replace(FINE, agent='inactive')})
    assert 'agent' not in {one.name for one in without}


def findings() -> Sequence[DoctorFinding]:
    tee, key = Advice(line='echo | sudo tee'), Advice(line='juju add-ssh-key "$(cat key)"')
    return (
        DoctorFinding('juju', LookResult.OK, 'version 3.6.5'),
        DoctorFinding('sudo', LookResult.WARN, 'web/0: \x1b[31m[bold]no[/bold]', tee),
        DoctorFinding('ssh', LookResult.FAIL, 'machine 1: refused', key),
        DoctorFinding('model', LookResult.SKIPPED, 'not looked at'),
    )


@pytest.mark.parametrize('form', FINDINGS)
def test_the_output_is_the_golden_one(form: str) -> None:
    check_golden(f'doctor.2.{form}', FINDINGS[form](findings(), RenderOptions(NOW)))


@pytest.mark.slow
def test_the_command_says_by_its_exit_code_what_it_found(tmp_path: Path) -> None:
    environment = {**os.environ, **replace(world(), fault='logged-out').write(tmp_path / 'juju')}
    done = run('doctor', '--format', 'json', environment=environment)
    document = json.loads(done.stdout)
    assert (done.returncode, document['ok']) == (2, False)
    assert run('doctor', '--reach', 'local').returncode == 3

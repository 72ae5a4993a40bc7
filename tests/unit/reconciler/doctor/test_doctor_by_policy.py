"""What needs no report lacks no hook; where machines are looked at nothing has to be deployed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config.settings import NOTHING, Config, Expectation, ServiceConfig
from reconciler.doctor.examine import Doctor
from reconciler.doctor.facts import DoctorFinding, LookResult
from reconciler.juju import status
from reconciler.juju.command import Juju
from reconciler.reach.local import LocalReach
from tests.standin.builder import JUJU, Application, Machine, Unit, World
from tests.support.patience import PATIENCE

Examine = Callable[..., dict[str, DoctorFinding]]
BARE = World(
    (Machine('0', ('10.0.0.5',)),),
    (Application('web', (Unit('web/0', '0'),)), Application('ntp', (Unit('ntp/0', '0'),))),
)
NO_REPORT = [one for one in Expectation if one is not Expectation.REPORT]


@pytest.fixture
def examine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    for key, value in BARE.write(tmp_path / 'juju').items():
        monkeypatch.setenv(key, value)
    door = Juju(str(JUJU), '')

    def run(config: Config = NOTHING, looks: bool = False) -> dict[str, DoctorFinding]:
        doctor = Doctor(
            door,
            lambda _: LocalReach(),
            lambda until: status.decode(door.status(until)),
            config=config,
            looks=looks,
        )
        return {one.name: one for one in doctor.examine(Deadline.after(PATIENCE))}

    return run


def expecting(**services: Expectation) -> Config:
    return Config(services=tuple(ServiceConfig(n, expect=e) for n, e in services.items()))


def test_without_the_probe_both_are_missed(examine: Examine) -> None:
    found = examine()
    assert found['health charm'].result is LookResult.WARN
    assert found['hook'].message.startswith('web/0 ntp/0: no health hook is there')
    assert found['hook'].result is LookResult.WARN


def test_where_machines_are_looked_at_nothing_has_to_be_deployed(examine: Examine) -> None:
    found = examine(looks=True)
    assert (
        found['health charm'].message
        == 'none beside web, ntp: their machines are looked at instead'
    )
    assert found['hook'].message.endswith('their machines are looked at')
    assert {found[name].result for name in ('health charm', 'hook')} == {LookResult.OK}


def test_on_kubernetes_nobody_is_told_to_deploy_what_cannot_be(
    tmp_path: Path, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = Unit('web/0', pod=Machine('', ('10.0.0.5',)))
    world = World((), (Application('web', (pod,)),), type='caas')
    for key, value in world.write(tmp_path / 'k8s').items():
        monkeypatch.setenv(key, value)
    found = examine()
    assert found['health charm'].result is LookResult.OK
    assert 'integrate' not in str(found['hook'].mend)
    assert 'ship hooks/health' in str(found['hook'].mend)


@pytest.mark.parametrize('expected', NO_REPORT)
def test_what_needs_no_report_lacks_nothing(examine: Examine, expected: Expectation) -> None:
    one = examine(expecting(ntp=expected))
    assert one['hook'].message.startswith('web/0: no health hook is there')
    assert 'no health charm' in one['health charm'].message
    both = examine(expecting(ntp=expected, web=expected))
    assert both['health charm'].message == 'none is needed'
    assert both['hook'].message == 'a health hook is there for every unit asked that should report'

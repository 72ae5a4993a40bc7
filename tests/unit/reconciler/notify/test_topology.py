"""Where a cause is, and by which labels others know it."""

from __future__ import annotations

import re

from hypothesis import given

from reconciler.notify.notice import Notice
from reconciler.notify.topology import Topology
from reconciler.values.model import Application, Model, Unit
from reconciler.values.node import Node, NodeKind
from tests.support.notices import EVERY, FIRING, MACHINE, NOTICES

MODEL = Model(
    'prod',
    'lab',
    applications={
        'db': Application('db', 'mysql', units=(Unit('db/0', 'db', machine='0/lxd/1'),)),
    },
)


def test_a_service_has_its_charm_and_a_unit_its_machine() -> None:
    found = Topology.of(MODEL, Node(NodeKind.SERVICE, 'db'), 'u-u', unit='db/0')
    assert found.labels == {
        'juju_controller': 'lab',
        'juju_model': 'prod',
        'juju_model_uuid': 'u-u',
        'juju_application': 'db',
        'juju_unit': 'db/0',
        'juju_machine': '0/lxd/1',
        'juju_charm': 'mysql',
    }
    assert found.title == 'lab:prod'


def test_what_is_no_service_has_no_application() -> None:
    machine = Topology.of(MODEL, Node(NodeKind.MACHINE, '3'))
    assert machine == Topology(controller='lab', model='prod', machine='3')
    for node in (Node(NodeKind.COLLECTOR), Node(NodeKind.SAAS, 'db'), Node.circle(['db', 'x'])):
        assert Topology.of(MODEL, node) == Topology(controller='lab', model='prod')


def test_of_several_models_it_is_in_its_own() -> None:
    fleet = Model(
        'all',
        applications={'p/db': Application('p/db', 'mysql')},
        parts={'p': 'lab:admin/prod', 'q': 'lab:admin/test'},
    )
    found = Topology.of(fleet, Node(NodeKind.SERVICE, 'p/db'))
    assert (found.title, found.application, found.charm) == ('lab:prod', 'db', 'mysql')
    found = Topology.of(fleet, Node(NodeKind.MACHINE, '0/lxd/1', model='q'))
    assert (found.title, found.machine) == ('lab:test', '0/lxd/1')


def test_labels_are_named_as_prometheus_allows_and_tell_causes_apart() -> None:
    for notice in EVERY:
        for name, value in notice.labels.items():
            assert re.fullmatch('[a-zA-Z_][a-zA-Z0-9_]*', name)
            assert value
    assert FIRING.labels['severity'] == 'critical'
    assert FIRING.labels['team'] == 'db'
    assert (FIRING.labels['alertname'], MACHINE.labels['alertname']) == (
        *('JujuHealthService', 'JujuHealthMachine'),
    )


@given(NOTICES)
def test_no_label_of_the_operator_stands_for_one_of_ours(notice: Notice) -> None:
    assert notice.labels['severity'] == notice.severity
    assert notice.labels['cause'] == str(notice.cause)

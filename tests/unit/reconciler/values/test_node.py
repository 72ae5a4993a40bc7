"""Nodes and their text: what is written is read back, and nothing is taken for something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.values.node import Node, NodeKind
from tests.support.strategies import HOSTILE_NAMES, NODES, TEXTS

ANY_NODES = st.builds(Node, st.sampled_from(list(NodeKind)), HOSTILE_NAMES).filter(
    lambda node: node.kind is not NodeKind.CIRCLE
)
MODELS = st.sampled_from(['prod', 'lab:prod', 'lab:admin/prod', 'saas', 'admin/machine'])


@given(NODES)
def test_a_node_is_read_back_from_its_text(node: Node) -> None:
    assert Node.read(str(node)) == node


@given(NODES, MODELS)
def test_so_is_one_of_several_models(node: Node, model: str) -> None:
    there = node.within(model)
    assert Node.read(str(there)) == there
    assert str(there) == f'{model}/{node}'


@given(ANY_NODES | st.builds(Node, st.sampled_from([NodeKind.COLLECTOR, NodeKind.CONTROLLER])))
def test_where_its_kind_is_known_its_name_may_be_anything(node: Node) -> None:
    assert Node.read(str(node), node.kind.value) == node


@given(TEXTS | HOSTILE_NAMES, TEXTS | st.sampled_from([kind.value for kind in NodeKind]))
def test_any_text_is_that_of_the_node_that_is_read_from_it(text: str, kind: str) -> None:
    assert str(Node.read(text, kind)) == text


@given(st.lists(NODES, unique=True))
def test_nodes_are_in_the_order_of_their_texts(nodes: list[Node]) -> None:
    assert [str(node) for node in sorted(nodes)] == sorted(str(node) for node in nodes)


@pytest.mark.parametrize(
    ('text', 'node'),
    [
        ('mysql', Node(NodeKind.SERVICE, 'mysql')),
        ('machine 7/lxd/0', Node(NodeKind.MACHINE, '7/lxd/0')),
        ('machine', Node(NodeKind.SERVICE, 'machine')),
        ('controller k1', Node(NodeKind.CONTROLLER, 'k1')),
        ('controller', Node(NodeKind.SERVICE, 'controller')),
        ('collector', Node(NodeKind.COLLECTOR)),
        ('a+b', Node(NodeKind.SERVICE, 'a+b')),
        ('saas a+b', Node(NodeKind.SAAS, 'a+b')),
        ('saas circle a+b', Node(NodeKind.SAAS, 'circle a+b')),
        ('circle a+b', Node.circle(['a', 'b'])),
        ('prod/web', Node(NodeKind.SERVICE, 'prod/web')),
        ('prod/saas p/machine 3', Node(NodeKind.SAAS, 'p/machine 3', model='prod')),
    ],
)
def test_the_text_tells_the_kind(text: str, node: Node) -> None:
    assert Node.read(text) == node


def test_a_circle_stands_for_its_members_in_whichever_model_and_a_saas_for_no_service() -> None:
    circle = Node.circle(['a', 'b'])
    assert circle.services == ('a', 'b')
    assert circle.within('prod').services == ('prod/a', 'prod/b')
    assert Node(NodeKind.SERVICE, 'a+b').services == ('a+b',)
    assert Node(NodeKind.SAAS, 'a+b').services == ()

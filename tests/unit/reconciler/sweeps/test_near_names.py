"""What was meant by a name that the model does not have."""

from __future__ import annotations

import pytest

from reconciler.sweeps.near_names import hint
from reconciler.values.model import Application, Machine, Model, Unit

MODEL = Model(
    'prod',
    machines={'0': Machine('0'), '10': Machine('10')},
    applications={
        name: Application(name, units=tuple(Unit(f'{name}/{n}', name) for n in range(units)))
        for name, units in (('mysql', 2), ('mysql-router', 0), ('web', 1))
    },
)


@pytest.mark.parametrize(
    ('word', 'said'),
    [
        ('mysqll', "; did you mean 'mysql'?"),
        ('mysql-route', "; did you mean 'mysql-router' or 'mysql'?"),
        ('mysql/7', "; did you mean 'mysql/1' or 'mysql/0'?"),
        ('wbe/0', "; did you mean 'web/0'?"),
        ('100', "; did you mean '10'?"),
        ('zookeeper', '; it has mysql, mysql-router, web'),
        ('zookeeper/0', '; it has mysql, mysql-router, web'),
    ],
)
def test_the_nearest_names_of_its_kind_are_said_and_else_what_there_is(
    word: str, said: str
) -> None:
    assert hint(word, MODEL) == said


def test_an_empty_model_is_said_to_be_so() -> None:
    assert hint('web/0', Model('prod')) == '; it has no applications'


def test_a_big_model_is_not_listed_as_a_whole() -> None:
    names = [f'app-{n:02}' for n in range(50)]
    big = Model('prod', applications={name: Application(name) for name in names})
    assert hint('zzz', big).endswith('app-07 and 42 more')

"""Which routes a message takes: the first that fits, by all that it asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.config.alerts import AlertsConfig, Route
from reconciler.notify.notice import Notice, Victim
from reconciler.notify.routing import fits, routes_of
from reconciler.values.certainty import Certainty
from reconciler.values.node import Node
from tests.support.notices import EVERY, FIRING, MACHINE, NOTICES
from tests.support.strategies import HEALTHS

GLOBS = st.lists(st.sampled_from(['*', 'mysql', 'my*', 'prod', 'lab:*', '3', 'x']), max_size=2)
ROUTES = st.builds(
    Route,
    channels=st.just(('a',)),
    models=GLOBS.map(tuple),
    applications=GLOBS.map(tuple),
    machines=GLOBS.map(tuple),
    labels=st.dictionaries(st.sampled_from(['team', 'tier']), st.sampled_from(['db', 'd*', 'x'])),
    health=HEALTHS,
    certainty=st.sampled_from(list(Certainty)),
    continues=st.booleans(),
)
MESSAGES = NOTICES | st.sampled_from(EVERY)


@given(MESSAGES, st.lists(ROUTES, max_size=6))
def test_the_first_that_fits_takes_it_and_others_only_after_one_that_continues(
    notice: Notice, routes: list[Route]
) -> None:
    taken = routes_of(notice, AlertsConfig(routes=tuple(routes)))
    fitting = [route for route in routes if fits(notice, route)]
    assert list(taken) == fitting[: len(taken)]
    assert bool(taken) == bool(fitting)
    assert all(route.continues for route in taken[:-1])
    assert not taken or not taken[-1].continues or len(taken) == len(fitting)


@given(MESSAGES, ROUTES)
def test_who_asks_for_less_takes_no_less(notice: Notice, route: Route) -> None:
    looser = [
        replace(route, models=()),
        replace(route, applications=()),
        replace(route, machines=()),
        replace(route, labels={}),
        replace(route, health=Health.PASSED),
        replace(route, certainty=Certainty.POSSIBLE),
    ]
    assert not fits(notice, route) or all(fits(notice, one) for one in looser)
    assert fits(notice, Route(channels=()))


@pytest.mark.parametrize(
    ('asks', 'notice', 'takes'),
    [
        ({'models': ('prod*',)}, FIRING, True),
        ({'models': ('lab:prod',)}, FIRING, True),
        ({'models': ('other:*', 'test')}, FIRING, False),
        ({'applications': ('pg*', 'mysql')}, FIRING, True),
        # It is a victim, and hears of it where the cause is told.
        ({'applications': ('shop',)}, FIRING, False),
        ({'applications': ('shop',)}, MACHINE, True),
        ({'machines': ('3',)}, MACHINE, True),
        ({'machines': ('*',)}, FIRING, False),
        ({'labels': {'team': 'd*', 'juju_charm': 'mysql'}}, FIRING, True),
        ({'labels': {'team': 'web'}}, FIRING, False),
        ({'labels': {'team': '*'}}, MACHINE, False),
        ({'health': Health.FAIL}, MACHINE, False),
        ({'health': Health.UNKNOWN}, MACHINE, True),
        ({'certainty': Certainty.LIKELY}, FIRING, True),
        ({'certainty': Certainty.CERTAIN}, FIRING, False),
        ({'certainty': Certainty.LIKELY}, MACHINE, False),
    ],
)
def test_a_route_is_by_model_application_machine_label_health_and_certainty(
    asks: dict[str, object], notice: Notice, takes: bool
) -> None:
    assert fits(notice, Route(channels=('a',), **asks)) is takes  # type: ignore[arg-type]


def test_a_machine_is_meant_by_what_it_is_a_container_in() -> None:
    inner = replace(MACHINE, topology=replace(MACHINE.topology, machine='0/lxd/1/lxd/12'))
    found = [m for m in ('0', '0/lxd/1', '0/lxd/1/lxd/12', '0/lxd/12', '1') if fits(inner, on(m))]
    assert found == ['0', '0/lxd/1', '0/lxd/1/lxd/12']


def on(machine: str) -> Route:
    return Route(channels=(), machines=(machine,))


def test_of_a_circle_and_of_several_models_the_services_are_meant_by_their_names() -> None:
    topology = replace(FIRING.topology, application='')
    circle = replace(FIRING, topology=topology, cause=Node.circle(['api', 'db']))
    machine = replace(MACHINE, victims=(Victim('lab:prod/api', Health.FAIL),))
    for notice in (circle, machine):
        assert fits(notice, Route(channels=(), applications=('api',)))

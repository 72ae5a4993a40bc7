"""Business services: members by name and glob, nested, and honest about what is not there."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.config.settings import Config, ViewConfig, circle
from reconciler.judge.conclude import Evidence, conclude
from reconciler.judge.views import judge_views
from reconciler.rollups import WORST, read_rule
from reconciler.values.model import Application, Model, Unit
from reconciler.values.readings import ServiceHealth, ViewHealth
from tests.support.snapshots import NOW, check, reported
from tests.support.strategies import HEALTHS

P, W, U, F = Health.PASSED, Health.WARN, Health.UNKNOWN, Health.FAIL


def judged(
    *views: ViewConfig, unasked: tuple[str, ...] = (), **healths: Health
) -> list[ViewHealth]:
    services = [ServiceHealth(name, health, 0.5) for name, health in healths.items()]
    return list(judge_views(views, services, unasked))


def test_a_view_is_as_well_as_its_rule_makes_of_its_members() -> None:
    front = ViewConfig('front', read_rule('best'), ('web*',))
    shop = ViewConfig('shop', WORST, ('db',), ('front',))
    found = judged(shop, front, web_a=F, web_b=P, db=W, other=F)
    assert [(view.name, view.health) for view in found] == [('shop', W), ('front', P)]
    assert found[0].because == '1 warn (db), 1 passed'
    assert found[0].members == ('db', 'front')
    assert found[0].qos == 0.5


def test_what_is_not_there_is_unknown_and_named() -> None:
    (view,) = judged(ViewConfig('v', WORST, ('gone', 'lost*')), web=P)
    assert view.health is U
    assert view.because == '2 unknown (no service gone no service lost*)'
    strict = ViewConfig('v', read_rule({'rule': 'worst', 'missing': 'fail'}), ('gone',))
    assert judged(strict, web=P)[0].health is F


def test_a_member_counts_once_however_often_it_is_named() -> None:
    view = ViewConfig('v', read_rule('majority'), ('a', 'a', '[a]', 'b', 'c'))
    assert judged(view, a=P, b=F, c=F)[0].health is F


def test_a_view_of_which_part_was_not_asked_is_left_out_with_those_that_hold_it() -> None:
    inner, outer = ViewConfig('in', WORST, ('d*',)), ViewConfig('out', WORST, ('web',), ('in',))
    assert judged(outer, inner, unasked=('db',), web=P) == []
    assert len(judged(outer, inner, unasked=('other',), web=P, db=P)) == 2


def test_a_view_within_itself_is_unknown_and_ends() -> None:
    found = judged(
        ViewConfig('a', WORST, (), ('b',)), ViewConfig('b', WORST, ('web',), ('a',)), web=P
    )
    assert [view.health for view in found] == [U, U]


def test_the_way_back_to_itself_is_found() -> None:
    views = {'a': ['b', 'x'], 'b': ['c'], 'c': ['d', 'a'], 'd': [], 'e': ['a']}
    assert circle(views, 'a') == ('a', 'b', 'c', 'a')
    assert circle(views, 'e') == (), 'it leads into a circle, and is not in it'
    assert circle({'a': ['a']}, 'a') == ('a', 'a')


NAMES = st.sampled_from('abcdef')


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3)), st.dictionaries(NAMES, HEALTHS))
def test_any_nesting_ends_and_no_view_without_evidence_passes(
    nested: Mapping[str, list[str]], healths: Mapping[str, Health]
) -> None:
    views = [ViewConfig(name, WORST, (name,), tuple(inner)) for name, inner in nested.items()]
    found = judge_views(views, [ServiceHealth(name, h) for name, h in healths.items()])
    assert [view.name for view in found] == list(nested)
    for view in found:
        if healths.get(view.name) is not P or circle(nested, view.name):
            assert view.health is not P


def test_a_sweep_judges_the_views_of_its_model_alone() -> None:
    units = [Unit('web/0', 'web', '0'), Unit('db/0', 'db', '1')]
    model = Model(
        'prod',
        'lab',
        applications={u.application: Application(u.application, units=(u,)) for u in units},
    )
    readings = {unit.name: reported(unit, check('x', P, '')) for unit in units}
    shop = ViewConfig('shop', WORST, ('web', 'db'))
    other = Config(views=(ViewConfig('shop', WORST, ('gone',)),))
    config = Config(views=(shop,), models={'lab:stag*': other})
    assert [
        view.health for view in conclude(Evidence(model, readings, NOW, 1.0), (), config).views
    ] == [P]
    staging = Evidence(
        Model('staging', 'lab', applications=model.applications), readings, NOW, 1.0
    )
    assert [view.health for view in conclude(staging, (), config).views] == [U]
    assert conclude(Evidence(model, readings, NOW, 1.0), ['web'], config).views == ()

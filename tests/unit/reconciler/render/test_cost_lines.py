"""Where the time of a sweep went, as people read it."""

from __future__ import annotations

from reconciler.render.people.cost import cost_lines
from reconciler.values.cost import ASKING, FAR_SIDE, LOGIN, STATUS, WORDS, SweepCost


def test_each_step_is_told_with_its_share_and_machines_with_the_usual_and_the_most() -> None:
    cost = SweepCost()
    cost.add(WORDS, 0.5)
    cost.add(ASKING, 7.0)
    cost.add(STATUS, 2.0)
    cost.add(STATUS, 0.5)
    for seconds in (0.5, 3.0, 0.25):
        cost.add_machine(LOGIN, seconds)
    cost.add_machine(FAR_SIDE, 0.1)
    assert cost_lines(cost) == [
        'where the time went: 10.00 s',
        '  juju status          2.50 s  25 %',
        '  asking machines      7.00 s  70 %',
        '    login              0.50 s usually, 3.00 s at most; 3 machines',
        '    far side           0.10 s usually, 0.10 s at most; 1 machine',
        '  words                0.50 s   5 %',
    ]


def test_nothing_took_no_time() -> None:
    assert cost_lines(SweepCost()) == ['where the time went: 0.00 s']


def test_what_is_waited_for_is_counted_and_what_is_done_with_it_is_not() -> None:
    cost = SweepCost()
    moments = []
    for item in cost.waiting(ASKING, iter('ab')):
        moments.append((item, cost.steps[ASKING]))
    assert [item for item, _ in moments] == ['a', 'b']
    assert cost.steps[ASKING] >= moments[-1][1] >= moments[0][1] >= 0.0

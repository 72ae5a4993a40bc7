"""Each way that asking may end is documented, and counted in its column."""

from __future__ import annotations

import re

import pytest

from charm.kernel.report import Health
from reconciler.judge.collate import cover
from reconciler.values.model import Application, Unit
from reconciler.values.readings import Outcome, Reading
from tests.support.tree import DOCS

PAGE = (DOCS / 'outcomes.md').read_text()
ROWS = dict(re.findall(r'^\| `([a-z-]+)` \| .* \| ([a-z ]+) \| .* \|$', PAGE, re.MULTILINE))


@pytest.mark.parametrize('outcome', list(Outcome), ids=lambda one: one.value)
def test_each_outcome_is_documented_and_counted_as_it_says(outcome: Outcome) -> None:
    column = ROWS[outcome.value].replace(' ', '_')
    reading = Reading(Unit('web/0', 'web', '0'), outcome, Health.UNKNOWN)
    counts = vars(cover(Application('web', units=(reading.unit,)), [reading]))
    assert counts.pop('expected') == 1
    assert {name for name, count in counts.items() if count} == {column}
    assert sum(counts.values()) == 1


def test_nothing_is_documented_that_cannot_happen() -> None:
    assert set(ROWS) == {outcome.value for outcome in Outcome}

"""Planted causes are found: a part of what `bench.causes` measures, held to its goals."""

from __future__ import annotations

from random import Random

import pytest

from bench import causes, topologies
from bench.scale import status_of
from tests.support.tree import ROOT


@pytest.fixture(scope='module')
def board() -> causes.Board:
    """Return the scores of outages in models that are made up, as the documentation has them."""
    return causes.run(400, 1)


@pytest.mark.slow
def test_planted_causes_are_found_and_those_named_are_true(board: causes.Board) -> None:
    certain, named = board.scores['certain'], board.scores['all that are named']
    assert certain.planted > 400
    assert certain.found * 2 >= certain.planted
    assert certain.precision >= 0.98
    assert named.precision >= 0.95
    assert named.recall >= 0.90


@pytest.mark.slow
def test_the_figures_in_the_documentation_are_those_that_are_measured(board: causes.Board) -> None:
    page = (ROOT / 'docs' / 'causes.md').read_text()
    for name, score in board.scores.items():
        assert f'| {name} | {score.named} | {score.precision:.3f} | {score.recall:.3f} |' in page


@pytest.mark.slow
def test_the_rivals_are_behind(board: causes.Board) -> None:
    ours = board.scores['all that are named']
    for name, rival in board.scores.items():
        if name.startswith('rival'):
            assert rival.planted == ours.planted
            assert rival.precision < ours.precision
            assert rival.recall < ours.recall


@pytest.mark.slow
def test_the_same_seed_plants_the_same(board: causes.Board) -> None:
    assert causes.run(20, 3) == causes.run(20, 3)
    assert causes.run(20, 3) != causes.run(20, 4)
    assert list(causes.table(board))[-1].startswith('missed: ')


def test_in_a_document_all_is_made_well_before_anything_is_planted() -> None:
    world = topologies.of_document('many', status_of(1000), Random(1))  # noqa: S311
    assert {unit.workload for unit in world.model.units()} == {topologies.WELL}
    assert world.needs

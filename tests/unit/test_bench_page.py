"""The page of what was measured: its tables and plots say what the benches found."""

from __future__ import annotations

import importlib
import shlex
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import tables
from bench.aims import AIMS
from bench.markdown import table
from bench.performance import BENCHES, DOCS, drawings, page, results
from bench.plot import HEIGHT, WIDTH, plot

SVG = '{http://www.w3.org/2000/svg}'
FIGURES = st.floats(1e-6, 1e9)
POINTS = st.lists(st.tuples(FIGURES, FIGURES), max_size=5)


@given(st.dictionaries(st.text('abc <&', min_size=1, max_size=8), POINTS, max_size=6))
def test_every_figure_is_drawn_within_the_plot(
    series: dict[str, list[tuple[float, float]]],
) -> None:
    drawn = ElementTree.fromstring(plot(series, 'machines', 'seconds'))  # noqa: S314 - our own
    said = [text.text for text in drawn.iter(f'{SVG}text')]
    assert [name for name in series if name not in said] == []
    dots = list(drawn.iter(f'{SVG}circle'))
    assert len(dots) == sum(map(len, series.values()))
    assert all(0 <= float(dot.attrib['cx']) <= WIDTH for dot in dots)
    assert all(0 <= float(dot.attrib['cy']) <= HEIGHT for dot in dots)


def test_more_is_higher_and_further_to_the_right() -> None:
    drawn = ElementTree.fromstring(plot({'a': [(10, 1), (1000, 50)]}, '', ''))  # noqa: S314
    first, last = (dot.attrib for dot in drawn.iter(f'{SVG}circle'))
    assert float(first['cx']) < float(last['cx'])
    assert float(first['cy']) > float(last['cy'])


def test_a_table_tells_figures_shortly_and_what_is_missing() -> None:
    rows = [('a', 1234567, 0.012345), ('b', None, 1234.5)]
    assert table(('', 'n', 'x'), rows).split('\n') == [
        '|  | n | x |',
        '| --- | --- | --- |',
        '| a | 1,234,567 | 0.0123 |',
        '| b | – | 1,234 |',
    ]


def test_what_was_not_measured_is_told_with_how_to() -> None:
    told = page({})
    for name, (bench, _) in tables.TABLES.items():
        assert told.count(BENCHES[bench].partition(' ')[0]) >= 1, name
    assert told.count('Not measured yet') == len(tables.TABLES)


@pytest.mark.parametrize('bench', list(BENCHES))
def test_each_bench_is_there(bench: str) -> None:
    assert callable(importlib.import_module(shlex.split(BENCHES[bench])[0]).main)


def test_each_table_and_plot_is_of_a_bench() -> None:
    of = {bench for bench, _ in (*tables.TABLES.values(), *tables.PLOTS.values())}
    assert of <= set(BENCHES)


def test_each_aim_is_of_a_bench() -> None:
    assert {aim.bench for aim in AIMS} <= set(BENCHES)


def test_the_page_and_its_plots_are_of_the_results_that_are_kept() -> None:
    known = results()
    assert set(known) == set(BENCHES)
    assert (DOCS / 'performance.md').read_text() == page(known)
    kept = {path.name: path.read_text() for path in (DOCS / 'figures').iterdir()}
    assert kept == drawings(known)


def test_an_aim_that_is_not_met_says_why() -> None:
    known = {name: kept['found'] for name, kept in results().items()}
    missed = [aim for aim in AIMS if not aim.is_met(known[aim.bench])]
    assert [aim.what for aim in missed if not aim.why(known)] == []

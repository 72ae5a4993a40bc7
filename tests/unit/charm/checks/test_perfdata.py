"""Performance data is read in full, written so that it is read back, and brought to base units."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.perfdata import Metric, in_base_units, parse, to_data
from charm.checks.thresholds import Range, format_number

NUMBERS = st.none() | st.floats(-1e12, 1e12)
RANGES = st.none() | st.builds(Range.at_least, st.floats(-1e9, 1e9))
LABELS = st.text(st.characters(exclude_categories=['Cs', 'Cc', 'Zl', 'Zp', 'Zs']), min_size=1)
METRICS = st.builds(
    Metric,
    LABELS,
    NUMBERS,
    st.sampled_from(['', 's', 'ms', 'us', '%', 'B', 'KB', 'MB', 'TB', 'c']),
    RANGES,
    RANGES,
    NUMBERS,
    NUMBERS,
).map(lambda metric: metric if metric.value is not None else replace(metric, unit=''))

OUT = Metric('out/s', 5.0, '%', Range(0, 1), Range(0, 2))


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('', ()),
        ('a=1', (Metric('a', 1.0),)),
        ('a=1;', (Metric('a', 1.0),)),
        (
            '/=2643MB;5948;5958;0;5968',
            (Metric('/', 2643.0, 'MB', Range(0, 5948), Range(0, 5958), 0.0, 5968.0),),
        ),
        ("'free space'=5% 'it''s'=1", (Metric('free space', 5.0, '%'), Metric("it's", 1.0))),
        ('n=U', (Metric('n', None),)),
        (
            't=-1.5e-3s;@5:10;~:20',
            (Metric('t', -0.0015, 's', Range(5, 10, True), Range.at_most(20)),),
        ),
        ('a=1;;;0', (Metric('a', 1.0, minimum=0.0),)),
        ('a=1;x;y', (Metric('a', 1.0),)),
        ('in/s=0, out/s=5%;1;2, u=U,', (Metric('in/s', 0.0), OUT, Metric('u', None))),
    ],
)
def test_items_are_read_as_the_guidelines_have_them(
    text: str, expected: tuple[Metric, ...]
) -> None:
    assert parse(text) == (expected, ())


@pytest.mark.parametrize(
    ('text', 'labels', 'rejected'),
    [
        ('a=1 nonsense b=2', ['a', 'b'], ['nonsense']),
        ('a=1,5 b=2', ['b'], ['a=1,5']),
        ('=1 b=2', ['b'], ['=1']),
        ('a=1e999 b=2', ['b'], ['a=1e999']),
        ('a=nan', [], ['a=nan']),
        ('x=UP y=Us z=UNKNOWN a=1', ['a'], ['x=UP', 'y=Us', 'z=UNKNOWN']),
        ("'open=1 b=2", ['b'], ["'open=1"]),
    ],
)
def test_what_is_no_item_is_left_out_and_said(
    text: str, labels: list[str], rejected: list[str]
) -> None:
    metrics, words = parse(text)
    assert [metric.label for metric in metrics] == labels
    assert list(words) == rejected


def written(metric: Metric) -> str:
    """Return the item as a plugin would print it."""
    value = 'U' if metric.value is None else f'{format_number(metric.value)}{metric.unit}'
    label = metric.label.replace("'", "''")
    ranges = ['' if each is None else str(each) for each in (metric.warn, metric.fail)]
    ends = [
        '' if each is None else format_number(each) for each in (metric.minimum, metric.maximum)
    ]
    return f"'{label}'={value};{';'.join(ranges + ends)}".rstrip(';')


@given(st.lists(METRICS, max_size=6))
def test_what_is_written_is_read_back(metrics: list[Metric]) -> None:
    assert parse(' '.join(map(written, metrics))) == (tuple(metrics), ())


@given(st.text(max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    metrics, _rejected = parse(text)
    for metric in metrics:
        assert metric.value is None or math.isfinite(metric.value)


def test_a_flood_of_items_is_bounded() -> None:
    metrics, rejected = parse('a=1 ' * 100_000)
    assert len(metrics) + len(rejected) == 500


@pytest.mark.parametrize(
    ('metric', 'value', 'unit'),
    [
        (Metric('t', 250.0, 'ms'), 0.25, 's'),
        (Metric('t', 3.0, 'us'), 3e-6, 's'),
        (Metric('t', 3.0, 's'), 3.0, 's'),
        (Metric('d', 2.0, 'KB'), 2048.0, 'B'),
        (Metric('d', 1.0, 'TB'), 2.0**40, 'B'),
        (Metric('d', 1.0, 'GiB'), 2.0**30, 'B'),
        (Metric('p', 5.0, '%'), 5.0, '%'),
        (Metric('c', 7.0, 'c'), 7.0, 'c'),
        (Metric('u', None, 'ms'), None, 's'),
    ],
)
def test_times_are_seconds_and_sizes_bytes(metric: Metric, value: float | None, unit: str) -> None:
    base = in_base_units(metric)
    assert base.value == (None if value is None else pytest.approx(value))
    assert base.unit == unit


def test_thresholds_are_brought_to_base_units_with_the_value() -> None:
    base = in_base_units(Metric('d', 1.0, 'KB', Range(0, 5), Range(0, 10), 0.0, 20.0))
    assert (str(base.warn), str(base.fail)) == ('0:5120', '0:10240')
    assert (base.minimum, base.maximum) == (0.0, 20480.0)


def test_of_twins_the_later_counts_and_what_is_unsaid_is_left_out() -> None:
    assert to_data([Metric('a', 1.0), Metric('a', None)]) == {'a': {'value': None, 'unit': ''}}

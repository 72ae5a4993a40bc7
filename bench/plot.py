"""Draw how figures grow, as SVG: both axes by powers of ten, a line for each series."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 200, 20, 50
# Told apart without colours too, by their dashes (Okabe and Ito's palette).
_STROKES = (
    *(('#0072b2', ''), ('#d55e00', '6 3'), ('#009e73', '2 3'), ('#cc79a7', '8 3 2 3')),
    *(('#56b4e9', '1 4'), ('#e69f00', '10 4')),
)
Points = Sequence[tuple[float, float]]


def plot(series: Mapping[str, Points], across: str, up: str) -> str:
    """Return the drawing; figures that are not above zero cannot be drawn, and are left out."""
    known = {
        name: [(x, y) for x, y in points if x > 0 and y > 0] for name, points in series.items()
    }
    xs = _Axis([x for points in known.values() for x, _ in points], _LEFT, WIDTH - _RIGHT)
    ys = _Axis([y for points in known.values() for _, y in points], HEIGHT - _BOTTOM, _TOP)
    body = [*_grid(xs, ys, across, up)]
    for (name, points), (colour, dashes), row in zip(
        known.items(), _STROKES * len(known), range(len(known)), strict=False
    ):
        body += _line([(xs.at(x), ys.at(y)) for x, y in points], colour, dashes)
        body += _legend(name, colour, dashes, _TOP + 10 + 18 * row)
    style = 'font-family="sans-serif" font-size="11"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {style}>'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    return '\n'.join([head, ground, *body, '</svg>', ''])


class _Axis:
    """Powers of ten that hold all values, and where each value lies."""

    def __init__(self, values: Iterable[float], first: float, last: float) -> None:
        logs = [math.log10(value) for value in values] or [0.0]
        self._low, self._high = (
            math.floor(min(logs)),
            max(math.ceil(max(logs)), math.floor(min(logs)) + 1),
        )
        self._first, self._last = first, last

    @property
    def marks(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]

    def at(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._first + share * (self._last - self._first)


def _grid(xs: _Axis, ys: _Axis, across: str, up: str) -> Iterator[str]:
    for mark in xs.marks:
        x = xs.at(mark)
        yield f'<path d="M{x:.1f} {_TOP}V{HEIGHT - _BOTTOM}" stroke="#ddd"/>'
        yield _text(x, HEIGHT - _BOTTOM + 16, f'{mark:,g}', 'middle')
    for mark in ys.marks:
        y = ys.at(mark)
        yield f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#ddd"/>'
        yield _text(_LEFT - 6, y + 4, f'{mark:,g}', 'end')
    yield _text((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 12, across, 'middle')
    turned = f'transform="rotate(-90 14 {HEIGHT / 2})"'
    yield f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" {turned}>{escape(up)}</text>'


def _line(points: Points, colour: str, dashes: str) -> Iterator[str]:
    path = 'L'.join(f'{x:.1f} {y:.1f}' for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ''
    yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>'
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def _legend(name: str, colour: str, dashes: str, y: float) -> Iterator[str]:
    x = WIDTH - _RIGHT + 12
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ''
    yield f'<path d="M{x} {y}h24" stroke="{colour}" stroke-width="2"{dashed}/>'
    yield _text(x + 30, y + 4, name, 'start')


def _text(x: float, y: float, said: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'

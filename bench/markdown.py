"""Figures as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; `None` is a dash."""
    lines = [heads, ['---'] * len(heads), *rows]
    return '\n'.join(f'| {" | ".join(_cell(cell) for cell in line)} |' for line in lines)


def table_of(
    name: str,
    rows: Mapping[str, Any],
    columns: Iterable[tuple[str, Callable[[Any], object]]],
) -> str:
    """Return a Markdown table with a line for each row, which begins with the row's name."""
    heads, cells = zip(*columns, strict=True)
    lines = ((key, *(cell(row) for cell in cells)) for key, row in rows.items())
    return table((name, *heads), lines)


def _cell(value: object) -> str:
    if value is None:
        return '–'
    if isinstance(value, float):
        return f'{value:,.0f}' if abs(value) >= 100 else f'{value:.3g}'
    return f'{value:,}' if isinstance(value, int) else str(value)


def spread(figures: Mapping[str, float] | Sequence[float] | None) -> str | None:
    """Return a median with the least and the most."""
    if figures is None:
        return None
    middle, least, most = figures.values() if isinstance(figures, Mapping) else figures
    return f'{_cell(middle)} ({_cell(least)}–{_cell(most)})'

"""Where the time of a sweep went, for people."""

from __future__ import annotations

from ...values.cost import ASKING, SHARES, SweepCost
from ...values.words import counted


def cost_lines(cost: SweepCost) -> list[str]:
    """Return what each step took, with its share of all; of the machines the usual and the most.

    `asking machines` is what was waited for; the lines below it are of single machines, many of
    which are asked at the same time.
    """
    steps = cost.steps
    whole = sum(steps.values())
    lines = [f'where the time went: {whole:.2f} s']
    for name, seconds in steps.items():
        lines.append(f'  {name:16} {seconds:8.2f} s {_percent(seconds, whole):>5}')
        lines += _shares(cost) if name == ASKING else []
    return lines


def _percent(seconds: float, whole: float) -> str:
    return f'{seconds / whole * 100:.0f} %' if whole else '-'


def _shares(cost: SweepCost) -> list[str]:
    lines = []
    for share in SHARES:
        took = cost.machines(share)
        if took:
            usual, most = took[len(took) // 2], took[-1]
            of = counted(len(took), 'machine')
            lines.append(f'    {share:14} {usual:8.2f} s usually, {most:.2f} s at most; {of}')
    return lines

"""What every renderer is given, beside the snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.values.readings import Snapshot


@dataclass(frozen=True)
class RenderOptions:
    """How to render.

    Attributes:
        now: what ages are told against (UTC).
        colour: terminal colours may be used.
        width: columns of the terminal.
        unit_detail: show every check of every unit, not only what is wrong.
        blame: put the causes first, each with its victims.
        everything: fold nothing that is alike.
    """

    now: datetime
    colour: bool = False
    width: int = 100
    unit_detail: bool = False
    blame: bool = False
    everything: bool = False


Renderer = Callable[['Snapshot', RenderOptions], str]

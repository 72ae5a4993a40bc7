"""What had changed before a trouble of now: what `explain` cites of the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ..values.model import Model
from .find import KnownModel, find_model, known_models, last_look
from .timeline import FlipSeen, Span, timeline

# A trouble that began before has been talked about.
_LOOKED_BACK = 7 * 86400 * 1000


@dataclass(frozen=True)
class PastTrouble:
    """A trouble that lasts, as the history has it.

    Attributes:
        name: what it is of.
        since: when it began; milliseconds since 1970, UTC.
        changes: what changed before, each as how long before in seconds, and in words.
    """

    name: str
    since: int
    changes: tuple[tuple[float, str], ...]


def before_trouble(
    connection: Connection, model: Model, names: Sequence[str]
) -> tuple[PastTrouble, ...]:
    """Return since when those of these names are unwell, as far as something changed before.

    Nothing of a model, and of what is in it, that no sweep recorded.
    """
    wanted = model.full_name or model.title
    if not any(known.is_meant_by(wanted) for known in known_models(connection)):
        return ()
    return before_those(connection, find_model(connection, wanted), names)


def before_those(
    connection: Connection, whose: KnownModel, names: Sequence[str]
) -> tuple[PastTrouble, ...]:
    """Return that of a model that is known."""
    until = last_look(connection, whose)
    if until is None:
        return ()
    happened = timeline(connection, whose, Span(until - _LOOKED_BACK, until, names)).happened
    last = {each.subject.name: each for each in happened if isinstance(each, FlipSeen)}
    flips = (last[name] for name in dict.fromkeys(names) if name in last)
    return tuple(
        PastTrouble(
            flip.subject.name,
            flip.at,
            tuple(((flip.at - change.at) / 1000, change.sentence) for change in flip.just_before),
        )
        for flip in flips
        if flip.until is None and flip.just_before
    )

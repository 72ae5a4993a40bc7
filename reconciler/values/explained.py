"""Whom a cause explains, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

from .certainty import Certainty
from .readings import Blame, Cause, Snapshot
from .words import counted


def as_told(found: Blame | Cause) -> Certainty:
    """Return how sure it is; of a sweep that does not tell what claims least."""
    return found.certainty or Certainty.POSSIBLE


def explains(certainty: Certainty, names: Sequence[str]) -> str:
    """Return such as `likely explains 2 services`."""
    return f'{certainty.adverb}explains {counted(len(names), "service")}'


def explained_by(snapshot: Snapshot, cause: Cause) -> list[tuple[Certainty, list[str]]]:
    """Return the victims of a cause by how sure it is that it explains them, the surest first."""
    blames = {service.name: service.blame for service in snapshot.services}
    groups: dict[Certainty, list[str]] = {word: [] for word in Certainty}
    for name in cause.victims:
        groups[as_told(blames.get(name) or cause)].append(name)
    return [(certainty, names) for certainty, names in groups.items() if names]

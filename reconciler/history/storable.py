"""What units say, as every database keeps it: one odd character must not cost the whole sweep.

PostgreSQL has no NUL in its texts, and UTF-8 no half of a surrogate pair, which JSON can name and
which Python puts for bytes of a path that are no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from .looks import Look, SweepLooks
from .subject import Subject

_Value = TypeVar('_Value')
_REPLACED = '\N{REPLACEMENT CHARACTER}'


def storable(sweep: SweepLooks) -> SweepLooks:
    """Return the sweep with what no database keeps replaced; the same where there is nothing."""
    texts = (*_texts(sweep.looks), *_named(sweep.facts), *_named(sweep.figures))
    if all(map(_is_kept, (*texts, *sweep.faults, sweep.model, sweep.uuid))):
        return sweep
    return replace(
        sweep,
        model=kept(sweep.model),
        uuid=kept(sweep.uuid),
        faults=tuple(map(kept, sweep.faults)),
        looks={_subject(subject): _look(look) for subject, look in sweep.looks.items()},
        facts={_subject(subject): _pairs(values) for subject, values in sweep.facts.items()},
        figures={_subject(subject): _pairs(values) for subject, values in sweep.figures.items()},
    )


def _texts(looks: Mapping[Subject, Look]) -> list[str]:
    return [text for (_, name), look in looks.items() for text in (name, look.message)]


def _named(told: Mapping[Subject, Mapping[str, Any]]) -> list[str]:
    """Return the subjects' names, and all texts of what is told of them."""
    found = [name for _, name in told]
    for values in told.values():
        found += values
        found += [value for value in values.values() if isinstance(value, str)]
    return found


def _is_kept(text: str) -> bool:
    return (text.isascii() and '\0' not in text) or kept(text) == text


def kept(text: str) -> str:
    """Return a text with what no database keeps replaced."""
    whole = text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')
    return whole.replace('\0', _REPLACED)


def _subject(subject: Subject) -> Subject:
    return Subject(subject.kind, kept(subject.name))


def _look(look: Look) -> Look:
    return replace(look, state=kept(look.state), message=kept(look.message))


def _pairs(values: Mapping[str, _Value]) -> dict[str, Any]:
    return {
        kept(name): kept(value) if isinstance(value, str) else value
        for name, value in values.items()
    }

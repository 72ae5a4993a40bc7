"""What units say, as every database keeps it: one odd character must not cost the whole sweep.

PostgreSQL has no NUL in its texts, and UTF-8 no half of a surrogate pair, which JSON can name and
which Python puts for bytes of a path that are no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from .looks import EarlierLook, Look, SweepLooks
from .subject import Subject

_Value = TypeVar('_Value')
_encode = msgspec.json.Encoder().encode
_NUL = b'\\u0000'
_REPLACED = '\N{REPLACEMENT CHARACTER}'


def storable(sweep: SweepLooks) -> SweepLooks:
    """Return the sweep with what no database keeps replaced; the same where there is nothing."""
    if _is_kept(sweep):
        return sweep
    return replace(
        sweep,
        model=kept(sweep.model),
        uuid=kept(sweep.uuid),
        faults=tuple(map(kept, sweep.faults)),
        looks={_subject(subject): _look(look) for subject, look in sweep.looks.items()},
        facts={_subject(subject): _pairs(values) for subject, values in sweep.facts.items()},
        figures={_subject(subject): _pairs(values) for subject, values in sweep.figures.items()},
        between={
            _subject(subject): [_earlier(one) for one in told]
            for subject, told in sweep.between.items()
        },
    )


def _is_kept(sweep: SweepLooks) -> bool:
    """Return whether it surely has nothing to replace: JSON names NUL, and no such halves."""
    told = (sweep.looks, sweep.facts, sweep.figures, sweep.between)
    texts = (sweep.model, sweep.uuid, sweep.faults)
    try:
        said = _encode((texts, [list(each.items()) for each in told]))
    except UnicodeEncodeError:
        return False
    return _NUL not in said


def kept(text: str) -> str:
    """Return a text with what no database keeps replaced."""
    whole = text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')
    return whole.replace('\0', _REPLACED)


def _subject(subject: Subject) -> Subject:
    return Subject(subject.kind, kept(subject.name))


def _look(look: Look) -> Look:
    return replace(look, state=kept(look.state), message=kept(look.message))


def _earlier(one: EarlierLook) -> EarlierLook:
    return replace(one, look=_look(one.look))


def _pairs(values: Mapping[str, _Value]) -> dict[str, Any]:
    return {
        kept(name): kept(value) if isinstance(value, str) else value
        for name, value in values.items()
    }

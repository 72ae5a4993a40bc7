"""What of a model was meant by a name that it does not have."""

from __future__ import annotations

from ..values.by_name import load
from ..values.model import Model
from ..values.words import first_few

_MOST_NEAR = 3
_MOST_KNOWN = 8


def hint(word: str, model: Model) -> str:
    """Return what to say after that the model has no such name: `; did you mean 'mysql'?`.

    For a unit the nearest units, for anything else the nearest applications and machines; where
    none is near, the first of the applications.
    """
    units = [unit.name for unit in model.units()]
    known = units if '/' in word and units else [*model.applications, *model.machines]
    near = load('difflib:get_close_matches')(word, known, _MOST_NEAR, 0.6)
    if near:
        *others, last = map(repr, near)
        listed = f'{", ".join(others)} or {last}' if others else last
        return f'; did you mean {listed}?'
    if not model.applications:
        return '; it has no applications'
    return f'; it has {first_few(sorted(model.applications), _MOST_KNOWN)}'

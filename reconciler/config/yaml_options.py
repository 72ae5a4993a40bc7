"""Dataclasses whose fields are keys of a YAML mapping: read by their types' readers, and shown.

A field says how it is read and, where that is not its plain value, how it is written again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from charm.kernel.names import nearest

from .yaml_nodes import YamlNode

Value = TypeVar('Value')
# Returns what stands there; raises ValueError with what is wrong, or notes it at the node.
Read = Callable[[YamlNode], Any]
Write = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True)
class Form:
    """How a value stands in YAML.

    Attributes:
        read: makes it of what stands there.
        write: makes of it what is shown, which hides what is secret.
    """

    read: Read
    write: Write = lambda value: value


def option(form: Form, key: str = '', **given: Any) -> Any:
    """Return a field of that form, under its own name or `key`; `given` is as for `field`."""
    return dataclasses.field(metadata={'form': form, 'key': key}, **given)


def options(kind: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    """Return the fields of a dataclass by their keys, in order."""
    found = (one for one in dataclasses.fields(kind) if 'form' in one.metadata)
    return {one.metadata['key'] or one.name: one for one in found}


def nested(kind: type[Any]) -> Form:
    """Return the form of a mapping with the options of that dataclass."""
    return Form(lambda spot: read_options(kind, spot, dict(spot.items())), written)


def each(form: Form) -> Form:
    """Return the form of a list of these; one alone stands for a list of it."""
    return Form(
        lambda spot: tuple(form.read(item) for item in spot.each()),
        lambda values: [form.write(value) for value in values],
    )


def read_options(kind: type[Value], spot: YamlNode, given: Mapping[str, YamlNode]) -> Value | None:
    """Return the dataclass with what is `given` at `spot`; `None`, with why, if it is none."""
    known = options(kind)
    found: dict[str, Any] = {}
    wrong = False
    for key, value in given.items():
        if key not in known:
            value.refuse(f'no such key{nearest(key, known, "the keys here are ")}')
            continue
        try:
            found[known[key].name] = known[key].metadata['form'].read(value)
        except ValueError as error:
            value.refuse(str(error))
            wrong = True
    missing = [key for key, one in known.items() if key not in given and _is_wanted(one)]
    if missing:
        spot.refuse(f'it wants {" and ".join(missing)}')
    if missing or wrong:
        return None
    try:
        return kind(**found)
    except ValueError as error:
        spot.refuse(str(error))
        return None


def _is_wanted(option: dataclasses.Field[Any]) -> bool:
    no_default: Any = dataclasses.MISSING
    return option.default is no_default and option.default_factory is no_default


def written(value: Any) -> dict[str, Any]:
    """Return the options of a dataclass by their keys, but for those at their defaults."""
    said = {}
    for key, one in options(type(value)).items():
        found = getattr(value, one.name)
        unsaid = one.default_factory() if callable(one.default_factory) else one.default
        if found != unsaid:
            said[key] = one.metadata['form'].write(found)
    return said

"""The options of a check, converted from what a definition holds to what its fields are."""

from __future__ import annotations

import math
import typing
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, NewType, Tuple, Type, TypeVar, Union

from ..kernel.facts import MISSING, fields, replace
from ..kernel.names import nearest
from . import command_line
from .json_values import as_text
from .options import HasOptions, OptionError
from .thresholds import Range

Command = NewType('Command', Tuple[str, ...])
# By path, the globs of which a value has to match one.
Wanted = Mapping[str, Tuple[str, ...]]
Made = TypeVar('Made', bound=HasOptions)


def option_names(check: Type[HasOptions]) -> Tuple[str, ...]:
    """Return the names of the options of a check's class."""
    return tuple(field.name for field in fields(check) if not field.metadata.get('outside'))


def build(check: Type[Made], values: Mapping[str, Any]) -> Made:
    """Return the check of class `check` with its options set from `values`.

    Raises:
        OptionError: an option is unknown, missing, of another type, or refused by the check.
    """
    converted = convert(check, values)
    for field in fields(check):
        required = field.default is MISSING and field.default_factory is MISSING
        if required and field.name not in converted:
            raise OptionError(field.name, 'missing, and it has no default')
    return _made(partial(check, **converted))


def rebuild(check: Made, values: Mapping[str, Any]) -> Made:
    """Return the check with the options in `values` set anew, and the others as they are.

    Raises:
        OptionError: an option is unknown, of another type, or refused by the check.
    """
    return _made(partial(replace, check, **convert(type(check), values)))


def _made(make: Callable[[], Made]) -> Made:
    """Return what is made; that an option cannot be used costs its definition alone."""
    try:
        return make()
    except OptionError:
        raise
    except Exception as error:
        raise OptionError('', f'{type(error).__name__}: {error}') from error


def convert(check: Type[HasOptions], values: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the options in `values`, each as its field's type.

    Raises:
        OptionError: an option is unknown, or of another type.
    """
    names = option_names(check)
    # Their modules need none of these names to run, and may have stand-ins for them.
    hints = typing.get_type_hints(check, localns=vars(typing))
    converted: Dict[str, Any] = {}
    for key, value in values.items():
        if key not in names:
            raise OptionError(key, f'no such option{nearest(key, names)}')
        try:
            converted[key] = _convert(hints[key], value)
        except ValueError as error:
            raise OptionError(key, str(error)) from error
    return converted


def _convert(hint: Any, value: Any) -> Any:
    """Return `value` as the type that `hint`, a field's annotation, asks for."""
    inner = getattr(hint, '__args__', None) or ()
    if getattr(hint, '__origin__', None) is Union and type(None) in inner:
        if value is None:
            return None
        hint = next(item for item in inner if item is not type(None))
    return CONVERTERS[hint](value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f'{_kind(value)} where text belongs; quote it')
    if '\0' in value:
        raise ValueError('the text holds a NUL character')
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f'{_kind(value)} where true or false belongs')
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f'{_kind(value)} where a whole number belongs')
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f'{_kind(value)} where a number belongs')
    return float(value)


def _path(value: Any) -> Path:
    path = Path(_text(value))
    if not path.is_absolute():
        raise ValueError(f'{value!r} is not an absolute path')
    return path


def _range(value: Any) -> Range:
    return Range.parse(str(_number(value)) if not isinstance(value, str) else value)


def _words(value: Any) -> Tuple[str, ...]:
    """Return a list of texts; one text alone is a list of one, a whole number is its digits."""
    items = value if isinstance(value, list) else [value]
    return tuple(
        str(item) if isinstance(item, int) and not isinstance(item, bool) else _text(item)
        for item in items
    )


def _command(value: Any) -> Tuple[str, ...]:
    """Return the words of a command: a list, or one text split as a shell would, without one."""
    words = tuple(command_line.split(_text(value))) if isinstance(value, str) else _words(value)
    if not words or not words[0]:
        raise ValueError('the command is empty')
    return words


def _texts(value: Any) -> Dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f'{_kind(value)} where a mapping belongs')
    return {_text(key): _words(item)[0] for key, item in value.items()}


def _wanted(value: Any) -> Dict[str, Tuple[str, ...]]:
    """Return by path the values any of which is wanted, each as JSON writes it."""
    if not isinstance(value, dict):
        raise ValueError(f'{_kind(value)} where a mapping belongs')
    wanted: Dict[str, Tuple[str, ...]] = {}
    for key, item in value.items():
        items = item if isinstance(item, list) else [item]
        if any(isinstance(one, (dict, list)) for one in items):
            raise ValueError(f'{key}: a text, a number, true, false, null or a list of these')
        wanted[_text(key)] = tuple(map(as_text, items))
    return wanted


def _kind(value: Any) -> str:
    if isinstance(value, (str, int, float)):
        return repr(value)[:60]
    kind = type(value).__name__
    return {'NoneType': 'nothing', 'dict': 'a mapping', 'list': 'a list'}.get(kind, kind)


CONVERTERS: Mapping[Any, Callable[[Any], Any]] = {
    str: _text,
    bool: _truth,
    int: _whole,
    float: _number,
    Path: _path,
    Range: _range,
    Tuple[str, ...]: _words,
    Command: _command,
    Mapping[str, str]: _texts,
    Wanted: _wanted,
}

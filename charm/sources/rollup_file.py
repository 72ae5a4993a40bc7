"""The rollup that an operator has units ask for, where their charm asks for none.

A file of JSON for each application beside checks.d, which the subordinate's hook writes:
`/etc/juju-health/rollups.d/web.json` with `{"rule": "at-least", "count": 2}`. Which rules there
are is known where units are put together, by `reconcile-health`; an unknown one is said there.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.errors import DefinitionError, ReportError
from ..kernel.hints import Any, Tuple
from ..kernel.report import JSONObject
from ..kernel.strict_json import load
from .trust import read_trusted

_DIRECTORY = 'rollups.d'


def read(definitions: Path, service: str) -> Tuple[JSONObject, Tuple[DefinitionError, ...]]:
    """Return the rollup of a service, empty if there is none, and what is wrong with its file.

    Args:
        definitions: the directory beside which that of the rollups is.
        service: the application.
    """
    path = definitions.with_name(_DIRECTORY) / f'{service}.json'
    try:
        return checked(str(path), load(read_trusted(path))), ()
    except FileNotFoundError:
        return {}, ()
    except ReportError as error:
        return {}, (DefinitionError(str(path), error.path, error.reason),)
    except DefinitionError as error:
        return {}, (error,)


def parse(source: str, text: str) -> JSONObject:
    """Return the rollup that a text asks for: `at-least 2`, or a mapping; empty for none.

    Raises:
        DefinitionError: it is neither.
    """
    # Imported late: units read JSON here; YAML is for a charm's option.
    from . import plain_yaml

    try:
        value = plain_yaml.load(text)
    except plain_yaml.PlainYamlError as error:
        raise DefinitionError(source, f'line {error.line}', error.reason) from error
    if value is None:
        return {}
    return checked(source, {'rule': value} if isinstance(value, str) else value)


def checked(source: str, value: Any) -> JSONObject:
    """Return the value if it has the form of a rollup.

    Raises:
        DefinitionError: it has not.
    """
    if not isinstance(value, dict) or not isinstance(value.get('rule'), str):
        reason = 'it is neither a rule, such as `at-least 2`, nor a mapping with the key `rule`'
        raise DefinitionError(source, '', reason)
    return value

"""The published JSON Schemas: made of what reads and writes the documents, and never behind it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from reconciler.render.programs.json_schema import PLACE, schemas
from reconciler.saved.sweep_document import to_document
from reconciler.values.outcomes import Outcome
from tests.support.snapshots import aged, stuck, troubled

SWEEP = json.loads(schemas()['sweep.schema.json'])


@pytest.mark.parametrize('name', schemas())
def test_the_published_file_is_up_to_date(name: str) -> None:
    assert (PLACE / name).read_text() == schemas()[name], 'write it anew with: make schema'


def test_no_other_schema_is_published_there() -> None:
    assert {path.name for path in PLACE.glob('*.schema.json')} == schemas().keys()


def test_it_knows_every_outcome() -> None:
    words = SWEEP['$defs']['UnitDocument']['properties']['outcome']['enum']
    assert words == [outcome.value for outcome in Outcome]


def objects(document: Any, schema: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each object of the document with the schema that describes it."""
    found = []
    for choice in schema.get('anyOf', [schema]):
        own = SWEEP['$defs'][choice['$ref'].rpartition('/')[2]] if '$ref' in choice else choice
        if isinstance(document, list) and 'items' in own:
            for item in document:
                found += objects(item, own['items'])
        elif isinstance(document, dict) and 'properties' in own:
            found.append((document, own))
            for key, item in document.items():
                found += objects(item, own['properties'][key])
    return found


def test_whatever_is_written_has_the_keys_of_the_schema_in_its_order() -> None:
    # None of these was asked for by its owner.
    for snapshot in (troubled(), stuck(), aged()):
        document = json.loads(json.dumps(to_document(snapshot)))
        found = objects(document, SWEEP)
        assert len(found) > len(snapshot.readings()) > 2
        for written, schema in found:
            assert list(written) == [key for key in schema['properties'] if key != 'owner']


@pytest.mark.parametrize(
    ('key', 'value'),
    [('unit', ''), ('qos', 1.5), ('attempts', -1), ('report', []), ('machine', None)],
)
def test_it_refuses_what_a_reader_refuses(key: str, value: Any) -> None:
    document = json.loads(json.dumps(to_document(troubled())))
    jsonschema.validate(document, SWEEP)
    document['services'][0]['units'][0][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SWEEP)

"""Sweeps that were saved by the version before: they are read as they were meant then."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing

from charm.kernel.report import Health
from reconciler.render.programs.json_schema import schemas
from reconciler.saved.sweep_document import decode, decode_any, to_document
from reconciler.sweeps.fleet import Fleet
from reconciler.values.advice import Advice
from reconciler.values.model import Model, Unit
from reconciler.values.outcomes import advise
from reconciler.values.readings import Reading, Snapshot
from tests.support import render_cases
from tests.support.fleets import three
from tests.support.snapshots import aged, stuck, troubled
from tests.support.tree import TESTS

SAVED = sorted((TESTS / 'data' / 'saved').glob('*.json'))
MADE: dict[str, Callable[[], Snapshot]] = {
    'aged': aged,
    'stuck': stuck,
    'told': render_cases.told,
    'troubled': troubled,
}


def kept(snapshot: Snapshot) -> Snapshot:
    """Return what a saved sweep kept of it then: no inventory, notes, or when reports were made.

    How sure a cause is was not told either.

    Its advice named no model; what was said of an outcome names it all the same when it is read.
    """
    model = snapshot.model
    services = [
        replace(
            service,
            readings=tuple(_kept(model, one) for one in service.readings),
            blame=service.blame and replace(service.blame, certainty=None),
        )
        for service in snapshot.services
    ]
    return replace(
        snapshot,
        model=Model(model.name, model.controller, model.type, model.version),
        services=tuple(services),
        notes=(),
        causes=tuple(replace(cause, certainty=None) for cause in snapshot.causes),
    )


def _kept(model: Model, reading: Reading) -> Reading:
    own = reading.unit
    unit = Unit(own.name, own.application, own.machine, own.principal, own.leader)
    advice = advise(reading.outcome, model, reading.unit, reading.hook)
    # Then Juju's word called for nothing.
    if reading.juju is None and nameless(str(reading.advice)) != nameless(str(advice)):
        advice = Advice(str(reading.advice).replace(f' -m {model.full_name}', ''))
    return replace(reading, unit=unit, made_at=None, advice=advice, evidence=None)


def saved(name: str) -> bytes:
    (path,) = (path for path in SAVED if path.stem == name)
    return path.read_bytes()


@pytest.mark.parametrize('name', MADE)
def test_a_sweep_of_one_model_is_read_as_what_it_was_made_of(name: str) -> None:
    found = decode(saved(name))
    # Then what only warned was among the causes too.
    causes = [one for one in found.causes if one.victims or one.health is not Health.WARN]
    assert replace(found, causes=tuple(causes)) == kept(MADE[name]())


def test_a_sweep_of_several_models_is_too() -> None:
    found, made = decode_any(saved('fleet')), three()
    assert isinstance(found, Fleet)
    snapshots = {name: kept(snapshot) for name, snapshot in made.snapshots.items()}
    assert found == replace(made, snapshots=snapshots)


@pytest.mark.parametrize('name', ['fleet', 'stuck', 'told', 'troubled'])
def test_advice_that_named_no_model_does(name: str) -> None:
    found = decode_any(saved(name))
    snapshots = found.snapshots.values() if isinstance(found, Fleet) else [found]
    readings = [reading for snapshot in snapshots for reading in snapshot.readings()]
    about = [line for line in map(str, (r.advice for r in readings)) if 'show-machine' in line]
    assert about
    assert all(' -m ' in line for line in about)


def nameless(text: str) -> str:
    return re.sub(r' -m [a-z0-9]+:[a-z/]+', '', text)


def without_added(document: Any) -> Any:
    """Return a document without the keys that sweeps of then lacked."""
    if isinstance(document, dict):
        added = {
            'made_at',
            'evidence',
            'notes',
            'certainty',
            *(['juju', 'alerting'] if 'coverage' in document else []),
        }
        added |= {'ceiling'} if 'causes' in document else set()
        added |= {'probed'} if 'no_hook' in document else set()
        return {key: without_added(item) for key, item in document.items() if key not in added}
    return [*map(without_added, document)] if isinstance(document, list) else document


@pytest.mark.parametrize('path', SAVED, ids=lambda path: path.stem)
def test_saved_again_it_has_the_same_keys_in_the_same_order_and_those_added_since(
    path: Path,
) -> None:
    again = json.dumps(to_document(decode_any(path.read_bytes())), indent=2) + '\n'
    assert '"made_at": null' in again
    stripped = json.dumps(without_added(json.loads(again)), indent=2) + '\n'
    assert nameless(stripped) == nameless(path.read_text())


@pytest.mark.parametrize('path', SAVED, ids=lambda path: path.stem)
def test_it_is_still_what_the_published_schema_says(path: Path) -> None:
    documents = {name: json.loads(text) for name, text in schemas().items()}
    registry: referencing.Registry[Any] = referencing.Registry().with_contents(
        [(schema['$id'], schema) for schema in documents.values()]
    )
    found = json.loads(path.read_text())
    schema = documents['fleet.schema.json' if 'models' in found else 'sweep.schema.json']
    jsonschema.Draft202012Validator(schema, registry=registry).validate(found)

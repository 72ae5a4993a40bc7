"""Real dumps of juju status are read whole: our own small ones, and whatever others lie beside."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from reconciler.collect.interpret import silent_reading
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju import status
from reconciler.render import RENDERERS, RenderOptions
from reconciler.values.readings import Outcome
from tests.support.golden import check_golden
from tests.support.tree import ROOT

OWN = ROOT / 'tests' / 'data' / 'juju-status'
# Fixtures of other projects may be laid beside a checkout; they are not ours to copy.
BESIDE = ROOT.parent / 'shared' / 'status-samples'
DUMPS = sorted(
    path
    for place in (OWN, BESIDE)
    for path in place.glob('*.json')
    if 'applications' in json.loads(path.read_text())
)
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize('path', DUMPS, ids=lambda path: path.stem)
def test_a_real_dump_is_read_whole_and_concluded(path: Path) -> None:
    document = json.loads(path.read_text())
    model = status.decode(path.read_bytes())
    # What Juju itself could not tell is named.
    assert [fault for fault in model.faults if ': status-error: ' not in fault] == []
    assert set(document['applications']) <= set(model.applications)
    units = list(model.units())
    wanted = {
        name
        for application in document['applications'].values()
        for unit, fields in (application.get('units') or {}).items()
        for name in (unit, *(fields.get('subordinates') or {}))
    }
    assert {unit.name for unit in units} == wanted
    assert all(unit.machine in model.machines for unit in units if not model.is_k8s)
    readings = {
        unit.name: silent_reading(model, unit, Outcome.NOT_SHIPPED, '', NOW) for unit in units
    }
    snapshot = conclude(Evidence(model, readings, NOW, 1.0))
    assert {service.name for service in snapshot.services} == set(model.applications)
    for name, render in RENDERERS.items():
        assert render(snapshot, RenderOptions(now=NOW)), name


@pytest.mark.parametrize('path', sorted(OWN.glob('*.json')), ids=lambda path: path.stem)
def test_what_a_dump_alone_tells_is_told_as_it_was(path: Path) -> None:
    if path not in DUMPS:
        pytest.fail(f'{path} is no juju status')
    model = status.decode(path.read_bytes())
    readings = {
        unit.name: silent_reading(model, unit, Outcome.NOT_SHIPPED, '', NOW)
        for unit in model.units()
    }
    snapshot = conclude(Evidence(model, readings, NOW, 1.0))
    text = RENDERERS['table'](snapshot, RenderOptions(now=NOW, width=100))
    check_golden(f'status-{path.stem}.txt', text)

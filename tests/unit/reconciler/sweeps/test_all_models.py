"""The sweep of several models: what fails, goes or lacks costs only itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.collect import CollectPlan
from reconciler.collect.fanout import FanoutLimits
from reconciler.reach.local import LocalReach
from reconciler.render.options import RenderOptions
from reconciler.render.people import fleet as many
from reconciler.saved.sweep_document import decode_any, to_document
from reconciler.sweeps.all_models import FleetPlan, survey_all
from reconciler.sweeps.one_model import SweepPlan
from reconciler.values.errors import ControllerUnreachable, ModelNotFound, UsageError
from reconciler.values.model import (
    Application,
    Machine,
    Model,
)
from reconciler.values.model import Unit as ModelUnit
from reconciler.values.readings import Outcome
from reconciler.values.time_budget import TimeBudget
from tests.support.patience import PATIENCE


def plan(models: Mapping[str, Model | Exception], workers: int = 4) -> FleetPlan:
    def inventory(model: Model | Exception) -> Any:
        def get(until: Deadline) -> Model:
            if isinstance(model, Exception):
                raise model
            return model

        return get

    def prepare(name: str, model: Model, share: int) -> SweepPlan:
        time = TimeBudget(timeout_seconds=10)
        limits = FanoutLimits(share, 1, time=time)
        return SweepPlan(model, CollectPlan(ScriptAsker(LocalReach(), time), limits, local=True))

    return FleetPlan({name: inventory(one) for name, one in models.items()}, prepare, workers)


def one_unit(name: str) -> Model:
    unit = ModelUnit(f'{name}/0', name, '0')
    machines = {'0': Machine('0')}
    return Model(
        name, 'lab', machines=machines, applications={name: Application(name, units=(unit,))}
    )


def test_a_model_that_cannot_be_read_costs_only_itself() -> None:
    lost = ControllerUnreachable('cannot use juju status: i/o timeout')
    found = survey_all(
        plan({'lab:a/x': one_unit('x'), 'k2:a/y': lost, 'lab:a/z': one_unit('z')}),
        (),
        Deadline.after(PATIENCE),
    )
    assert list(found.snapshots) == ['lab:a/x', 'k2:a/y', 'lab:a/z']
    assert found.snapshots['k2:a/y'].faults[0] == str(lost)
    outcomes = {r.outcome for s in found.snapshots.values() for r in s.readings()}
    assert outcomes == {Outcome.REPORTED}
    assert not found.complete


def test_models_without_what_was_asked_for_are_left_out_and_none_is_wrong_usage() -> None:
    models = {'lab:a/x': one_unit('x'), 'lab:a/z': one_unit('z')}
    assert list(survey_all(plan(models), ['x'], Deadline.after(PATIENCE)).snapshots) == ['lab:a/x']
    with pytest.raises(UsageError, match="cannot select 'nothing'"):
        survey_all(plan(models), ['nothing'], Deadline.after(PATIENCE))


def test_more_models_than_workers_are_swept_in_turn() -> None:
    models = {f'lab:a/m{n}': one_unit(f'm{n}') for n in range(5)}
    found = survey_all(plan(models, workers=2), (), Deadline.after(PATIENCE))
    assert found.complete
    assert len(found.snapshots) == 5


def test_an_error_of_ours_is_not_taken_for_a_model_s() -> None:
    with pytest.raises(ZeroDivisionError):
        survey_all(plan({'lab:a/x': ZeroDivisionError()}), (), Deadline.after(PATIENCE))


def test_a_model_that_is_being_removed_is_a_note_and_no_fault() -> None:
    gone = ModelNotFound('cannot use juju status: model lab:b/ci-42 not found')
    lost = ControllerUnreachable('cannot use juju status: i/o timeout')
    asked = plan({'lab:a/x': one_unit('x'), 'lab:b/ci-42': gone, 'k2:a/y': lost})
    left = replace(asked, is_there=lambda name, until: name != 'lab:b/ci-42')
    listed = {name: get for name, get in left.inventories.items() if name != 'k2:a/y'}
    found = survey_all(replace(left, inventories=listed), (), Deadline.after(PATIENCE))
    assert (list(found.snapshots), found.complete) == (['lab:a/x'], True)
    (note,) = found.merged().notes
    assert note == 'lab:b/ci-42: left out: it is being removed, or is gone'
    assert many.render(found, 'summary', RenderOptions(found.started_at)).endswith(
        f'note: {note}\n'
    )
    assert decode_any(json.dumps(to_document(found)).encode()).notes == (note,)
    assert list(survey_all(left, (), Deadline.after(PATIENCE)).snapshots) == ['lab:a/x', 'k2:a/y']


def test_where_juju_does_not_say_that_it_goes_it_stays_a_fault() -> None:
    def unsaid(name: str, until: Deadline) -> bool:
        raise ControllerUnreachable('cannot use juju models: i/o timeout')

    gone = ModelNotFound('cannot use juju status: model lab:b/ci-42 not found')
    for is_there in (unsaid, lambda name, until: True):
        asked = replace(plan({'lab:b/ci-42': gone}), is_there=is_there)
        assert not survey_all(asked, (), Deadline.after(PATIENCE)).complete

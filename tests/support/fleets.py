"""Sweeps of several models."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reconciler.sweeps.all_models import failure
from reconciler.sweeps.fleet import Fleet
from reconciler.values.errors import ControllerUnreachable
from reconciler.values.readings import Snapshot
from tests.support.snapshots import NOW, troubled, well


def fleet(**snapshots: Snapshot) -> Fleet:
    named = {f'lab:admin/{name}': snapshot for name, snapshot in snapshots.items()}
    return Fleet(named, NOW - timedelta(seconds=9), 9.5)


def told(snapshot: Snapshot, name: str) -> Snapshot:
    return replace(snapshot, model=replace(snapshot.model, name=name, controller='lab'))


def three() -> Fleet:
    """Return a model in trouble, one that is well, and one that could not be swept."""
    lost = failure(
        'k2:bob/shop', NOW, ControllerUnreachable('cannot use juju status: i/o timeout')
    )
    found = fleet(prod=told(troubled(), 'prod'), well=told(well(), 'well'))
    return replace(found, snapshots={**found.snapshots, 'k2:bob/shop': lost})

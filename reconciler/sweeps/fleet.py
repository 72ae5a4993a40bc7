"""Several models as one: their snapshots side by side, or merged into a single one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from charm.kernel.report import Health, worst

from ..judge.collate import problems_first
from ..values.certainty import most
from ..values.model import Model
from ..values.node import Node, NodeKind
from ..values.readings import Blame, Cause, Reading, ServiceHealth, Snapshot, ViewHealth

NAME = 'all models'


@dataclass(frozen=True)
class Fleet:
    """What one command found in several models.

    Attributes:
        snapshots: by the model's full name, such as `lab:admin/prod`; a model that could not be
            swept is there too, without services and with its fault.
        started_at: when the first sweep began (UTC).
        duration_seconds: how long all of them took together.
        faults: what went wrong beside the models, such as a controller that did not answer.
        notes: what is worth a line and no fault, such as a model that went meanwhile.
    """

    snapshots: Mapping[str, Snapshot]
    started_at: datetime
    duration_seconds: float
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Return whether every model was swept to its end."""
        return not self.faults and all(snapshot.complete for snapshot in self.snapshots.values())

    @property
    def health(self) -> Health:
        """Return the worst of the models; one in which nothing is deployed has none.

        Where that is all of them, or all are being removed, nothing is ill; without any model that
        was asked or told of there is no evidence.
        """
        told = [s.health for s in self.snapshots.values() if s.services or s.faults or s.notes]
        if not told and (self.snapshots or self.notes):
            return Health.PASSED
        return worst(told)

    @property
    def places(self) -> Mapping[str, str]:
        """Return what merged names begin with, by the full names of the models."""
        return dict(zip(self.snapshots, short_names(self.snapshots), strict=True))

    def merged(self) -> Snapshot:
        """Return one snapshot of everything, with the model in each name."""
        shown = short_names(self.snapshots)
        parts = [_Part(name, snapshot) for name, snapshot in shown.items()]
        return Snapshot(
            model=Model(NAME, parts=dict(zip(shown, self.snapshots, strict=True))),
            services=problems_first(service for part in parts for service in part.services()),
            health=self.health,
            started_at=self.started_at,
            duration_seconds=self.duration_seconds,
            complete=self.complete,
            faults=(*self.faults, *(fault for part in parts for fault in part.faults())),
            causes=_joined([cause for part in parts for cause in part.causes()]),
            views=tuple(view for part in parts for view in part.views()),
            notes=(*self.notes, *(note for part in parts for note in part.notes())),
            ceiling=worst([Health.PASSED, *(part.snapshot.ceiling for part in parts)]),
        )


def short_names(snapshots: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    """Return the snapshots by `controller:model`, or the full name where that is not unique."""
    short = [_short(name) for name in snapshots]
    return {
        shown if short.count(shown) == 1 else name: snapshot
        for shown, (name, snapshot) in zip(short, snapshots.items(), strict=True)
    }


def _short(name: str) -> str:
    controller, colon, model = name.rpartition(':')
    return f'{controller}{colon}{model.split("/")[-1]}'


@dataclass(frozen=True)
class _Part:
    """One model's share of the merged snapshot; names in it begin with the model's."""

    model: str
    snapshot: Snapshot

    def _named(self, name: str) -> str:
        return f'{self.model}/{name}'

    def faults(self) -> list[str]:
        return [f'{self.model}: {fault}' for fault in self.snapshot.faults]

    def notes(self) -> list[str]:
        return [f'{self.model}: {note}' for note in self.snapshot.notes]

    def services(self) -> list[ServiceHealth]:
        return [
            replace(
                service,
                name=self._named(service.name),
                readings=tuple(self._reading(reading) for reading in service.readings),
                blame=None if service.blame is None else self._blame(service.blame),
            )
            for service in self.snapshot.services
        ]

    def _reading(self, reading: Reading) -> Reading:
        unit = replace(
            reading.unit,
            name=self._named(reading.unit.name),
            application=self._named(reading.unit.application),
            machine=self._named(reading.unit.machine) if reading.unit.machine else '',
        )
        return replace(reading, unit=unit)

    def _node(self, node: Node) -> Node:
        # What is not of one model, or has its model's name already, keeps its own.
        shared = node.kind is NodeKind.CONTROLLER or ':' in node.service
        return node if shared else node.within(self.model)

    def _blame(self, blame: Blame) -> Blame:
        return replace(blame, path=tuple(map(self._node, blame.path)))

    def causes(self) -> list[Cause]:
        return [
            replace(
                cause, node=self._node(cause.node), victims=tuple(map(self._named, cause.victims))
            )
            for cause in self.snapshot.causes
        ]

    def views(self) -> list[ViewHealth]:
        return [
            replace(
                view, name=self._named(view.name), members=tuple(map(self._named, view.members))
            )
            for view in self.snapshot.views
        ]


def _joined(causes: list[Cause]) -> tuple[Cause, ...]:
    """Return the causes, those of one node as one, the one with the most victims first."""
    by_node: dict[Node, Cause] = {}
    for cause in causes:
        known = by_node.get(cause.node)
        if known is None:
            by_node[cause.node] = cause
            continue
        victims = tuple(sorted({*known.victims, *cause.victims}))
        worse = max(known, cause, key=lambda found: found.health.rank)
        surest = most(found.certainty for found in (known, cause) if found.certainty)
        by_node[cause.node] = replace(worse, victims=victims, certainty=surest)
    return tuple(sorted(by_node.values(), key=lambda cause: (-len(cause.victims), cause.node)))

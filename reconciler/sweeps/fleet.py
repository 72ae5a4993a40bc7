"""Several models as one: their snapshots side by side, or merged into a single one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from charm.kernel.report import Health, worst

from ..judge.collate import problems_first
from ..values.model import Model
from ..values.readings import Blame, Cause, Reading, ServiceHealth, Snapshot, ViewHealth

NAME = 'all models'
# The juju commands in advice that are about one model, and so have to name it; not what says that
# such a command failed, `cannot use juju status: ...`.
_OF_A_MODEL = re.compile(
    r'(?<!cannot use )\bjuju (ssh|status|show-machine|add-ssh-key|integrate)\b(?!:)'
)


@dataclass(frozen=True)
class Fleet:
    """What one command found in several models.

    Attributes:
        snapshots: by the model's full name, such as `lab:admin/prod`; a model that could not be
            swept is there too, without services and with its fault.
        started_at: when the first sweep began (UTC).
        duration_seconds: how long all of them took together.
        faults: what went wrong beside the models, such as a controller that did not answer.
    """

    snapshots: Mapping[str, Snapshot]
    started_at: datetime
    duration_seconds: float
    faults: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Return whether every model was swept to its end."""
        return not self.faults and all(one.complete for one in self.snapshots.values())

    @property
    def health(self) -> Health:
        """Return the worst of the models; one in which nothing is deployed has none."""
        told = [one.health for one in self.snapshots.values() if one.services or one.faults]
        return worst(told)

    def merged(self) -> Snapshot:
        """Return one snapshot of everything, with the model in each name."""
        parts = [_Part(shown, one) for shown, one in short_names(self.snapshots).items()]
        return Snapshot(
            model=Model(NAME),
            services=problems_first(service for part in parts for service in part.services()),
            health=self.health,
            started_at=self.started_at,
            duration_seconds=self.duration_seconds,
            complete=self.complete,
            faults=(*self.faults, *(fault for part in parts for fault in part.faults())),
            causes=_joined([cause for part in parts for cause in part.causes()]),
            views=tuple(view for part in parts for view in part.views()),
        )


def short_names(snapshots: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    """Return the snapshots by `controller:model`, or the full name where that is not unique."""
    short = [_short(name) for name in snapshots]
    return {
        shown if short.count(shown) == 1 else name: one
        for shown, (name, one) in zip(short, snapshots.items(), strict=True)
    }


def _short(name: str) -> str:
    controller, colon, model = name.rpartition(':')
    return f'{controller}{colon}{model.split("/")[-1]}'


def in_model(advice: str, model: str) -> str:
    """Return the advice with the model in each juju command that is about one."""
    return _OF_A_MODEL.sub(rf'juju \1 -m {model}', advice) if model else advice


@dataclass(frozen=True)
class _Part:
    """One model's share of the merged snapshot; names in it begin with the model's."""

    model: str
    snapshot: Snapshot

    def _named(self, name: str) -> str:
        return f'{self.model}/{name}'

    def faults(self) -> list[str]:
        return [f'{self.model}: {in_model(one, self.model)}' for one in self.snapshot.faults]

    def services(self) -> list[ServiceHealth]:
        return [
            replace(
                one,
                name=self._named(one.name),
                readings=tuple(self._reading(reading) for reading in one.readings),
                blame=None if one.blame is None else self._blame(one.blame),
            )
            for one in self.snapshot.services
        ]

    def _reading(self, reading: Reading) -> Reading:
        unit = replace(
            reading.unit,
            name=self._named(reading.unit.name),
            application=self._named(reading.unit.application),
            machine=self._named(reading.unit.machine) if reading.unit.machine else '',
        )
        return replace(reading, unit=unit, hint=in_model(reading.advice, self.model))

    def _node(self, name: str) -> str:
        # What is not of one model, or has its model's name already, keeps its own.
        shared = name.startswith('controller ') or ':' in name
        return name if shared else self._named(name)

    def _blame(self, blame: Blame) -> Blame:
        return replace(blame, path=tuple(self._node(step) for step in blame.path))

    def causes(self) -> list[Cause]:
        return [
            replace(
                one,
                name=self._node(one.name),
                victims=tuple(self._named(victim) for victim in one.victims),
            )
            for one in self.snapshot.causes
        ]

    def views(self) -> list[ViewHealth]:
        return [
            replace(
                one,
                name=self._named(one.name),
                members=tuple(self._named(member) for member in one.members),
            )
            for one in self.snapshot.views
        ]


def _joined(causes: list[Cause]) -> tuple[Cause, ...]:
    """Return the causes, those of one name as one, the one with the most victims first."""
    by_name: dict[str, Cause] = {}
    for cause in causes:
        known = by_name.get(cause.name)
        if known is None:
            by_name[cause.name] = cause
            continue
        victims = tuple(sorted({*known.victims, *cause.victims}))
        worse = max(known, cause, key=lambda one: one.health.rank)
        by_name[cause.name] = replace(worse, victims=victims)
    return tuple(sorted(by_name.values(), key=lambda one: (-len(one.victims), one.name)))

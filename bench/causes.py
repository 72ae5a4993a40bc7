"""Plant causes in models, and count how many are found, and how many of those named are true.

    .venv/bin/python -m bench.causes [--runs 400] [--seed 1] [--status FILE ...] [--show]

A third of the runs, or all of them without `--status`, are in models that are made up; the others
in those of the status documents. Beside ours stand two rivals, who are told which services fail
and which are related: the one takes what failed first, the other what most of the failing are
related to. `--show` tells of each run in which a cause was missed or a wrong one named.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from charm.kernel.report import Health
from reconciler.judge.conclude import conclude
from reconciler.values.certainty import Certainty
from reconciler.values.readings import ServiceHealth, Snapshot
from reconciler.values.words import counted

from . import plants, topologies

Names = set[str]


@dataclass
class Score:
    """How many causes were named, how many of these truly, and how many of the planted found."""

    named: int = 0
    true: int = 0
    found: int = 0
    planted: int = 0

    def count(self, named: Names, every: Names, told: Sequence[plants.Plant]) -> None:
        """Count the causes named of one outage; `told` are those of which anything is seen."""
        self.named += len(named)
        self.true += len(named & every)
        self.planted += len(told)
        self.found += sum(bool(named & plant.names) for plant in told)

    @property
    def precision(self) -> float:
        """Return how many of the named are true; 1 where nothing is named."""
        return self.true / self.named if self.named else 1.0

    @property
    def recall(self) -> float:
        """Return how many of the planted are found; 1 where nothing is planted."""
        return self.found / self.planted if self.planted else 1.0


@dataclass
class Board:
    """The scores of a whole run, and what went wrong in it, one line each."""

    scores: dict[str, Score] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)


def ours(snapshot: Snapshot, least: Certainty) -> Names:
    """Return the causes that are named with at least this certainty."""
    return {
        str(cause.node)
        for cause in snapshot.causes
        if cause.certainty is not None and cause.certainty.rank <= least.rank
    }


def _groups(snapshot: Snapshot) -> Iterator[list[ServiceHealth]]:
    """Yield the services that fail, those that hang together by relations in one group."""
    left = {s.name: s for s in snapshot.services if s.health is Health.FAIL}
    while left:
        group = [left.pop(min(left))]
        for service in group:
            for other in sorted(_related(snapshot, service.name) & left.keys()):
                group.append(left.pop(other))
        yield group


def _related(snapshot: Snapshot, name: str) -> Names:
    return {r.application for r in snapshot.model.applications[name].relations}


def first_to_fail(snapshot: Snapshot) -> Names:
    """Return of each group of failing services the one whose state is the oldest."""

    def since(service: ServiceHealth) -> tuple[float, str]:
        state = service.state
        stuck = (
            state is not None and state.since is not None and state.since != topologies.LONG_AGO
        )
        return (state.since.timestamp() if state and state.since and stuck else 9e9), service.name

    return {min(group, key=since).name for group in _groups(snapshot)}


def most_failing_dependants(snapshot: Snapshot) -> Names:
    """Return of each group of failing services the one that most of them are related to."""
    named = set()
    for group in _groups(snapshot):
        names = {service.name for service in group}
        named.add(max(sorted(names), key=lambda name: len(_related(snapshot, name) & names)))
    return named


NAMERS: dict[str, Callable[[Snapshot], Names]] = {
    'certain': lambda snapshot: ours(snapshot, Certainty.CERTAIN),
    'certain or likely': lambda snapshot: ours(snapshot, Certainty.LIKELY),
    'all that are named': lambda snapshot: ours(snapshot, Certainty.POSSIBLE),
    'rival: first to fail': first_to_fail,
    'rival: most failing dependants': most_failing_dependants,
}


def run(runs: int, seed: int, documents: Sequence[tuple[str, bytes]] = ()) -> Board:
    """Return the scores of so many planted outages; the same for the same arguments."""
    board = Board({name: Score() for name in NAMERS})
    for number in range(runs):
        chance = Random(f'{seed} {number}')  # noqa: S311 - the same outages in every run
        if documents and number % 3:
            world = topologies.of_document(*documents[number % len(documents)], chance)
        else:
            world = topologies.made_up(chance)
        outage = plants.outage(world, chance)
        snapshot = conclude(plants.evidence(outage))
        # What nobody looked at cannot be named; who names another instead is wrong all the same.
        hidden = {p for p in outage.plants if plants.is_hidden(p, snapshot.readings())}
        told = [plant for plant in outage.plants if plant not in hidden]
        every = {name for plant in outage.plants for name in plant.names}
        for name, namer in NAMERS.items():
            board.scores[name].count(namer(snapshot), every, told)
        _note(board, f'{number} {world.name}', every, told, snapshot)
    return board


def _note(
    board: Board, title: str, every: Names, told: Sequence[plants.Plant], snapshot: Snapshot
) -> None:
    named = ours(snapshot, Certainty.POSSIBLE)
    missed = [plant for plant in told if not named & plant.names]
    board.kinds.update(plant.kind for plant in told)
    board.missed.update(plant.kind for plant in missed)
    if missed or named - every:
        seen = ', '.join(f'{plant.kind} of {"|".join(sorted(plant.names))}' for plant in told)
        wrong = [
            f'{cause.node} ({cause.certainty.value if cause.certainty else ""})'
            for cause in snapshot.causes
            if str(cause.node) not in every
        ]
        board.lines.append(f'{title}: {seen or "nothing that is seen"}')
        board.lines += [f'  missed {"|".join(sorted(plant.names))}' for plant in missed]
        board.lines += [f'  wrong {", ".join(wrong)}'] if wrong else []


def table(board: Board) -> Iterator[str]:
    """Yield the lines of the result."""
    yield f'{"":32}{"named":>8}{"precision":>11}{"recall":>8}'
    for name, score in board.scores.items():
        yield f'{name:32}{score.named:8}{score.precision:11.3f}{score.recall:8.3f}'
    told = [f'{board.missed[kind]} of {many} {kind}' for kind, many in sorted(board.kinds.items())]
    yield f'missed: {", ".join(told)}'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--runs', type=int, default=400)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--status', type=Path, nargs='*', default=[], help='juju status as JSON')
    parser.add_argument('--show', action='store_true')
    asked = parser.parse_args()
    documents = [(path.name, path.read_bytes()) for path in asked.status]
    board = run(asked.runs, asked.seed, documents)
    print(f'{counted(asked.runs, "outage")} in models, of which {len(documents)} are documents')
    print('\n'.join([*(board.lines if asked.show else ()), *table(board)]))


if __name__ == '__main__':
    main()

"""What was acknowledged stays, wherever a receiver is killed, the power fails or a disk fills."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from charm.kernel.report_json import encode
from reconciler.inbox.store import Inbox
from tests.support.asked import report

from .forked import Forking, forking

UNITS = 20
# Each line asks for two groups of pushes to an inbox, by a process of its own, in an environment.
# Of each group is said whether it may be acknowledged.
_KEEP = """
import json, os, sys
from pathlib import Path
from charm.kernel.errors import FileError
from charm.kernel.report_json import encode
from reconciler.inbox.pushed import read_push
from reconciler.inbox.store import Inbox
from tests.support.asked import report

def keep(root, units, environment, said):
    os.environ.update(environment)
    inbox = Inbox(Path(root))
    for sequence in (2, 3):
        names = [f'web/{number}' for number in range(units)]
        lines = [[encode(report(name, sequence=sequence)).encode()] for name in names]
        try:
            acks = inbox.keep([read_push(n, '', None, one) for n, one in zip(names, lines)])
        except FileError as error:
            os.write(said, f'refused: {error}\\n'.encode())
        else:
            assert [ack.accepted + ack.duplicate for ack in acks] == [1] * units
            os.write(said, f'{sequence}\\n'.encode())
"""


@dataclass(frozen=True)
class Kept:
    """What came of two groups: the exit code, whose sequence was acknowledged, why others not."""

    code: int
    acknowledged: list[int]
    refused: list[str]


@dataclass(frozen=True)
class Keeper:
    """Starts processes that keep pushes, on a disk that does what their environment says."""

    forking: Forking

    def keep(self, root: Path, units: int = UNITS, **environment: str) -> Kept:
        code, said = self.forking.keep(str(root), units, environment)
        sequences = [int(one) for one in said if one.isdecimal()]
        return Kept(code, sequences, [one for one in said if not one.isdecimal()])


@pytest.fixture(scope='module')
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    with forking(_KEEP, tmp_path_factory.mktemp('library')) as process:
        yield Keeper(process)


def kept(root: Path) -> dict[str, list[int]]:
    """Return the sequences in each unit's log, of which the last has to be the latest report's."""
    inbox, found = Inbox(root), {}
    for _, unit in inbox.units():
        lines = inbox.since(unit).lines
        found[unit] = [json.loads(line)['report']['sequence'] for line in lines]
        latest = inbox.latest(unit)
        assert latest is not None
        assert latest.report.sequence == found[unit][-1]
    return found


def begun(root: Path) -> Path:
    """Make an inbox with a first report of each unit, and return it."""
    inbox = Inbox(root)
    for number in range(UNITS):
        line = encode(report(f'web/{number}', sequence=1)).encode()
        assert inbox.accept(f'web/{number}', '', None, [line]).accepted == 1
    return root


def check(keeper: Keeper, root: Path, acknowledged: list[int]) -> None:
    """Refuse that something acknowledged is lost, half of a group is there, or a report twice."""
    found = kept(root)
    sequences = next(iter(found.values()), [])
    assert len(found) in (0, UNITS)
    assert all(one == sequences for one in found.values())
    assert sequences == sorted(set(sequences))
    assert set(acknowledged) <= set(sequences)
    # Whoever comes next goes on from there.
    assert keeper.keep(root) == Kept(0, [2, 3], [])
    assert sequences == kept(root)['web/0'][: len(sequences)]


def copies(base: Path, scratch: Path) -> Iterator[tuple[int, Path]]:
    """Yield numbers from 1, each with a copy of the inbox."""
    for number in range(1, 1000):
        root = scratch / str(number)
        shutil.copytree(base, root)
        yield number, root
        shutil.rmtree(root)


@pytest.mark.parametrize('anew', [True, False])
def test_killed_before_every_call_that_changes_a_file(
    anew: bool, tmp_path: Path, keeper: Keeper
) -> None:
    base = tmp_path / 'base'
    base.mkdir() if anew else begun(base)
    for moment, root in copies(base, tmp_path):
        found = keeper.keep(root, DIES_AT=str(moment))
        check(keeper, root, found.acknowledged)
        if found.code == 0:
            break
        assert found.code == -signal.SIGKILL
    # Fewer would mean that the library is not in the way of what it shall end.
    assert moment > (30 if anew else 15)


def test_the_power_fails_before_every_call_that_changes_a_file(
    tmp_path: Path, keeper: Keeper
) -> None:
    base = begun(tmp_path / 'base')
    for moment, root in copies(base, tmp_path):
        # Whatever was not flushed is lost.
        left = shutil.copytree(base, tmp_path / 'left')
        flushed = str(left / 'reports.d')
        found = keeper.keep(root, DIES_AT=str(moment), FLUSHED=flushed)
        check(keeper, left, found.acknowledged)
        shutil.rmtree(left)
        if found.code == 0:
            break
    assert found.acknowledged == [2, 3]
    assert moment > 15


@pytest.mark.parametrize('many', [1, 10**6])
def test_the_disk_is_full_at_every_write(many: int, tmp_path: Path, keeper: Keeper) -> None:
    base, refused = begun(tmp_path / 'base'), 0
    for moment, root in copies(base, tmp_path):
        found = keeper.keep(root, FULL_AT=str(moment), FULL_FOR=str(many))
        assert found.code == 0
        assert len(found.acknowledged) + len(found.refused) == 2
        assert all('cannot write' in one for one in found.refused)
        refused += len(found.refused)
        if many == 1:
            # Where there is room again, it goes on.
            assert found.acknowledged
        check(keeper, root, found.acknowledged)
        # What it writes after its last answer may fail as well.
        if moment > 40:
            break
    assert refused > 3


def test_a_hundred_pushes_take_no_more_flushes_than_one(tmp_path: Path, keeper: Keeper) -> None:
    base, flushes = begun(tmp_path / 'base'), []
    for units in (1, 100):
        root, into = shutil.copytree(base, tmp_path / str(units)), tmp_path / f'flushed-{units}'
        into.mkdir()
        assert keeper.keep(root, units, FLUSHED=str(into)) == Kept(0, [2, 3], [])
        flushes.append((into / 'flushes').stat().st_size)
    assert flushes[0] == flushes[1]

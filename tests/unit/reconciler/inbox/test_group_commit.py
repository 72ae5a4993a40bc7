"""What comes while a commit is under way waits for the next one, and everybody is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from charm.kernel.errors import FileError
from charm.kernel.report_json import encode
from reconciler.inbox.group_commit import GroupCommit
from reconciler.inbox.keep import Ack
from reconciler.inbox.pushed import Push, read_push
from reconciler.inbox.store import Inbox
from tests.support.asked import report
from tests.support.patience import PATIENCE


def push(unit: str) -> Push:
    return read_push(unit, '', None, [encode(report(unit, sequence=1)).encode()])


class Slow(Inbox):
    """An inbox that commits when it is let, and remembers how many pushes came at once."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.sizes: list[int] = []
        self.busy, self.free = threading.Event(), threading.Event()
        self.fault: Exception | None = None

    def keep(self, pushes: Sequence[Push]) -> list[Ack | FileError]:
        self.sizes.append(len(pushes))
        self.busy.set()
        assert self.free.wait(PATIENCE)
        if self.fault:
            raise self.fault
        return super().keep(pushes)


async def crowd(inbox: Slow, commit: GroupCommit, many: int) -> list[Ack | BaseException]:
    """Push once, and while that is being kept by so many others; return what each was told."""
    first = asyncio.create_task(commit.keep(push('web/0')))
    await asyncio.to_thread(inbox.busy.wait, PATIENCE)
    others = [asyncio.create_task(commit.keep(push(f'web/{n}'))) for n in range(1, many + 1)]
    await asyncio.sleep(0)
    inbox.free.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


def test_a_hundred_that_come_while_one_is_kept_are_kept_at_once(tmp_path: Path) -> None:
    inbox = Slow(tmp_path)
    told = asyncio.run(crowd(inbox, GroupCommit(inbox), 100))
    assert told == [Ack(1, 0)] * 101
    assert inbox.sizes == [1, 100]
    assert len(inbox.units()) == 101


@pytest.mark.parametrize('fault', [FileError('cannot write: disk full'), RuntimeError('a bug')])
def test_a_commit_that_fails_is_told_to_all_in_it_and_the_next_one_is_tried(
    tmp_path: Path, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Slow(tmp_path)
    inbox.fault = fault

    async def both() -> tuple[list[Ack | BaseException], Ack]:
        commit = GroupCommit(inbox)
        told = await crowd(inbox, commit, 10)
        inbox.fault = None
        return told, await commit.keep(push('web/0'))

    told, after = asyncio.run(both())
    assert told == [fault] * 11
    assert after == Ack(1, 0)
    # Said once for each commit, not for each push.
    assert [record.getMessage().split()[0] for record in caplog.records] == ['1', '10']


def test_who_has_gone_away_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    inbox = Slow(tmp_path)

    async def leave() -> Ack:
        commit = GroupCommit(inbox)
        gone = asyncio.create_task(commit.keep(push('web/0')))
        await asyncio.to_thread(inbox.busy.wait, PATIENCE)
        stays = asyncio.create_task(commit.keep(push('web/1')))
        await asyncio.sleep(0)
        gone.cancel()
        inbox.free.set()
        return await stays

    assert asyncio.run(leave()) == Ack(1, 0)


@pytest.mark.parametrize('state', ['{"boots": [["b1", null]]}', '{"boots": [["b", 1e99]]}'])
def test_a_former_file_that_makes_no_sense_costs_nobody_a_push(tmp_path: Path, state: str) -> None:
    place = tmp_path / '_' / 'web-1'
    place.mkdir(parents=True)
    (place / 'state.json').write_text(state)
    inbox = Slow(tmp_path)
    assert asyncio.run(crowd(inbox, GroupCommit(inbox), 3)) == [Ack(1, 0)] * 4


def test_a_unit_whose_former_files_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    (tmp_path / '_' / 'web-1' / 'state.json').mkdir(parents=True)
    inbox = Slow(tmp_path)
    first, bad, *others = asyncio.run(crowd(inbox, GroupCommit(inbox), 3))
    assert [first, *others] == [Ack(1, 0)] * 3
    assert isinstance(bad, FileError)
    assert [unit for _, unit in inbox.units()] == ['web/0', 'web/1', 'web/2', 'web/3']

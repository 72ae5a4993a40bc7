"""What was pushed is read from its end."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from charm.kernel.report_json import encode
from reconciler.inbox.store import Inbox, PushedReports
from tests.support.asked import report


def push(inbox: Inbox, *sequences: int, unit: str = 'web/0', model: str = '') -> None:
    reports = [replace(report(unit), sequence=number) for number in sequences]
    inbox.accept(unit, model, None, [encode(one).encode() for one in reports])


def told(inbox: Inbox, model: str = '') -> list[int | None]:
    return [one.report.sequence for one in PushedReports(inbox, model).reports('web/0')]


def test_the_latest_report_of_a_unit_comes_first(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    assert told(inbox) == []
    push(inbox, 1, 2, 3)
    push(inbox, 7, unit='web/1')
    push(inbox, 4)
    push(inbox, 9, model='uuid-1')
    assert told(inbox) == [4, 3, 2, 1]
    assert told(inbox, 'uuid-1') == [9]
    came = [one.received_at for one in inbox.backwards('web/0')]
    assert came == sorted(came, reverse=True)


def test_who_has_read_enough_keeps_nobody_waiting(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    push(inbox, 1, 2)
    with closing(inbox.backwards('web/0')) as reports:
        assert next(reports).report.sequence == 2
    push(inbox, 3)
    assert told(inbox) == [3, 2, 1]

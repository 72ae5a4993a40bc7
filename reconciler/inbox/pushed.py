"""What one push holds, read and checked line by line before anything is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from charm.kernel.errors import ReportError
from charm.kernel.names import service_of

from ..values.typed_report import decode


@dataclass(frozen=True, slots=True)
class PushedLine:
    """A report as it was sent.

    Attributes:
        number: the line's number in the push, from 1.
        boot_id: the boot in which it was made.
        sequence: where in that boot.
        text: the line without its end, a report that can be decoded.
    """

    number: int
    boot_id: str
    sequence: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Push:
    """The reports of a unit that has proven who it is.

    Attributes:
        unit: its name.
        model: the model's UUID; empty if unsaid.
        sent_at: when it was sent, by the unit's clock; `None` if unsaid.
        reports: the lines that are reports of the unit, in the order in which they were sent.
        refused: for each of the others, its number from 1, and why.
    """

    unit: str
    model: str
    sent_at: datetime | None
    reports: tuple[PushedLine, ...]
    refused: tuple[tuple[int, str], ...] = ()


def read_push(unit: str, model: str, sent_at: datetime | None, lines: Sequence[bytes]) -> Push:
    """Return the push that the lines, without their ends, make up."""
    reports, refused = [], []
    for number, line in enumerate(lines, 1):
        try:
            reports.append(_read_line(number, line, unit))
        except ReportError as error:
            refused.append((number, error.fault))
    return Push(unit, model, sent_at, tuple(reports), tuple(refused))


def _read_line(number: int, line: bytes, unit: str) -> PushedLine:
    report = decode(line)
    if report.unit != unit:
        raise ReportError('unit', f'{report.unit[:80]!r} is not {unit!r}, who sent it')
    if report.service != service_of(unit):
        raise ReportError('service', f'{report.service[:80]!r} is not the service of {unit!r}')
    if not report.boot_id or len(report.boot_id) > 100:
        raise ReportError('boot_id', 'missing, or longer than 100 characters')
    if report.sequence is None:
        raise ReportError('sequence', 'missing')
    return PushedLine(number, report.boot_id, report.sequence, line)

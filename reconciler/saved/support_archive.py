"""Find what a support archive holds: juju's status documents, and saved health reports.

Sources: juju-crashdump (`juju_status.yaml` at the top, the files of each machine below
`N/baremetal/` or `N/lxd/M/`, with links named after units) and sos (one archive for each machine;
`sos_commands/juju/juju_status_-m_…--format_json`). Reports are told by how they begin, wherever
they are: what a health hook printed, an agent's log, an agent's last report. Links are not
followed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from charm.kernel import report_json
from charm.kernel.errors import ReportError
from charm.kernel.report import Report
from charm.kernel.safe_text import clean

from ..values.errors import UsageError
from ..values.model import Model
from . import status_document
from .limits import MAX_BYTES

MAX_FILES = 500_000
_STATUS_NAME = re.compile(r'juju[-_]status(?!.*\.(txt|log)$).*')
_LOG_NAME = re.compile(r'agent(-\d+-[0-9a-f]+)?\.jsonl')
_REPORT = re.compile(rb'\s*\{\s*"schema"\s*:\s*\d+\s*,\s*"service"')
_STATUS = re.compile(rb'\s*\{\s*"model"\s*:\s*\{\s*"name"')
_TARBALL = re.compile(r'.*\.(tar|tgz|txz|tar\.(gz|xz|bz2|zst))')
_SNIFF_BYTES = 200
_LONGEST_REASON = 200
_NO_TIME = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class FoundReport:
    """A report with where it was.

    Attributes:
        report: the unit's.
        source: the file it came from.
    """

    report: Report
    source: Path

    @property
    def made_at(self) -> datetime:
        """Return the unit's clock when it was made; 1970 if it does not say."""
        return self.report.reported_at or _NO_TIME


@dataclass(frozen=True)
class Unread:
    """What was meant as a report, in this file, and why it cannot be read."""

    source: Path
    reason: str


def told(unread: Iterable[Unread]) -> tuple[str, ...]:
    """Return one line for each file of which something cannot be read."""
    by_file: dict[Path, list[str]] = {}
    for one in unread:
        by_file.setdefault(one.source, []).append(one.reason)
    return tuple(
        f'{path}: {len(all_of)} of its reports cannot be read: {clean(all_of[0], _LONGEST_REASON)}'
        for path, all_of in by_file.items()
    )


def read_status(path: Path) -> Model:
    """Return the model in a status document, JSON or YAML.

    Raises:
        UsageError: it cannot be read.
        StatusError: it is none.
    """
    return status_document.decode(_bytes(path), str(path))


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f'cannot read {path}: it is larger than {MAX_BYTES} bytes')
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f'cannot read {path}: {error.strerror or error}') from error


def files_in(places: Iterable[Path]) -> Iterator[Path]:
    """Yield the plain files in the places, sorted; a file is its own place.

    Raises:
        UsageError: a place does not exist, is a packed archive, or holds too many files.
    """
    count = 0
    for place in places:
        if _TARBALL.fullmatch(place.name) and place.is_file():
            raise UsageError(f'cannot look into {place}: unpack it first: tar -xf {place}')
        if not place.exists():
            raise UsageError(f'cannot read {place}: there is no such file or directory')
        if place.is_file():
            yield place
            continue
        for directory, names, files in os.walk(place):
            names.sort()
            for name in sorted(files):
                path = Path(directory, name)
                if path.is_symlink() or not path.is_file():
                    continue
                count += 1
                if count > MAX_FILES:
                    raise UsageError(f'cannot look through {place}: it has too many files')
                yield path


def is_status(path: Path) -> bool:
    """Return whether the file is named as a status document is, or begins as one in JSON does."""
    return bool(_STATUS_NAME.fullmatch(path.name) or _STATUS.match(_head(path)))


def _head(path: Path) -> bytes:
    """Return how the file begins; nothing if it cannot be read."""
    try:
        with path.open('rb') as file:
            return file.read(_SNIFF_BYTES)
    except OSError:
        return b''


def reports_in(path: Path) -> Iterator[FoundReport | Unread]:
    """Yield the reports in one file, and what was meant as one and cannot be read."""
    if _LOG_NAME.fullmatch(path.name):
        yield from _logged(path)
    elif _REPORT.match(_head(path)):
        yield from _printed(path)


def _printed(path: Path) -> Iterator[FoundReport | Unread]:
    """Yield what a hook printed: one report, or one a line."""
    try:
        data = _bytes(path)
    except UsageError as error:
        yield Unread(path, str(error))
        return
    try:
        yield FoundReport(report_json.decode(data.strip()), path)
        return
    except ReportError as error:
        whole = str(error)
    lines = [line for line in data.split(b'\n') if line.strip()]
    for line in lines:
        try:
            yield FoundReport(report_json.decode(line.strip()), path)
        except ReportError as error:
            yield Unread(path, whole if len(lines) == 1 else str(error))


def _logged(path: Path) -> Iterator[FoundReport | Unread]:
    """Yield the reports of an agent's log."""
    try:
        with path.open('rb') as file:
            for line in file:
                if b'"report"' in line:
                    yield from _line(path, line)
    except OSError as error:
        yield Unread(path, str(error.strerror or error))


def _line(path: Path, line: bytes) -> Iterator[FoundReport | Unread]:
    try:
        value: Any = json.loads(line)
        if isinstance(value, dict) and isinstance(value.get('report'), dict):
            yield FoundReport(report_json.from_json(value['report']), path)
    except (ValueError, RecursionError, ReportError) as error:
        yield Unread(path, str(error))


def newest(found: Iterable[FoundReport]) -> dict[str, FoundReport]:
    """Return each unit's newest report: within a boot by sequence, between boots by time."""
    boots: dict[tuple[str, str], FoundReport] = {}
    for one in found:
        key = (one.report.unit, one.report.boot_id)
        if key not in boots or _order(one) > _order(boots[key]):
            boots[key] = one
    units: dict[str, FoundReport] = {}
    for (unit, _), one in boots.items():
        if unit not in units or one.made_at > units[unit].made_at:
            units[unit] = one
    return units


def _order(one: FoundReport) -> tuple[int, datetime]:
    return (-1 if one.report.sequence is None else one.report.sequence, one.made_at)
